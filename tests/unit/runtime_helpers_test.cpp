// Small parts of the runtime and the settings that need no kernel: command lines, verifier logs, environment, script files.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <future>
#include <map>
#include <thread>

#include "ast/environment.h"
#include "runtime/child.h"
#include "runtime/ring.h"
#include "runtime/source_reader.h"
#include "runtime/verifier.h"

namespace fathom {
namespace {

using Words = std::vector<std::string>;

TEST(SplitCommand, BlanksSeparateAndQuotesKeep) {
  EXPECT_EQ(split_command("ls -l /"), (Words{"ls", "-l", "/"}));
  EXPECT_EQ(split_command("sh -c 'a  b' \"c d\""), (Words{"sh", "-c", "a  b", "c d"}));
  EXPECT_EQ(split_command("a\\ b ''"), (Words{"a b", ""}));
  EXPECT_EQ(split_command("  "), Words{});
  EXPECT_FALSE(split_command("sh -c \"exit 3"));
}

TEST(WatchedProcess, RefusesWhatCanNotRun) {
  EXPECT_FALSE(WatchedProcess::command(" "));
  EXPECT_FALSE(WatchedProcess::existing(0x7ffffffe));
  EXPECT_FALSE(WatchedProcess::command("/nonexistent/program"));
}

TEST(WatchedProcess, AThreadIsNoProcess) {
  std::promise<int> id;
  std::promise<void> over;
  std::thread other([&] {
    id.set_value(gettid());
    over.get_future().wait();
  });
  const auto process = WatchedProcess::existing(static_cast<std::uint32_t>(id.get_future().get()));
  over.set_value();
  other.join();
  ASSERT_FALSE(process);
  EXPECT_NE(process.error().message.find(fmt::format("is a thread of process {}", getpid())), std::string::npos);
}

TEST(WatchedProcess, StartsWhenTold) {
  auto process = WatchedProcess::command("true");
  ASSERT_TRUE(process);
  EXPECT_GE(process->descriptor(), 0);
  EXPECT_TRUE(process->start());
}

TEST(WatchedProcess, NeverBeginsWhenNobodyStartsIt) {
  const std::string file = testing::TempDir() + "fathom-never-begun";
  std::filesystem::remove(file);
  const auto before = signal(SIGTERM, SIG_IGN);  // the command inherits that, so it ends by itself or not at all
  { ASSERT_TRUE(WatchedProcess::command("touch " + file)); }
  signal(SIGTERM, before);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(WatchedProcess, IsKilledWhereItDoesNotMindAndNobodyWantsToWait) {
  sigset_t interrupt, before;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  sigprocmask(SIG_BLOCK, &interrupt, &before);
  const auto begin = std::chrono::steady_clock::now();
  {
    const auto ignored = signal(SIGTERM, SIG_IGN);
    auto process = WatchedProcess::command("sleep 60");
    ASSERT_TRUE(process);
    ASSERT_TRUE(process->start());
    signal(SIGTERM, ignored);
    raise(SIGINT);
  }
  int number = 0;
  sigwait(&interrupt, &number);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
}

TEST(Verifier, NamesTheLineOfTheScript) {
  VerifierVerdict verdict = explain_verifier_log("; @x = 1 @ script.bt:7\n12: (85) call 1\nR1 type=inv expected=map_ptr\nprocessed 3 insns\n");
  EXPECT_NE(verdict.message.find("script.bt:7"), std::string::npos);
  EXPECT_NE(verdict.message.find("R1 type=inv"), std::string::npos);
}

TEST(Verifier, ExplainsLimits) {
  EXPECT_NE(explain_verifier_log("BPF program is too large. Processed 1000001 insn\n").message.find("too large"), std::string::npos);
  EXPECT_NE(explain_verifier_log("unknown func bpf_x#999\n").help.find("newer kernel"), std::string::npos);
}

TEST(Verifier, AnEmptyLogSaysNothing) {
  // Kernels before 6.9 do not say where the line is.
  EXPECT_EQ(explain_verifier_log("; @x = 1;\n12: (85) call 1\nunknown func bpf_x#999\n", "kprobe:f").message, "the kernel lacks a function that the script needs at `@x = 1;`");
  EXPECT_EQ(explain_verifier_log("unknown func bpf_x#999\n", "kprobe:f").message, "the kernel lacks a function that the script needs (kprobe:f)");
  // The whole is refused, not the last line that was looked at.
  EXPECT_EQ(explain_verifier_log("; @x = 1 @ script.bt:7\ncombined stack size of 4 calls is 544. Too large\n", "kprobe:f").message,
            "a probe needs more stack than the kernel gives (kprobe:f)");
  EXPECT_EQ(explain_verifier_log("").message, "");
  EXPECT_EQ(explain_verifier_log("processed 3 insns (limit 1000000)\n").message, "");
}

auto apply(Settings& settings, std::map<std::string, std::string> variables) {
  return apply_environment(settings, [&](const char* name) { return variables.contains(name) ? variables[name].c_str() : nullptr; });
}

TEST(Environment, SetsAndPrefersNewNames) {
  Settings settings;
  ASSERT_TRUE(apply(settings, {{"BPFTRACE_STRLEN", "100"}, {"BPFTRACE_MAX_STRLEN", "200"}, {"BPFTRACE_MISSING_PROBES", "warn"}}));
  EXPECT_EQ(settings.max_strlen, 200u);
  EXPECT_EQ(settings.missing_probes, MissingProbes::warn);
  ASSERT_TRUE(apply(settings, {{"BPFTRACE_PERF_RB_PAGES", "3"}}));
  EXPECT_EQ(settings.ring_bytes, 4u * 4096u);
}

TEST(Environment, RefusesWhatIsNoValue) {
  for (const char* value : {"", "x", "-1", "0", "99999999999", "12x"}) {
    Settings settings;
    EXPECT_FALSE(apply(settings, {{"BPFTRACE_MAX_STRLEN", value}})) << value;
  }
  Settings settings;
  EXPECT_FALSE(apply(settings, {{"BPFTRACE_MISSING_PROBES", "maybe"}}));
}

TEST(SourceReader, SaysWhatIsWrong) {
  auto missing = read_source("/nonexistent.bt");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("/nonexistent.bt"), std::string::npos);
  auto program = read_source("BEGIN { exit() }");
  ASSERT_FALSE(program);
  EXPECT_NE(program.error().help.find("-e"), std::string::npos);
  EXPECT_FALSE(read_source("/"));
  EXPECT_FALSE(read_source("/dev/zero"));
}

TEST(Ring, RefusesWhatIsNoRing) { EXPECT_FALSE(Ring::open(-1, 4096)); }

}  // namespace
}  // namespace fathom
