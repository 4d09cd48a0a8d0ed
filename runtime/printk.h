// The lines that printk() of BPF programs puts into the kernel's trace buffer, read through a tracefs instance of our own: it takes no
// line from other readers of the trace buffer, and is gone when the object is. The instance sees every program's lines; telling the
// script's own ones (by their mark) is the caller's business. PrintkStream is the parser alone, without any file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ast/result.h"
#include "runtime/descriptor.h"
#include "runtime/tracefs.h"

namespace fathom {

// Parses what trace_pipe delivers.
class PrintkStream {
 public:
  using Sink = std::function<void(std::string_view text)>;

  // Takes bytes as they were read, cut anywhere, and calls `sink` with the text of each event that is known to be complete. A text of
  // several lines comes as one, with its inner line breaks and without the last one.
  void feed(std::string_view bytes, const Sink& sink);
  // No more bytes for now: the kernel writes whole events, so what is held back is complete.
  void finish(const Sink& sink);
  // Events that the kernel dropped because nobody read in time, since the start.
  std::uint64_t lost() const { return lost_; }

 private:
  void take_line(std::string_view line, const Sink& sink);
  void emit(const Sink& sink);

  std::string line_;   // an incomplete line
  std::string event_;  // the event read last; more lines may follow
  bool in_event_ = false;
  std::uint64_t lost_ = 0;
};

class PrintkInstance {
 public:
  // Makes the instance "fathom-PID", and removes those whose process is gone. Errors: tracefs not writable, or a kernel without the
  // bpf_trace_printk event (before 5.9).
  static Result<PrintkInstance> create(const Tracefs& tracefs);

  PrintkInstance(PrintkInstance&& other) noexcept = default;
  PrintkInstance& operator=(PrintkInstance&& other) noexcept {
    std::swap(instances_, other.instances_);
    std::swap(name_, other.name_);
    std::swap(pipe_, other.pipe_);
    std::swap(stream_, other.stream_);
    return *this;
  }
  ~PrintkInstance();

  // To wait on with poll(POLLIN); never blocks in read.
  int descriptor() const { return pipe_.get(); }
  // Hands every line that is there now to `sink` and returns without waiting.
  Result<void> read(const PrintkStream::Sink& sink);
  std::uint64_t lost() const { return stream_.lost(); }

 private:
  PrintkInstance(Descriptor instances, std::string name) : instances_(std::move(instances)), name_(std::move(name)) {}

  Descriptor instances_;  // the directory that holds all instances
  std::string name_;
  Descriptor pipe_;
  PrintkStream stream_;
};

// The names among `instances` that are ours ("fathom-PID", "fathom-PID-N") and whose process `is_alive` denies.
std::vector<std::string> stale_instances(const std::vector<std::string>& instances, const std::function<bool(int process)>& is_alive);

}  // namespace fathom
