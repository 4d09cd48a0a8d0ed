// --test and --bench: the session runs the script's test and bench probes itself, one after the other.
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <chrono>
#include <cstdio>

#include "runtime/session.h"

namespace fathom {

namespace {

// A benchmark ends with the first of these.
constexpr std::uint64_t most_runs = 1'000'000;
constexpr std::chrono::milliseconds enough_time{200};
constexpr std::uint64_t runs_at_once = 1000;

struct Cost {
  std::uint64_t nanoseconds = 0;
  std::uint64_t runs = 0;
};

// What the kernel has measured of a program since it was loaded.
Cost cost_of(int program) {
  bpf_prog_info info = {};
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(program, &info, &size) != 0) return {};
  return {info.run_time_ns, info.run_cnt};
}

}  // namespace

Result<bool> Session::run_trials() {
  switch (plan_.settings.mode) {
    case RunMode::trace: return true;
    case RunMode::test: return run_tests();
    case RunMode::bench: return run_benchmarks();
  }
  return true;
}

// An exit() ends only the test that says it; a code other than 0 makes it fail, as does returning something other than 0.
Result<bool> Session::run_test(const ProgramPlan& program, std::vector<TestResult>& results) {
  TestResult result{program.attach_points.front().text, true, 0};
  output_.test_begins(result.name);
  const auto begin = std::chrono::steady_clock::now();
  const auto returned = object_.run_once(program.name);
  if (!returned) return std::unexpected(returned.error());
  result.nanoseconds = static_cast<std::uint64_t>(std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count());
  show_all();
  result.passed = *returned == 0 && exit_code_.value_or(0) == 0;
  output_.test_ends(result);
  output_.flush();
  results.push_back(std::move(result));
  exit_code_.reset();
  exiting_ = signal_pending();
  if (layout::RunState* state = object_.run_state()) state->stop = 0;
  return results.back().passed;
}

Result<bool> Session::run_tests() {
  std::vector<const ProgramPlan*> tests;
  for (const ProgramPlan& program : plan_.programs) {
    if (program.moment == Moment::test) tests.push_back(&program);
  }
  std::vector<TestResult> results;
  bool passed = true;
  output_.tests_begin(tests.size());
  for (const ProgramPlan* test : tests) {
    if (exiting_) break;
    const auto ran = run_test(*test, results);
    if (!ran) return ran;
    passed = passed && *ran;
  }
  output_.tests_end(results);
  return passed;
}

// The kernel's own measuring leaves out what it costs to call the program. What a benchmark prints is dropped.
Result<bool> Session::run_benchmarks() {
  const Descriptor measuring(bpf_enable_stats(BPF_STATS_RUN_TIME));
  if (!measuring) return fail("this kernel does not measure programs (Linux 5.8)", "", errno);
  std::vector<BenchResult> results;
  for (const ProgramPlan& program : plan_.programs) {
    if (program.moment != Moment::bench || exiting_) continue;
    const int descriptor = object_.program(program.name);
    const Cost before = cost_of(descriptor);
    const auto begin = std::chrono::steady_clock::now();
    std::uint64_t runs = 0;
    while (runs < most_runs && std::chrono::steady_clock::now() - begin < enough_time && !signal_pending()) {
      for (std::uint64_t i = 0; i < runs_at_once; ++i, ++runs) {
        if (const auto ran = object_.run_once(program.name); !ran) return std::unexpected(ran.error());
      }
      reader_->catch_up();
      reader_->discard();
    }
    const Cost after = cost_of(descriptor);
    const std::uint64_t measured = after.runs - before.runs;
    results.push_back({program.attach_points.front().text, measured == 0 ? 0 : (after.nanoseconds - before.nanoseconds) / measured, runs});
    exiting_ = signal_pending();
    if (layout::RunState* state = object_.run_state()) state->stop = 0;
  }
  output_.benchmarks(results);
  output_.flush();
  return true;
}

}  // namespace fathom
