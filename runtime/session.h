// A running script: BEGIN, attached probes, the event loop, END, and the maps at exit.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "ast/result.h"
#include "runtime/child.h"
#include "runtime/object.h"
#include "runtime/output/output.h"
#include "runtime/printk.h"
#include "runtime/probes/attach.h"
#include "runtime/ring.h"
#include "runtime/target_linux.h"

namespace fathom {

struct SessionOptions {
  bool quiet = false;    // no "Attached N probes"
  bool verbose = false;  // printk lines as they come
  bool dry_run = false;  // stop once everything is attached
  SymbolSource* symbols = nullptr;  // is told of processes whose addresses it will be asked for
};

// Eight hexadecimal digits that mark the printk lines of one run.
std::string new_run_mark();

class Session : private DecodeSource {
 public:
  // All references must outlive the session; `watched` may be null.
  Session(const Plan& plan, Object& object, const LinuxTarget& target, Output& output, std::string mark, WatchedProcess* watched,
          const SessionOptions& options);
  ~Session() override;

  // Runs the script to its end. The exit code is what exit() was given, or 0. Messages about losses go to standard error.
  Result<int> run();

 private:
  // DecodeSource
  std::vector<std::uint64_t> stack_frames(const layout::StackValue& stack) const override;
  std::string time_format(std::uint64_t index) const override;
  std::string cgroup_pattern(std::uint64_t index) const override;

  Result<void> open_rings();
  Result<void> open_printk();
  Result<void> run_programs(Moment moment);
  Result<void> attach();
  using Clock = std::chrono::steady_clock;
  int next_timeout(Clock::time_point gather_until, pollfd& data) const;
  Result<void> loop();
  void detach();
  void finish();

  // Processes what is in the rings now, in the order in which it was written.
  void drain();
  // The same until nothing is left; only for when no attached program writes any more.
  void drain_all();
  void drain_data(std::uint64_t until);
  void record(std::span<const std::byte> bytes);
  void control(const layout::ControlRecord& record);
  void read_printk();
  void unwatch(std::uint64_t address);
  void process_seen(const layout::ControlRecord& event);
  // Goes over what iter probes go over.
  Result<void> run_iterators();
  void print_map(std::uint32_t index, std::uint64_t top, std::uint64_t divisor, bool at_exit);
  void report_losses() const;
  bool signal_pending() const;
  bool told_to_stop();
  bool has_events() const;
  std::size_t probe_count() const;

  const Plan& plan_;
  Object& object_;
  const LinuxTarget& target_;
  Output& output_;
  std::string mark_;
  WatchedProcess* watched_;
  SessionOptions options_;
  std::uint32_t possible_cpus_;

  std::vector<Ring> data_ring_;     // none or one
  std::vector<Ring> control_ring_;  // none or one
  std::vector<PrintkInstance> printk_;  // none or one
  std::vector<std::string> printk_lines_;
  std::vector<Link> links_;
  std::vector<std::pair<std::uint64_t, Link>> watchpoints_;  // links that unwatch() may take away, by address
  std::vector<Link> iterators_;
  std::vector<bool> zeroed_;  // maps without keys that zero() made zero: shown though never written since
  Descriptor signals_;
  bool exiting_ = false;
  int exit_code_ = 0;
};

}  // namespace fathom
