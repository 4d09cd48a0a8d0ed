// The running kernel as a target, with the parsers of its text formats.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/cpus.h"
#include "runtime/machine.h"
#include "runtime/probes/attach.h"
#include "runtime/target_linux.h"
#include "runtime/tracepoint_format.h"

namespace fathom {
namespace {

constexpr std::string_view format_text =
    "name: sample\n"
    "ID: 1234\n"
    "format:\n"
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
    "\n"
    "\tfield:int nr;\toffset:8;\tsize:4;\tsigned:1;\n"
    "\tfield:const char * name;\toffset:16;\tsize:8;\tsigned:0;\n"
    "\tfield:char comm[16];\toffset:24;\tsize:16;\tsigned:0;\n"
    "\tfield:__data_loc char[] text;\toffset:40;\tsize:4;\tsigned:0;\n"
    "\tfield:unsigned long args[2][3];\toffset:48;\tsize:48;\tsigned:0;\n"
    "\n"
    "print fmt: \"field:%d offset:9;\", REC->nr\n";

TEST(TracepointFormat, ReadsIdAndFields) {
  const std::optional<TracepointFormat> format = parse_tracepoint_format(format_text);
  ASSERT_TRUE(format);
  EXPECT_EQ(format->id, 1234u);
  ASSERT_EQ(format->fields.size(), 5u) << "common fields are left out";
  EXPECT_EQ(format->fields[0].name, "nr");
  EXPECT_EQ(format->fields[0].c_type, "int");
  EXPECT_EQ(format->fields[0].offset, 8u);
  EXPECT_EQ(format->fields[0].size, 4u);
  EXPECT_TRUE(format->fields[0].is_signed);
  EXPECT_EQ(format->fields[1].c_type, "const char *");
  EXPECT_EQ(format->fields[2].c_type, "char[16]");
  EXPECT_EQ(format->fields[2].name, "comm");
  EXPECT_EQ(format->fields[3].c_type, "__data_loc char[]");
  EXPECT_EQ(format->fields[4].c_type, "unsigned long[2][3]");
}

TEST(TracepointFormat, DeclarationsReadAsTheyWere) {
  const std::optional<TracepointFormat> format = parse_tracepoint_format(format_text);
  ASSERT_TRUE(format);
  std::vector<std::string> declarations;
  std::ranges::transform(format->fields, std::back_inserter(declarations), declaration);
  EXPECT_EQ(declarations, (std::vector<std::string>{"int nr", "const char * name", "char comm[16]", "__data_loc char[] text",
                                                    "unsigned long args[2][3]"}));
}

TEST(TracepointFormat, DamagedTextIsRefused) {
  EXPECT_FALSE(parse_tracepoint_format(""));
  EXPECT_FALSE(parse_tracepoint_format("name: x\nformat:\n")) << "no id";
  EXPECT_FALSE(parse_tracepoint_format("ID: many\n"));
  EXPECT_FALSE(parse_tracepoint_format("ID: 1\nfield:int x;\toffset:a;\tsize:4;\n"));
  EXPECT_FALSE(parse_tracepoint_format("ID: 1\nfield:int;\toffset:8;\tsize:4;\n")) << "no name";
  EXPECT_FALSE(parse_tracepoint_format("ID: 1\nfield:int x"));
}

TEST(CpuList, ReadsRangesAndNumbers) {
  using Cpus = std::vector<std::uint32_t>;
  EXPECT_EQ(parse_cpu_list("0\n"), Cpus{0});
  EXPECT_EQ(parse_cpu_list("0-3,8,10-11\n"), (Cpus{0, 1, 2, 3, 8, 10, 11}));
  EXPECT_EQ(parse_cpu_list(""), Cpus{});
}

TEST(CpuList, DamagedListsAreRefused) {
  for (const char* text : {"a", "1-", "3-1", "1,", ",1", "1 2", "0-4000000000"}) EXPECT_FALSE(parse_cpu_list(text)) << text;
}

TEST(CpuList, TheMachineHasCpus) {
  EXPECT_EQ(online_cpus().size(), static_cast<std::size_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  EXPECT_GE(possible_cpu_count(), online_cpus().size());
  EXPECT_EQ(LinuxTarget().possible_cpus(), possible_cpu_count());
}

constexpr std::uint64_t bit(unsigned number) { return 1ull << number; }
constexpr std::uint64_t sys_admin = bit(21), perfmon = bit(38), bpf = bit(39);

TEST(Privileges, BpfAndPerfmonOrAdminSuffice) {
  EXPECT_TRUE(check_privileges(sys_admin, ""));
  EXPECT_TRUE(check_privileges(bpf | perfmon, ""));
  EXPECT_TRUE(check_privileges(sys_admin, "none [integrity] confidentiality\n"));
}

TEST(Privileges, WhatIsMissingIsNamed) {
  EXPECT_EQ(check_privileges(0, "").error().message, "tracing needs root: this process lacks CAP_BPF and CAP_PERFMON");
  EXPECT_EQ(check_privileges(bpf, "").error().message, "tracing needs root: this process lacks CAP_PERFMON");
  EXPECT_EQ(check_privileges(perfmon, "").error().message, "tracing needs root: this process lacks CAP_BPF");
  EXPECT_NE(check_privileges(0, "").error().help, "");
}

TEST(Privileges, ConfidentialityLockdownForbidsTracing) {
  const Result<void> result = check_privileges(sys_admin, "none integrity [confidentiality]\n");
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("locked down"), std::string::npos);
}

class LinuxTargetTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!target.has(Feature::tracefs)) GTEST_SKIP() << "skipped: no tracefs";
  }
  LinuxTarget target;
};

TEST_F(LinuxTargetTest, FindsAnExactTracepoint) {
  const auto found = target.tracepoints("sched", "sched_switch");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().event, "sched_switch");
}

TEST_F(LinuxTargetTest, WildcardsMatchCategoriesAndEvents) {
  const auto found = target.tracepoints("sched", "sched_*");
  ASSERT_TRUE(found);
  EXPECT_GT(found->size(), 5u);
  EXPECT_TRUE(std::ranges::is_sorted(*found, {}, &TracepointName::event));
  const auto across = target.tracepoints("s*", "sched_switch");
  ASSERT_TRUE(across);
  ASSERT_EQ(across->size(), 1u);
  EXPECT_EQ(across->front().category, "sched");
}

TEST_F(LinuxTargetTest, WhatIsNotThereIsNotFound) {
  EXPECT_TRUE(target.tracepoints("sched", "no_such_event")->empty());
  EXPECT_TRUE(target.tracepoints("no_such", "*")->empty());
  EXPECT_TRUE(target.tracepoints("no_such*", "*")->empty());
  EXPECT_TRUE(target.tracepoints("ftrace", "function")->empty()) << "a format that nothing can be attached to";
  EXPECT_TRUE(target.tracepoints("../events/sched", "sched_switch")->empty());
  EXPECT_TRUE(target.tracepoints("sched", "..")->empty());
}

TEST_F(LinuxTargetTest, ReadsFormats) {
  const auto format = target.tracepoint_format("sched", "sched_switch");
  ASSERT_TRUE(format);
  EXPECT_GT(format->id, 0u);
  EXPECT_TRUE(std::ranges::any_of(format->fields, [](const TracepointField& field) { return field.name == "next_pid"; }));
  const auto missing = target.tracepoint_format("sched", "no_such_event");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().system_error, ENOENT);
  EXPECT_EQ(missing.error().message, "there is no tracepoint sched:no_such_event");
  EXPECT_FALSE(target.tracepoint_format("..", "x"));
}

TEST_F(LinuxTargetTest, EveryFormatOfThisKernelIsRead) {
  const auto all = target.tracepoints("*", "*");
  ASSERT_TRUE(all);
  EXPECT_GT(all->size(), 100u);
  for (const TracepointName& name : *all) {
    EXPECT_TRUE(target.tracepoint_format(name.category, name.event)) << name.category << ":" << name.event;
  }
}

TEST_F(LinuxTargetTest, EveryTracepointOfThisKernelHasAContext) {
  const ProbeType& type = *find_probe_type(all_probe_types(), "tracepoint");
  const auto points = type.expand(*type.parse(std::vector<std::string>{"*", "*"}), target);
  ASSERT_TRUE(points);
  for (const AttachPoint& point : *points) {
    const Result<Context> context = type.context(point, target);
    ASSERT_TRUE(context) << point.text;
    const auto format = target.tracepoint_format(point.target, point.function);
    EXPECT_EQ(context->fields.size(), format->fields.size()) << point.text;
    for (const ContextField& field : context->fields) EXPECT_FALSE(field.type.is_none()) << point.text << " " << field.name;
  }
}

TEST_F(LinuxTargetTest, EveryRawTracepointOfThisKernelHasAContext) {
  if (!target.has(Feature::btf)) GTEST_SKIP() << "skipped: no kernel BTF";
  const ProbeType& type = *find_probe_type(all_probe_types(), "rawtracepoint");
  const auto points = type.expand(*type.parse(std::vector<std::string>{"*"}), target);
  ASSERT_TRUE(points);
  EXPECT_GT(points->size(), 100u);
  for (const AttachPoint& point : *points) {
    const Result<Context> context = type.context(point, target);
    ASSERT_TRUE(context) << point.text;
    EXPECT_LE(context->arguments.size(), 12u) << point.text;
    for (const ContextField& field : context->fields) EXPECT_FALSE(field.type.is_none()) << point.text << " " << field.name;
  }
}

TEST_F(LinuxTargetTest, RawTracepointsAreTracepointsOfTheSource) {
  EXPECT_EQ(*target.raw_tracepoints("sched_switch"), std::vector<std::string>{"sched_switch"});
  EXPECT_EQ(*target.raw_tracepoints("sys_enter"), std::vector<std::string>{"sys_enter"});
  EXPECT_TRUE(target.raw_tracepoints("sys_enter_openat")->empty()) << "hangs on sys_enter";
  EXPECT_TRUE(target.raw_tracepoints("no_such_event")->empty());
  const auto matching = target.raw_tracepoints("sched_sw*");
  ASSERT_TRUE(matching);
  EXPECT_TRUE(std::ranges::is_sorted(*matching));
  EXPECT_EQ(std::ranges::count(*matching, "sched_switch"), 1);
  EXPECT_EQ(std::ranges::count(*target.raw_tracepoints("sys_*"), "sys_enter_openat"), 0);
}

TEST_F(LinuxTargetTest, TypesComeFromBtf) {
  EXPECT_EQ(target.find_type("u32"), Type::integer(4, false));
  if (!target.has(Feature::btf)) GTEST_SKIP() << "skipped: no kernel BTF";
  EXPECT_TRUE(target.find_type("struct task_struct"));
  EXPECT_FALSE(target.find_type("struct no_such"));
  EXPECT_TRUE(target.layout(Type::structure("file", false, 0, 0)));
}

TEST_F(LinuxTargetTest, FeaturesAnswerTheSameTwice) {
  for (const Feature feature : {Feature::btf, Feature::tracefs, Feature::kprobe, Feature::fprobe, Feature::fentry, Feature::uprobe,
                                Feature::ring_buffer, Feature::perf_link}) {
    EXPECT_EQ(target.has(feature), target.has(feature));
    EXPECT_EQ(target.has(feature), LinuxTarget().has(feature));
  }
  EXPECT_EQ(target.has(Feature::btf), access("/sys/kernel/btf/vmlinux", R_OK) == 0);
  EXPECT_EQ(target.has(Feature::kprobe), access("/sys/bus/event_source/devices/kprobe", F_OK) == 0);
}

}  // namespace
}  // namespace fathom
