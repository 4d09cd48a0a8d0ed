// Attaching for real: every provider runs a hand-assembled program, tells its attach points apart, and leaves nothing attached.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <thread>

#include "runtime/cpus.h"
#include "runtime/descriptor.h"
#include "runtime/machine.h"
#include "runtime/probes/attach.h"
#include "runtime/target_linux.h"

namespace fathom {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::uint8_t r0 = 0, r1 = 1, r2 = 2, r10 = 10;

bpf_insn instruction(int code, std::uint8_t destination, std::uint8_t source, std::int16_t offset, std::int32_t immediate) {
  return {.code = static_cast<__u8>(code), .dst_reg = destination, .src_reg = source, .off = offset, .imm = immediate};
}

bpf_prog_type program_type(ProgramKind kind) {
  switch (kind) {
    case ProgramKind::raw_tracepoint:
      return BPF_PROG_TYPE_RAW_TRACEPOINT;
    case ProgramKind::tracepoint:
      return BPF_PROG_TYPE_TRACEPOINT;
    case ProgramKind::perf_event:
      return BPF_PROG_TYPE_PERF_EVENT;
    case ProgramKind::kprobe:
      return BPF_PROG_TYPE_KPROBE;
    case ProgramKind::fentry:
    case ProgramKind::fexit:
    case ProgramKind::iterator:
      return BPF_PROG_TYPE_TRACING;
  }
  return BPF_PROG_TYPE_UNSPEC;
}

// A program that counts its runs in an array of 8 u64, by cookie or (without cookies) in element 0.
class Counter {
 public:
  Counter(ProgramKind kind, bool by_cookie) : map_(bpf_map_create(BPF_MAP_TYPE_ARRAY, "attach_test", 4, 8, 8, nullptr)) {
    std::vector<bpf_insn> code;
    if (by_cookie) {
      code.push_back(instruction(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_attach_cookie));
    } else {
      code.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, r0, 0, 0, 0));
    }
    code.push_back(instruction(BPF_STX | BPF_MEM | BPF_W, r10, r0, -4, 0));
    code.push_back(instruction(BPF_LD | BPF_DW | BPF_IMM, r1, BPF_PSEUDO_MAP_FD, 0, map_.get()));
    code.push_back(instruction(0, 0, 0, 0, 0));
    code.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_X, r2, r10, 0, 0));
    code.push_back(instruction(BPF_ALU64 | BPF_ADD | BPF_K, r2, 0, 0, -4));
    code.push_back(instruction(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem));
    code.push_back(instruction(BPF_JMP | BPF_JEQ | BPF_K, r0, 0, 2, 0));
    code.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, r1, 0, 0, 1));
    code.push_back(instruction(BPF_STX | BPF_ATOMIC | BPF_DW, r0, r1, 0, BPF_ADD));
    code.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, r0, 0, 0, 0));
    code.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
    program_ = Descriptor(bpf_prog_load(program_type(kind), "attach_test", "GPL", code.data(), code.size(), nullptr));
  }

  int program() const { return program_.get(); }
  explicit operator bool() const { return static_cast<bool>(program_); }
  std::uint64_t runs(std::uint32_t cookie = 0) const {
    std::uint64_t count = 0;
    bpf_map_lookup_elem(map_.get(), &cookie, &count);
    return count;
  }

 private:
  Descriptor map_;
  Descriptor program_;
};

class Attach : public testing::Test {
 protected:
  void SetUp() override {
    if (!check_privileges()) GTEST_SKIP() << "skipped: no privilege to load BPF";
  }

  const ProbeType& type(std::string_view name) { return *find_probe_type(all_probe_types(), name); }

  // The attach points must all be of one provider.
  Result<std::vector<Link>> attach(const Counter& counter, const std::vector<std::string>& texts, bool needs_cookie = false) {
    points_.clear();
    const ProbeType* provider = nullptr;
    for (const std::string& text : texts) {
      const std::vector<std::string> parts = split_attach_point(text);
      provider = find_probe_type(all_probe_types(), parts.front());
      points_.push_back(*provider->parse(std::span(parts).subspan(1)));
    }
    AttachRequest request;
    request.program = counter.program();
    request.attach_points = points_;
    request.needs_cookie = needs_cookie;
    request.target = &target_;
    request.online_cpus = online_cpus();
    return provider->attach(request);
  }

  static bool wait_for(const std::function<bool()>& condition) {
    for (int i = 0; i < 200; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return condition();
  }

  // Whether nothing counts any more while `trigger` goes on.
  static bool is_quiet(const Counter& counter, const std::function<void()>& trigger) {
    const std::uint64_t before = counter.runs();
    for (int i = 0; i < 5; ++i) {
      trigger();
      std::this_thread::sleep_for(10ms);
    }
    return counter.runs() == before;
  }

  LinuxTarget target_;
  std::vector<AttachPoint> points_;
};

// About a thousand page faults.
void fault_pages() {
  constexpr std::size_t size = 4 << 20;
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  madvise(memory, size, MADV_NOHUGEPAGE);
  for (std::size_t i = 0; i < size; i += 4096) static_cast<volatile char*>(memory)[i] = 1;
  munmap(memory, size);
}

TEST_F(Attach, TracepointRunsAndDetaches) {
  if (!target_.has(Feature::tracefs)) GTEST_SKIP() << "skipped: no tracefs";
  const Counter counter(ProgramKind::tracepoint, false);
  ASSERT_TRUE(counter);
  {
    const auto links = attach(counter, {"tracepoint:syscalls:sys_enter_getppid"});
    ASSERT_TRUE(links) << links.error().message;
    EXPECT_EQ(links->size(), 1u);
    for (int i = 0; i < 10; ++i) getppid();
    EXPECT_GE(counter.runs(), 10u);
  }
  EXPECT_TRUE(is_quiet(counter, [] { getppid(); }));
}

TEST_F(Attach, TracepointsAreToldApartByCookie) {
  if (!target_.has(Feature::tracefs) || !target_.has(Feature::perf_link)) GTEST_SKIP() << "skipped: no tracefs or perf links";
  const Counter counter(ProgramKind::tracepoint, true);
  ASSERT_TRUE(counter);
  const auto links = attach(counter, {"tracepoint:syscalls:sys_enter_getuid", "tracepoint:syscalls:sys_enter_getppid"}, true);
  ASSERT_TRUE(links) << links.error().message;
  for (int i = 0; i < 3; ++i) getuid();
  for (int i = 0; i < 5; ++i) getppid();
  EXPECT_GE(counter.runs(0), 3u);
  EXPECT_GE(counter.runs(1), 5u);
  EXPECT_EQ(counter.runs(2), 0u);
}

TEST_F(Attach, AMissingTracepointIsNamed) {
  if (!target_.has(Feature::tracefs)) GTEST_SKIP() << "skipped: no tracefs";
  const Counter counter(ProgramKind::tracepoint, false);
  const auto links = attach(counter, {"tracepoint:syscalls:sys_enter_none"});
  ASSERT_FALSE(links);
  EXPECT_EQ(links.error().message, "there is no tracepoint syscalls:sys_enter_none");
}

TEST_F(Attach, TheSameTracepointTwiceIsExplained) {
  if (!target_.has(Feature::tracefs) || !target_.has(Feature::perf_link)) GTEST_SKIP() << "skipped: no tracefs or perf links";
  const Counter counter(ProgramKind::tracepoint, false);
  const auto links = attach(counter, {"tracepoint:syscalls:sys_enter_getuid", "tracepoint:syscalls:sys_enter_getuid"});
  ASSERT_FALSE(links);
  EXPECT_EQ(links.error().message, "can not attach tracepoint:syscalls:sys_enter_getuid: this program is attached to it already");
}

TEST_F(Attach, RawTracepointRunsAndDetaches) {
  const Counter counter(ProgramKind::raw_tracepoint, false);
  ASSERT_TRUE(counter);
  {
    const auto links = attach(counter, {"rawtracepoint:sched_switch"});
    ASSERT_TRUE(links) << links.error().message;
    EXPECT_TRUE(wait_for([&] { return counter.runs() > 0; }));
  }
  EXPECT_TRUE(is_quiet(counter, [] { std::this_thread::sleep_for(1ms); }));
}

TEST_F(Attach, RawTracepointsAreToldApartByCookie) {
  const Counter counter(ProgramKind::raw_tracepoint, true);
  if (!counter) GTEST_SKIP() << "skipped: no cookies of raw tracepoints";
  const auto links = attach(counter, {"rawtracepoint:sys_enter", "rawtracepoint:sched_switch"}, true);
  ASSERT_TRUE(links) << links.error().message;
  EXPECT_TRUE(wait_for([&] { return counter.runs(0) > 0 && counter.runs(1) > 0; }));
}

TEST_F(Attach, AMissingRawTracepointIsExplained) {
  const Counter counter(ProgramKind::raw_tracepoint, false);
  const auto links = attach(counter, {"rawtracepoint:no_such_event"});
  ASSERT_FALSE(links);
  EXPECT_EQ(links.error().system_error, ENOENT);
  EXPECT_THAT(links.error().message, HasSubstr("can not attach rawtracepoint:no_such_event: the kernel has no such event"));
}

TEST_F(Attach, IntervalFiresAtItsRateAndStops) {
  const Counter counter(ProgramKind::perf_event, false);
  ASSERT_TRUE(counter);
  {
    const auto links = attach(counter, {"interval:ms:20"});
    ASSERT_TRUE(links) << links.error().message;
    EXPECT_EQ(links->size(), 1u) << "one CPU";
    std::this_thread::sleep_for(400ms);
    EXPECT_GE(counter.runs(), 5u);
    EXPECT_LE(counter.runs(), 40u);
  }
  EXPECT_TRUE(is_quiet(counter, [] {}));
}

TEST_F(Attach, IntervalsAreToldApartByCookie) {
  if (!target_.has(Feature::perf_link)) GTEST_SKIP() << "skipped: no perf links";
  const Counter counter(ProgramKind::perf_event, true);
  ASSERT_TRUE(counter);
  const auto links = attach(counter, {"interval:ms:10", "interval:hz:20"}, true);
  ASSERT_TRUE(links) << links.error().message;
  EXPECT_TRUE(wait_for([&] { return counter.runs(1) >= 3; }));
  EXPECT_GT(counter.runs(0), counter.runs(1));
}

TEST_F(Attach, ProfileSamplesEveryCpu) {
  const Counter counter(ProgramKind::perf_event, false);
  ASSERT_TRUE(counter);
  {
    const auto links = attach(counter, {"profile:hz:99"});
    ASSERT_TRUE(links) << links.error().message;
    EXPECT_EQ(links->size(), online_cpus().size());
    EXPECT_TRUE(wait_for([&] { return counter.runs() >= 10; }));
  }
  EXPECT_TRUE(is_quiet(counter, [] {}));
}

TEST_F(Attach, ARateAboveTheKernelsLimitIsExplained) {
  const Counter counter(ProgramKind::perf_event, false);
  const auto links = attach(counter, {"profile:hz:1000000"});
  if (links) GTEST_SKIP() << "skipped: no limit of the sample rate";
  EXPECT_THAT(links.error().message, HasSubstr("can not attach profile:hz:1000000: this machine samples at"));
  EXPECT_THAT(links.error().help, HasSubstr("kernel.perf_event_max_sample_rate=1000000"));
}

TEST_F(Attach, SoftwareCountsItsEvents) {
  const Counter counter(ProgramKind::perf_event, false);
  ASSERT_TRUE(counter);
  {
    const auto links = attach(counter, {"software:page-faults:10"});
    ASSERT_TRUE(links) << links.error().message;
    EXPECT_EQ(links->size(), online_cpus().size());
    EXPECT_TRUE(wait_for([&] {
      fault_pages();
      return counter.runs() >= 10;
    }));
  }
  EXPECT_TRUE(is_quiet(counter, fault_pages));
}

TEST_F(Attach, SoftwareTakesItsDefaultCount) {
  const Counter counter(ProgramKind::perf_event, false);
  ASSERT_TRUE(counter);
  const auto links = attach(counter, {"software:faults"});
  ASSERT_TRUE(links) << links.error().message;
  EXPECT_TRUE(wait_for([&] {
    fault_pages();
    return counter.runs() > 0;
  }));
}

TEST_F(Attach, EverySoftwareEventAttaches) {
  const auto listed = type("software").list({}, target_, false);
  ASSERT_TRUE(listed);
  for (const ListedProbe& probe : *listed) {
    const Counter counter(ProgramKind::perf_event, false);
    ASSERT_TRUE(counter);
    const auto links = attach(counter, {probe.text});
    EXPECT_TRUE(links) << probe.text << ": " << (links ? "" : links.error().message);
  }
}

TEST_F(Attach, AProgramOfAnotherKindIsRefused) {
  const Counter counter(ProgramKind::raw_tracepoint, false);
  ASSERT_TRUE(counter);
  const auto links = attach(counter, {"interval:s:1"});
  ASSERT_FALSE(links);
  EXPECT_EQ(links.error().system_error, EINVAL);
}

TEST_F(Attach, WithoutBpfLinksTheProgramIsSetOnTheEvent) {
  // Attaching with the ioctl alone is what kernels before 5.15 get; the Link then owns the event.
  const Counter counter(ProgramKind::perf_event, false);
  ASSERT_TRUE(counter);
  perf_event_attr attr = {};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_CPU_CLOCK;
  attr.sample_period = 10'000'000;
  {
    const Result<Link> link = attach_perf_event_by_ioctl(counter.program(), &attr, -1, 0);
    ASSERT_TRUE(link) << link.error().message;
    EXPECT_TRUE(wait_for([&] { return counter.runs() > 0; }));
  }
  EXPECT_TRUE(is_quiet(counter, [] {}));
}

}  // namespace
}  // namespace fathom
