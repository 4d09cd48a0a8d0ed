// Probe types: their forms, wildcards, contexts and lists, against a made-up target.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fake_target.h"
#include "runtime/probes/attach.h"
#include "runtime/probes/tracepoint_fields.h"

namespace fathom {
namespace {

using testing::HasSubstr;
using Texts = std::vector<std::string>;

// Parses an attach point as check does.
std::expected<AttachPoint, AttachPointProblem> parse(std::string_view text) {
  std::vector<std::string> parts = split_attach_point(text);
  const ProbeType* type = find_probe_type(all_probe_types(), parts.front());
  if (type == nullptr) return std::unexpected(AttachPointProblem{"no such probe type", "", 0});
  return type->parse(std::span(parts).subspan(1));
}

const ProbeType& type(std::string_view name) { return *find_probe_type(all_probe_types(), name); }

TEST(ProbeTypes, AreFoundByNameAndAlias) {
  const ProbeTypes types = all_probe_types();
  EXPECT_EQ(find_probe_type(types, "tracepoint"), find_probe_type(types, "t"));
  EXPECT_EQ(find_probe_type(types, "rawtracepoint"), find_probe_type(types, "rt"));
  EXPECT_EQ(find_probe_type(types, "BEGIN"), find_probe_type(types, "begin"));
  EXPECT_EQ(find_probe_type(types, "Interval"), find_probe_type(types, "i"));
  EXPECT_NE(find_probe_type(types, "s"), nullptr);
  EXPECT_NE(find_probe_type(types, "p"), nullptr);
}

TEST(ProbeTypes, OtherNamesAreNotFound) {
  const ProbeTypes types = all_probe_types();
  for (const char* name : {"", "kprobes", "track", "T", "tracepoints", "begi"}) EXPECT_EQ(find_probe_type(types, name), nullptr) << name;
}

TEST(ProbeTypes, EveryRowIsWhole) {
  for (const ProbeType* row : all_probe_types()) {
    EXPECT_TRUE(row->parse && row->expand && row->context && row->suggestions && row->list) << row->name;
    EXPECT_EQ(row->attach == nullptr, row->moment != Moment::attached) << row->name;
    EXPECT_TRUE(row->doc.ends_with('.')) << row->name;
    EXPECT_TRUE(row->syntax.starts_with(row->name)) << row->name;
    EXPECT_EQ(find_removed_probe_type(row->name), nullptr) << row->name;
  }
}

TEST(ProbeTypes, OldAndShortNamesAreFound) {
  const ProbeTypes types = all_probe_types();
  for (const auto& [name, canonical] : std::initializer_list<std::pair<const char*, const char*>>{
           {"KProbe", "kprobe"}, {"k", "kprobe"}, {"kr", "kretprobe"}, {"kfunc", "fentry"}, {"f", "fentry"}, {"kretfunc", "fexit"}, {"fr", "fexit"},
           {"u", "uprobe"}, {"ur", "uretprobe"}, {"U", "usdt"}, {"it", "iter"}, {"w", "watchpoint"}, {"h", "hardware"}, {"self", "self"}}) {
    const ProbeType* found = find_probe_type(types, name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(found->name, canonical) << name;
  }
}

TEST(ProbeTypes, KnownNamesWithoutAProviderAreTold) {
  ASSERT_NE(find_removed_probe_type("aw"), nullptr);
  EXPECT_EQ(find_removed_probe_type("aw")->canonical, "asyncwatchpoint");
  EXPECT_NE(find_removed_probe_type("AsyncWatchpoint"), nullptr);
  EXPECT_EQ(find_removed_probe_type("kprobe"), nullptr);
  EXPECT_EQ(find_removed_probe_type("nothing"), nullptr);
  EXPECT_EQ(find_removed_probe_type(""), nullptr);
}

struct Form {
  const char* written;
  const char* canonical;
};
class GoodForm : public testing::TestWithParam<Form> {};

TEST_P(GoodForm, HasACanonicalText) {
  const auto point = parse(GetParam().written);
  ASSERT_TRUE(point) << GetParam().written << ": " << point.error().message;
  EXPECT_EQ(point->text, GetParam().canonical);
  const auto again = parse(point->text);
  ASSERT_TRUE(again) << point->text;
  EXPECT_EQ(*again, *point) << "the canonical text means the same";
}

INSTANTIATE_TEST_SUITE_P(
    All, GoodForm,
    testing::Values(Form{"BEGIN", "begin"}, Form{"Begin", "begin"}, Form{"begin:*", "begin"}, Form{"END", "end"}, Form{"end:", "end"},
                    Form{"t:syscalls:sys_enter_openat", "tracepoint:syscalls:sys_enter_openat"},
                    Form{"tracepoint:s*:sys_enter_[a-c]?*", "tracepoint:s*:sys_enter_[a-c]?*"},
                    Form{"tracepoint:9p:9p_client_req", "tracepoint:9p:9p_client_req"},
                    Form{"rt:sched_switch", "rawtracepoint:sched_switch"},
                    Form{"rawtracepoint:vmlinux:sched_switch", "rawtracepoint:vmlinux:sched_switch"}, Form{"interval:s:1", "interval:s:1"},
                    Form{"i:ms:100", "interval:ms:100"}, Form{"i:us:50", "interval:us:50"}, Form{"i:hz:10", "interval:hz:10"},
                    Form{"i:1s", "interval:s:1"}, Form{"i:500ms", "interval:ms:500"}, Form{"i:2m", "interval:s:120"},
                    Form{"i:1h", "interval:s:3600"}, Form{"i:1d", "interval:s:86400"}, Form{"i:1000000000", "interval:ns:1000000000"},
                    Form{"i:1e9", "interval:ns:1000000000"}, Form{"i:1_000_000", "interval:ns:1000000"},
                    Form{"i:5000ns", "interval:ns:5000"}, Form{"i:99hz", "interval:hz:99"}, Form{"profile:hz:99", "profile:hz:99"},
                    Form{"p:ms:10", "profile:ms:10"}, Form{"p:10ms", "profile:ms:10"}, Form{"software:cpu:100000", "software:cpu:100000"},
                    Form{"s:faults:1", "software:faults:1"}, Form{"software:faults:", "software:faults"},
                    Form{"software:page-faults", "software:page-faults"}, Form{"software:cs:1e3", "software:cs:1000"}));

struct Refusal {
  const char* written;
  std::size_t part;
  const char* message;
};
class BadForm : public testing::TestWithParam<Refusal> {};

TEST_P(BadForm, IsRefusedWithPlaceAndHelp) {
  const auto point = parse(GetParam().written);
  ASSERT_FALSE(point) << GetParam().written;
  EXPECT_EQ(point.error().part, GetParam().part) << GetParam().written;
  EXPECT_THAT(point.error().message, HasSubstr(GetParam().message)) << GetParam().written;
  EXPECT_NE(point.error().help, "") << GetParam().written;
}

INSTANTIATE_TEST_SUITE_P(
    All, BadForm,
    testing::Values(Refusal{"BEGIN:x", 1, "begin takes no event"}, Refusal{"END:*:*", 1, "end takes no event"},
                    Refusal{"tracepoint", 0, "category is missing"}, Refusal{"tracepoint:", 1, "category is missing"},
                    Refusal{"tracepoint:sched", 1, "event is missing"}, Refusal{"tracepoint:sched:", 2, "event is missing"},
                    Refusal{"tracepoint::sched_switch", 1, "category is missing"},
                    Refusal{"tracepoint:sched:sched_switch:x", 3, "nothing more"},
                    Refusal{"tracepoint:sched:sched_switch/pid==1/", 2, "is not a tracepoint event"},
                    Refusal{"tracepoint:sched:a$b", 2, "is not a tracepoint event"}, Refusal{"tracepoint:../x:a", 1, "`../x` is not"},
                    Refusal{"rawtracepoint", 0, "name is missing"}, Refusal{"rawtracepoint:", 1, "name is missing"},
                    Refusal{"rawtracepoint:a:b:c", 3, "nothing more"}, Refusal{"rt:sched_switch/pid/", 1, "is not a raw tracepoint name"},
                    Refusal{"interval", 0, "rate is missing"}, Refusal{"interval:", 1, "rate is missing"},
                    Refusal{"interval:s", 1, "rate is missing"}, Refusal{"interval:s:", 2, "rate is missing"},
                    Refusal{"interval:hz", 1, "rate is missing"}, Refusal{"interval:m:1", 1, "`m` is not a unit of interval"},
                    Refusal{"interval:parsec:1", 1, "`parsec` is not a unit"}, Refusal{"interval:1parsec", 1, "is not a unit of time"},
                    Refusal{"interval:s:0", 2, "not a positive number"}, Refusal{"interval:s:-1", 2, "not a positive number"},
                    Refusal{"interval:s:x", 2, "not a positive number"}, Refusal{"interval:s:1.5", 2, "not a positive number"},
                    Refusal{"interval:s:1_", 2, "not a positive number"}, Refusal{"interval:s:10000000000", 2, "too long"},
                    Refusal{"interval:s:99999999999999999999", 2, "too large a number"}, Refusal{"interval:ns:10", 2, "too short"},
                    Refusal{"interval:999", 1, "too short"}, Refusal{"interval:hz:2000000", 2, "too high"},
                    Refusal{"interval:s:1:2", 3, "nothing more"}, Refusal{"interval:s:1/pid/", 2, "is not a rate"},
                    Refusal{"profile:second:1", 1, "not a unit of profile"}, Refusal{"profile:hz:0", 2, "not a positive number"},
                    Refusal{"profile:*", 1, "is not a rate"}, Refusal{"software", 0, "event name is missing"},
                    Refusal{"software:", 1, "event name is missing"}, Refusal{"software:nothing", 1, "there is no software event"},
                    Refusal{"software:f*:1", 1, "wildcards"}, Refusal{"software:faults:0", 2, "not a positive number"},
                    Refusal{"software:faults:x", 2, "not a positive number"}, Refusal{"software:faults:1:1", 3, "nothing more"},
                    Refusal{"software:faults/pid/", 1, "is not a software event"}));

TEST(Parse, AGluedPredicateIsToldApart) {
  EXPECT_EQ(parse("tracepoint:sched:sched_switch/pid==1/").error().help, "put a blank before the predicate: `sched_switch /pid==1/`");
  EXPECT_EQ(parse("interval:s:1/pid/").error().help, "put a blank before the predicate: `1 /pid/`");
}

Texts expanded(std::string_view text, const Target& target) {
  const auto point = parse(text);
  if (!point) return {"parse error"};
  const auto points = type(point->provider).expand(*point, target);
  if (!points) return {"error: " + points.error().message};
  Texts texts;
  std::ranges::transform(*points, std::back_inserter(texts), &AttachPoint::text);
  return texts;
}

TEST(Expand, TracepointWildcards) {
  const FakeTarget target = FakeTarget::with_samples();
  EXPECT_EQ(expanded("t:syscalls:sys_*_openat", target),
            (Texts{"tracepoint:syscalls:sys_enter_openat", "tracepoint:syscalls:sys_exit_openat"}));
  EXPECT_EQ(expanded("t:*:*switch", target), Texts{"tracepoint:sched:sched_switch"});
  EXPECT_EQ(expanded("t:sched:sched_switch", target), Texts{"tracepoint:sched:sched_switch"});
  EXPECT_EQ(expanded("t:sched:none*", target), Texts{});
  EXPECT_EQ(expanded("t:sched:none", target), Texts{});
}

TEST(Expand, AnUnreadableTracefsIsAnError) {
  FakeTarget target = FakeTarget::with_samples();
  target.tracefs_error = Error{"tracefs is not mounted", "mount it", 1};
  EXPECT_EQ(expanded("t:*:*", target), Texts{"error: tracefs is not mounted"});
}

TEST(Expand, RawTracepoints) {
  const FakeTarget target = FakeTarget::with_samples();
  EXPECT_EQ(expanded("rt:sched_*", target), Texts{"rawtracepoint:sched_switch"});
  EXPECT_EQ(expanded("rt:vmlinux:sched_*", target), Texts{"rawtracepoint:vmlinux:sched_switch"});
  EXPECT_EQ(expanded("rt:*:sched_*", target), Texts{"rawtracepoint:vmlinux:sched_switch"});
  EXPECT_EQ(expanded("rt:ext4:sched_*", target), Texts{});
  EXPECT_EQ(expanded("rt:none", target), Texts{});
}

TEST(Expand, OthersStandForThemselves) {
  const FakeTarget target;
  EXPECT_EQ(expanded("BEGIN", target), Texts{"begin"});
  EXPECT_EQ(expanded("i:s:1", target), Texts{"interval:s:1"});
  EXPECT_EQ(expanded("s:faults:1", target), Texts{"software:faults:1"});
}

Context context(std::string_view text, const Target& target) {
  const auto point = parse(text);
  return type(point->provider).context(*point, target).value_or(Context());
}

const ContextField* field(const Context& context, std::string_view name) {
  const auto found = std::ranges::find(context.fields, name, &ContextField::name);
  return found == context.fields.end() ? nullptr : &*found;
}

TEST(Context, SyscallFieldsHaveTheirDeclaredTypes) {
  const FakeTarget target = FakeTarget::with_samples();
  const Context open = context("t:syscalls:sys_enter_openat", target);
  ASSERT_EQ(open.fields.size(), 5u);
  EXPECT_EQ(field(open, "filename")->type, Type::pointer(Type::integer(1, true), AddressSpace::user));
  EXPECT_EQ(field(open, "dfd")->type, Type::integer(4, true)) << "an int in 8 bytes is an int";
  EXPECT_EQ(field(open, "dfd")->offset, 16u);
  EXPECT_EQ(field(open, "mode")->type, Type::integer(2, false));
  EXPECT_EQ(field(context("t:syscalls:sys_exit_openat", target), "ret")->type, Type::int64());
  EXPECT_EQ(open.arguments.size(), 0u);
  EXPECT_FALSE(open.return_value);
  EXPECT_EQ(target.type_questions, 0u) << "plain types need no BTF";
}

TEST(Context, StringsAndLocatedStrings) {
  const FakeTarget target = FakeTarget::with_samples();
  EXPECT_EQ(field(context("t:sched:sched_switch", target), "prev_comm")->type, Type::string(16));
  const Context irq = context("t:irq:irq_handler_entry", target);
  EXPECT_EQ(field(irq, "name")->source, ContextSource::record_string);
  EXPECT_EQ(field(irq, "name")->offset, 12u);
  EXPECT_EQ(field(irq, "name")->type, Type::pointer(Type::integer(1, true), AddressSpace::kernel));
  EXPECT_EQ(field(irq, "irq")->source, ContextSource::record);
}

TEST(Context, AMissingTracepointIsAnError) {
  const FakeTarget target;
  EXPECT_FALSE(type("t").context(*parse("t:sched:sched_switch"), target));
}

TEST(Context, RawTracepointArgumentsByNumberAndName) {
  FakeTarget target = FakeTarget::with_samples();
  const Context known = context("rt:sched_switch", target);
  EXPECT_EQ(known.arguments.size(), 3u);
  ASSERT_NE(field(known, "next"), nullptr);
  EXPECT_EQ(field(known, "next")->source, ContextSource::argument);
  EXPECT_EQ(field(known, "next")->offset, 2u);
  target.raw_events["unknown"] = {};
  const Context unknown = context("rt:unknown", target);
  EXPECT_EQ(unknown.arguments.size(), 12u);
  EXPECT_TRUE(unknown.fields.empty());
}

TEST(Context, TimersHaveNone) {
  const FakeTarget target;
  EXPECT_TRUE(context("i:s:1", target).fields.empty());
  EXPECT_TRUE(context("BEGIN", target).arguments.empty());
}

struct FieldCase {
  TracepointField field;
  const char* type;
};
class FieldType : public testing::TestWithParam<FieldCase> {};

TEST_P(FieldType, IsAsDeclared) {
  const FakeTarget target = FakeTarget::with_samples();
  const auto result = context_field(GetParam().field, AddressSpace::kernel, target);
  ASSERT_TRUE(result);
  EXPECT_EQ(to_string(result->type), GetParam().type) << GetParam().field.c_type;
}

INSTANTIATE_TEST_SUITE_P(
    All, FieldType,
    testing::Values(
        FieldCase{{"x", "u8", 8, 1, false}, "uint8"}, FieldCase{{"x", "bool", 8, 1, false}, "bool"},
        FieldCase{{"x", "char", 8, 1, true}, "int8"}, FieldCase{{"x", "unsigned int", 8, 4, false}, "uint32"},
        FieldCase{{"x", "xfs_ino_t", 8, 8, false}, "uint64"}, FieldCase{{"x", "xfs_fsize_t", 8, 8, true}, "int64"},
        FieldCase{{"x", "const int", 8, 8, false}, "int32"}, FieldCase{{"x", "enum color", 8, 4, false}, "enum color"},
        FieldCase{{"x", "enum unknown", 8, 4, false}, "uint32"}, FieldCase{{"x", "odd_t", 8, 12, false}, "buffer[12]"},
        FieldCase{{"x", "char[10]", 8, 10, false}, "string[10]"}, FieldCase{{"x", "char[MAX]", 8, 32, false}, "string[32]"},
        FieldCase{{"x", "u8[6]", 8, 6, false}, "uint8[6]"}, FieldCase{{"x", "unsigned char[6]", 8, 6, false}, "uint8[6]"},
        FieldCase{{"x", "unsigned long[6]", 8, 48, false}, "uint64[6]"}, FieldCase{{"x", "unsigned long[2][3]", 8, 48, false}, "uint64[6]"},
        FieldCase{{"x", "u32[COUNT]", 8, 16, false}, "uint32[4]"}, FieldCase{{"x", "char[]", 8, 0, false}, "int8[0]"},
        FieldCase{{"x", "odd_t[3]", 8, 10, false}, "buffer[10]"}, FieldCase{{"x", "void *", 8, 8, false}, "void *"},
        FieldCase{{"x", "const void *const", 8, 8, false}, "void *"}, FieldCase{{"x", "const char *const *", 8, 8, false}, "int8 **"},
        FieldCase{{"x", "struct foo *", 8, 8, false}, "struct foo *"}, FieldCase{{"x", "const union foo *", 8, 8, false}, "union foo *"},
        FieldCase{{"x", "u64 *", 8, 8, false}, "uint64 *"}, FieldCase{{"x", "siginfo_t *", 8, 8, false}, "void *"},
        FieldCase{{"x", "struct foo", 8, 24, false}, "struct foo"}, FieldCase{{"x", "__data_loc u64[]", 8, 4, false}, "uint64 *"},
        FieldCase{{"x", "__data_loc cpumask_t", 8, 4, false}, "void *"}));

TEST(FieldType, LocatedFieldsArePointers) {
  const FakeTarget target;
  const auto absolute = context_field({"x", "__data_loc char[]", 8, 4, false}, AddressSpace::user, target);
  ASSERT_TRUE(absolute);
  EXPECT_EQ(absolute->source, ContextSource::record_string);
  const auto relative = context_field({"x", "__rel_loc char[]", 8, 4, false}, AddressSpace::user, target);
  ASSERT_TRUE(relative);
  EXPECT_EQ(relative->source, ContextSource::record_relative_string);
  EXPECT_EQ(to_string(relative->type), "int8 *");
  EXPECT_EQ(relative->type.space(), AddressSpace::kernel);
}

TEST(FieldType, AStructOnlyNamedIsTheOneOfThatName) {
  const FakeTarget target = FakeTarget::with_samples();
  const auto file = context_field({"x", "struct file *", 8, 8, false}, AddressSpace::kernel, target);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->type, Type::pointer(*target.find_type("struct file"), AddressSpace::kernel));
  EXPECT_FALSE(file->type == Type::pointer(*target.find_type("struct task_struct"), AddressSpace::kernel));
  EXPECT_FALSE(Type::structure("file", false, 8, 0) == Type::structure("file", false, 16, 0));
  EXPECT_TRUE(target.layout(file->type.pointee())) << "found by name";
}

TEST(FieldType, OnlyEnumsAskForKernelTypes) {
  const FakeTarget target = FakeTarget::with_samples();
  context_field({"x", "struct file *", 8, 8, false}, AddressSpace::kernel, target);
  context_field({"x", "odd_t", 8, 8, false}, AddressSpace::kernel, target);
  EXPECT_EQ(target.type_questions, 0u);
  context_field({"x", "enum color", 8, 4, false}, AddressSpace::kernel, target);
  EXPECT_EQ(target.type_questions, 1u);
}

Texts listed(std::string_view name, const std::vector<std::string>& parts, const Target& target) {
  Texts texts;
  for (const ListedProbe& probe : type(name).list(parts, target, false).value_or(std::vector<ListedProbe>())) texts.push_back(probe.text);
  return texts;
}

TEST(List, EachTypeListsWhatMatches) {
  const FakeTarget target = FakeTarget::with_samples();
  EXPECT_EQ(listed("tracepoint", {}, target).size(), 4u);
  EXPECT_EQ(listed("tracepoint", {"sched"}, target), Texts{"tracepoint:sched:sched_switch"});
  EXPECT_EQ(listed("tracepoint", {"*", "irq*"}, target), Texts{"tracepoint:irq:irq_handler_entry"});
  EXPECT_EQ(listed("tracepoint", {"none"}, target), Texts{});
  EXPECT_EQ(listed("rawtracepoint", {"sched*"}, target), Texts{"rawtracepoint:vmlinux:sched_switch"});
  EXPECT_EQ(listed("rawtracepoint", {"vmlinux", "*"}, target), Texts{"rawtracepoint:vmlinux:sched_switch"});
  EXPECT_EQ(listed("rawtracepoint", {"xfs", "*"}, target), Texts{});
  EXPECT_EQ(listed("interval", {}, target), (Texts{"interval:hz:", "interval:us:", "interval:ms:", "interval:s:"}));
  EXPECT_EQ(listed("profile", {"*s"}, target), (Texts{"profile:us:", "profile:ms:", "profile:s:"}));
  EXPECT_EQ(listed("software", {"*faults"}, target),
            (Texts{"software:alignment-faults:", "software:emulation-faults:", "software:major-faults:", "software:minor-faults:",
                   "software:page-faults:", "software:faults:"}));
  EXPECT_EQ(listed("software", {"none"}, target), Texts{});
}

TEST(List, ArgumentsAreDeclarations) {
  const FakeTarget target = FakeTarget::with_samples();
  const std::vector<std::string> parts = {"syscalls", "sys_enter_openat"};
  const auto probes = type("tracepoint").list(parts, target, true);
  ASSERT_TRUE(probes);
  ASSERT_EQ(probes->size(), 1u);
  EXPECT_EQ(probes->front().arguments, (Texts{"int __syscall_nr", "int dfd", "const char * filename", "int flags", "umode_t mode"}));
  const auto raw = type("rawtracepoint").list({}, target, true);
  ASSERT_TRUE(raw);
  EXPECT_EQ(raw->front().arguments, (Texts{"bool preempt", "struct task_struct * prev", "struct task_struct * next"}));
}

TEST(Suggestions, AreAttachPointsThatExist) {
  const FakeTarget target = FakeTarget::with_samples();
  EXPECT_THAT(type("t").suggestions(*parse("t:sched:sched_swtch"), target), testing::Contains("tracepoint:sched:sched_switch"));
  EXPECT_THAT(type("rt").suggestions(*parse("rt:sched_swtch"), target), testing::Contains("rawtracepoint:sched_switch"));
  EXPECT_TRUE(type("s").suggestions({}, target).empty());  // a wrong name is a mistake of form, which names the nearest
  EXPECT_THAT(parse("s:page-falts:1").error().help, HasSubstr("page-faults"));
  EXPECT_TRUE(type("i").suggestions(*parse("i:s:1"), target).empty());
}

}  // namespace
}  // namespace fathom
