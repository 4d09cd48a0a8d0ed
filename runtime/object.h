// A loaded BPF object: its maps and programs in the kernel, through libbpf. No libbpf type shows here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ast/result.h"
#include "ast/target.h"
#include "runtime/layout.h"
#include "runtime/plan.h"

struct bpf_object;

namespace fathom {

// What libbpf and the verifier said, for --verbose.
using LoadLog = std::function<void(std::string_view)>;

class Object {
 public:
  // Loads the image: creates its maps and has its programs verified and compiled. `mark` are 8 hexadecimal digits that tell this run's
  // printk lines from others'. Errors: the kernel lacks something the script needs, refuses for want of rights or memory, or the verifier
  // rejected a program; the message then names the line of the script.
  static Result<Object> load(const Image& image, std::string_view mark, const LoadLog& log, const Target& target);

  Object(Object&&) noexcept;
  Object& operator=(Object&&) noexcept;
  ~Object();

  // File descriptors; -1 where the object has no such program or map.
  int program(const std::string& name) const;
  int map(const std::string& name) const;
  // The memory shared with the programs; null where no program uses it.
  layout::RunState* run_state() const { return run_state_.get(); }

  // How often the place in the script failed that this row of Plan::errors is about.
  std::uint64_t error_count(std::uint32_t index) const;
  // Its programs may send a record about it again.
  void rearm_error(std::uint32_t index) const;

  // Runs a raw tracepoint program once, here and now: BEGIN and END. Returns what it returns.
  Result<std::uint32_t> run_once(const std::string& program) const;

 private:
  struct Close {
    void operator()(bpf_object* object) const;
  };
  struct Unmap {
    void operator()(layout::RunState* state) const;
  };
  explicit Object(bpf_object* object) : object_(object) {}
  Result<void> map_run_state();
  Result<void> map_errors(std::size_t count);

  std::unique_ptr<bpf_object, Close> object_;
  std::unique_ptr<layout::RunState, Unmap> run_state_;
  // Memory shared with the programs, one for each row of Plan::errors.
  class ErrorStates {
   public:
    ErrorStates() = default;
    ErrorStates(void* memory, std::size_t bytes) : states_(static_cast<layout::ErrorState*>(memory)), bytes_(bytes) {}
    ErrorStates(ErrorStates&& other) noexcept : states_(std::exchange(other.states_, nullptr)), bytes_(other.bytes_) {}
    ErrorStates& operator=(ErrorStates&& other) noexcept {
      std::swap(states_, other.states_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~ErrorStates();
    layout::ErrorState* get() const { return states_; }

   private:
    layout::ErrorState* states_ = nullptr;
    std::size_t bytes_ = 0;
  };
  ErrorStates errors_;
};

}  // namespace fathom
