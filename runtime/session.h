// A running script: BEGIN, attached probes, the event loop, END, and the maps at exit.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ast/result.h"
#include "runtime/child.h"
#include "runtime/event_reader.h"
#include "runtime/object.h"
#include "runtime/output/output.h"
#include "runtime/output/printf.h"
#include "runtime/packets.h"
#include "runtime/printk.h"
#include "runtime/probes/attach.h"
#include "runtime/target_linux.h"
#include "runtime/unwinder.h"

namespace fathom {

struct SessionOptions {
  bool quiet = false;    // no "Attached N probes"
  bool verbose = false;  // printk lines as they come
  bool dry_run = false;  // stop once everything is attached
  bool warnings = true;  // warnf() and warnings about what went wrong
  UnwindReader read_unwind_rows = nullptr;  // for dw_ustack
  bool always_announces = false;  // also says how many probes there are where exit() in BEGIN kept them from being attached
};

// Eight hexadecimal digits that mark the printk lines of one run.
std::string new_run_mark();

class Session : private DecodeSource {
 public:
  // All references must outlive the session; `watched` may be null.
  Session(const Plan& plan, Object& object, const LinuxTarget& target, SymbolSource& symbols, Output& output, std::string mark,
          WatchedProcess* watched, const SessionOptions& options);
  ~Session() override;

  // Runs the script to its end. The exit code is what exit() was given, or 0. Messages about losses go to standard error.
  Result<int> run();

 private:
  using Clock = std::chrono::steady_clock;

  // DecodeSource
  std::vector<std::uint64_t> stack_frames(const layout::StackValue& stack) const override;
  std::string time_format(std::uint64_t index) const override;
  std::string cgroup_pattern(std::uint64_t index) const override;

  Result<void> open_reader();
  Result<void> open_printk();
  Result<void> open_packets();
  Result<void> open_unwinder();
  Result<void> start_command();
  void learn_code(std::uint32_t process);
  Result<void> run_programs(Moment moment);
  std::vector<const ProgramPlan*> programs_to_attach() const;
  Result<void> attach();
  Result<void> attach(const ProgramPlan& program);
  // Whether the script goes on without an attach point that the kernel refused, and then says so.
  bool leaves_out(const AttachPoint& point, const Error& cause);
  // The same for some of the many that share a link.
  void say_left_out(std::span<const Error> causes);
  void announce();
  bool listens_to_signals() const;
  Result<void> loop();
  void stop_programs();
  void finish();

  // Acts on a control record when it is read, on the reader's thread: what print(@x) shows is what the map held then.
  void act(EventBatch& batch) const;
  // Shows one batch; false if there was none.
  bool show_batch();
  // Everything that programs have written so far, and no more while they go on; a signal cuts it short.
  void show_all();
  void record(std::span<const std::byte> bytes);
  void text_record(const FormatPlan& format, std::span<const Value> values);
  void command(const FormatPlan& format, const std::string& text);
  void joined_record(const FormatPlan& format, std::span<const std::byte> bytes);
  void control(const EventBatch& batch);
  void run_time_error(std::uint32_t index, std::int64_t code);
  void rearm_quiet_errors();
  void report_repeated_errors();
  void read_printk();
  void unwatch(std::uint64_t address);
  void process_seen(const layout::ControlRecord& event);
  // --test, --bench; whether all went well.
  Result<bool> run_trials();
  Result<bool> run_tests();
  Result<bool> run_test(const ProgramPlan& program, std::vector<TestResult>& results);
  Result<bool> run_benchmarks();
  // Goes over what iter probes go over.
  Result<void> run_iterators();
  void read_signals();
  void print_contents(std::uint32_t index, const MapElements& elements, std::uint64_t top, std::uint64_t divisor, Unwritten unwritten);
  void print_map_now(std::uint32_t index);
  bool always_shown(std::uint32_t index) const;
  void print_all_maps();
  // Values of Counter, added up over the CPUs; empty where no program counts.
  std::vector<std::uint64_t> counters() const;
  void report_new_losses();
  void report_losses() const;
  bool signal_pending() const;
  bool has_events() const;
  std::size_t probe_count() const;

  const Plan& plan_;
  Object& object_;
  const LinuxTarget& target_;
  Output& output_;
  SymbolSource& symbols_;
  Formatter formatter_;
  std::string mark_;
  WatchedProcess* watched_;
  SessionOptions options_;
  std::uint32_t possible_cpus_;

  std::optional<EventReader> reader_;
  std::vector<PrintkInstance> printk_;  // none or one
  std::vector<std::string> printk_lines_;
  std::unique_ptr<Packets> packets_;
  std::optional<Unwinder> unwinder_;
  std::vector<Link> links_;
  std::vector<std::pair<std::uint64_t, Link>> watchpoints_;  // links that unwatch() may take away, by address
  std::vector<Link> iterators_;
  std::vector<bool> zeroed_;  // maps without keys that zero() made zero: shown though never written since
  Descriptor signals_;
  std::size_t left_out_ = 0;  // attach points that the kernel refused
  bool exiting_ = false;
  std::optional<int> exit_code_;  // of exit()
  bool ending_ = false;           // END runs
  std::uint64_t told_losses_ = 0;
  Clock::time_point losses_seen_;
  struct ToldError {
    std::uint64_t count = 0;
    std::optional<Clock::time_point> again;  // when its programs may speak of it again
  };
  std::vector<ToldError> told_errors_;  // by index in Plan::errors
  bool quiet_errors_ = false;           // whether some of them wait for that
};

}  // namespace fathom
