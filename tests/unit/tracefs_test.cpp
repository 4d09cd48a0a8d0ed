// tracefs without a mount, the private printk instance, and the parser of trace_pipe.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/printk.h"
#include "runtime/tracefs.h"

namespace fathom {
namespace {

using Lines = std::vector<std::string>;

// Feeds the pieces one after the other and finishes.
Lines parse(PrintkStream& stream, const std::vector<std::string_view>& pieces) {
  Lines lines;
  const auto sink = [&](std::string_view text) { lines.emplace_back(text); };
  for (std::string_view piece : pieces) stream.feed(piece, sink);
  stream.finish(sink);
  return lines;
}

constexpr std::string_view one_event = "           <...>-1234    [001] ...21   123.456789: bpf_trace_printk: hello\n";

TEST(PrintkStream, YieldsTheTextOfAnEvent) {
  PrintkStream stream;
  EXPECT_EQ(parse(stream, {one_event}), Lines{"hello"});
  EXPECT_EQ(stream.lost(), 0u);
}

TEST(PrintkStream, CommsMayHoldAnything) {
  PrintkStream stream;
  EXPECT_EQ(parse(stream, {"  a: b [9] c-77 [000] d..2. 1.5: bpf_trace_printk: x: y\n"}), Lines{"x: y"});
}

TEST(PrintkStream, PiecesMayBeCutAnywhere) {
  for (std::size_t cut = 0; cut <= one_event.size(); ++cut) {
    PrintkStream stream;
    EXPECT_EQ(parse(stream, {one_event.substr(0, cut), one_event.substr(cut)}), Lines{"hello"}) << cut;
  }
}

TEST(PrintkStream, ContinuationLinesBelongToTheLineBefore) {
  PrintkStream stream;
  const std::string text = std::string(one_event) + "second: line\n\nfourth\n" + std::string(one_event);
  EXPECT_EQ(parse(stream, {text}), (Lines{"hello\nsecond: line\n\nfourth", "hello"}));
}

TEST(PrintkStream, ATrailingLineBreakOfTheTextIsDropped) {
  PrintkStream stream;
  EXPECT_EQ(parse(stream, {"a-1 [000] ...2. 1.5: bpf_trace_printk: x\n\n"}), Lines{"x"});
}

TEST(PrintkStream, AContinuationLineThatNamesTheEventIsNoEvent) {
  PrintkStream stream;
  const std::string text = std::string(one_event) + "x: bpf_trace_printk: fake\n";
  EXPECT_EQ(parse(stream, {text}), Lines{"hello\nx: bpf_trace_printk: fake"});
}

TEST(PrintkStream, LostEventsAreCountedAndAreNoText) {
  PrintkStream stream;
  const std::string text = std::string(one_event) + "CPU:1 [LOST 12 EVENTS]\nCPU:0 [LOST 3 EVENTS]\n" + std::string(one_event);
  EXPECT_EQ(parse(stream, {text}), (Lines{"hello", "hello"}));
  EXPECT_EQ(stream.lost(), 15u);
}

TEST(PrintkStream, DamagedLossLinesAreNotCounted) {
  PrintkStream stream;
  parse(stream, {"CPU:1 [LOST many EVENTS]\nCPU:1 [LOST  EVENTS]\nCPU:1 [LOST 9\n"});
  EXPECT_EQ(stream.lost(), 0u);
}

TEST(PrintkStream, TextBeforeTheFirstEventIsDropped) {
  PrintkStream stream;
  EXPECT_EQ(parse(stream, {"left over\n", one_event}), Lines{"hello"});
}

TEST(PrintkStream, AnEmptyTextIsAnEvent) {
  PrintkStream stream;
  EXPECT_EQ(parse(stream, {"a-1 [000] ...2. 1.5: bpf_trace_printk: \n"}), Lines{""});
}

TEST(PrintkInstance, OnlyInstancesOfDeadProcessesAreStale) {
  const auto is_alive = [](int process) { return process == 7; };
  EXPECT_EQ(stale_instances({"fathom-7", "fathom-8", "fathom-9-2", "fathom-", "fathom-x", "fathom-8x", "other-8"}, is_alive),
            (Lines{"fathom-8", "fathom-9-2"}));
}

TEST(Tracefs, ReadsAndListsWithoutAMount) {
  const Result<Tracefs> tracefs = Tracefs::open();
  if (!tracefs) GTEST_SKIP() << "skipped: no tracefs";
  EXPECT_NE(tracefs->read("events/sched/sched_switch/id").value_or(""), "");
  EXPECT_TRUE(tracefs->exists("events/sched/sched_switch/enable"));
  const Lines categories = tracefs->directories("events").value_or(Lines());
  EXPECT_TRUE(std::ranges::is_sorted(categories));
  EXPECT_EQ(std::ranges::count(categories, "sched"), 1);
  EXPECT_EQ(std::ranges::count(categories, "enable"), 0) << "a file is no directory";
}

TEST(Tracefs, MissingFilesAreErrorsWithTheirNumber) {
  const Result<Tracefs> tracefs = Tracefs::open();
  if (!tracefs) GTEST_SKIP() << "skipped: no tracefs";
  const Result<std::string> text = tracefs->read("events/no/such/id");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().system_error, ENOENT);
  EXPECT_FALSE(tracefs->exists("events/no/such/id"));
  EXPECT_FALSE(tracefs->directories("events/no"));
}

// A program that calls bpf_trace_printk("fathom test %d\n", 22, 42), run once through a test run.
void run_printk_program() {
  const char text[] = "fathom test %d";
  std::uint64_t words[2] = {};
  std::copy(std::begin(text), std::end(text), reinterpret_cast<char*>(words));
  const auto low = [&](int i) { return static_cast<__s32>(words[i]); };
  const auto high = [&](int i) { return static_cast<__s32>(words[i] >> 32); };
  const bpf_insn program[] = {
      {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = 0, .off = 0, .imm = low(0)},
      {.code = 0, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = high(0)},
      {.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = 10, .src_reg = 1, .off = -16, .imm = 0},
      {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = 0, .off = 0, .imm = low(1)},
      {.code = 0, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = high(1)},
      {.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = 10, .src_reg = 1, .off = -8, .imm = 0},
      {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 10, .off = 0, .imm = 0},
      {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 1, .src_reg = 0, .off = 0, .imm = -16},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .src_reg = 0, .off = 0, .imm = sizeof text},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .src_reg = 0, .off = 0, .imm = 42},
      {.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = BPF_FUNC_trace_printk},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  };
  const Descriptor loaded(bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "printk_test", "GPL", program, std::size(program), nullptr));
  ASSERT_TRUE(loaded);
  bpf_test_run_opts options = {};
  options.sz = sizeof options;
  ASSERT_EQ(bpf_prog_test_run_opts(loaded.get(), &options), 0);
}

std::size_t own_instances(const Tracefs& tracefs) {
  const Lines names = tracefs.directories("instances").value_or(Lines());
  const std::string own = "fathom-" + std::to_string(getpid());
  return static_cast<std::size_t>(std::ranges::count_if(names, [&](const std::string& name) { return name.starts_with(own); }));
}

TEST(PrintkInstance, DeliversLinesAndLeavesNothingBehind) {
  const Result<Tracefs> tracefs = Tracefs::open();
  if (!tracefs) GTEST_SKIP() << "skipped: no tracefs";
  {
    Result<PrintkInstance> instance = PrintkInstance::create(*tracefs);
    if (!instance) GTEST_SKIP() << "skipped: no bpf_trace_printk event";
    EXPECT_EQ(own_instances(*tracefs), 1u);
    run_printk_program();
    pollfd wait = {.fd = instance->descriptor(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&wait, 1, 1000), 1);
    Lines lines;
    EXPECT_TRUE(instance->read([&](std::string_view line) { lines.emplace_back(line); }));
    EXPECT_THAT(lines, testing::Contains("fathom test 42"));
    EXPECT_EQ(instance->lost(), 0u);
  }
  EXPECT_EQ(own_instances(*tracefs), 0u);
}

TEST(PrintkInstance, ReadingWithNothingThereReturnsAtOnce) {
  const Result<Tracefs> tracefs = Tracefs::open();
  if (!tracefs) GTEST_SKIP() << "skipped: no tracefs";
  Result<PrintkInstance> instance = PrintkInstance::create(*tracefs);
  if (!instance) GTEST_SKIP() << "skipped: no bpf_trace_printk event";
  EXPECT_TRUE(instance->read([](std::string_view) {}));
}

TEST(PrintkInstance, TwoOfOneProcessSeeTheSameLines) {
  const Result<Tracefs> tracefs = Tracefs::open();
  if (!tracefs) GTEST_SKIP() << "skipped: no tracefs";
  Result<PrintkInstance> first = PrintkInstance::create(*tracefs);
  Result<PrintkInstance> second = PrintkInstance::create(*tracefs);
  if (!first || !second) GTEST_SKIP() << "skipped: no bpf_trace_printk event";
  run_printk_program();
  for (PrintkInstance* instance : {&*first, &*second}) {
    Lines lines;
    EXPECT_TRUE(instance->read([&](std::string_view line) { lines.emplace_back(line); }));
    EXPECT_THAT(lines, testing::Contains("fathom test 42"));
  }
}

TEST(PrintkInstance, RemovesWhatADeadProcessLeft) {
  const Result<Tracefs> tracefs = Tracefs::open();
  if (!tracefs) GTEST_SKIP() << "skipped: no tracefs";
  const pid_t child = fork();
  if (child == 0) {
    Result<PrintkInstance> instance = PrintkInstance::create(*tracefs);
    _exit(instance ? 0 : 1);  // without the destructor, as when killed
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (status != 0) GTEST_SKIP() << "skipped: no bpf_trace_printk event";
  const std::string left = "instances/fathom-" + std::to_string(child);
  ASSERT_TRUE(tracefs->exists(left));
  const Result<PrintkInstance> instance = PrintkInstance::create(*tracefs);
  EXPECT_TRUE(instance);
  EXPECT_FALSE(tracefs->exists(left));
}

}  // namespace
}  // namespace fathom
