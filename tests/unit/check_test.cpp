// check: types of maps and variables, merging over the program, and what is refused, on a made-up machine.
#include <gtest/gtest.h>

#include "compile_helpers.h"

namespace fathom {
namespace {

const FakeTarget& target() {
  static const FakeTarget samples = FakeTarget::with_samples();
  return samples;
}

// "@x[string[4]]=int64"
std::string maps(const std::string& text) {
  Compiled compiled = check_text(text, target());
  if (compiled.diagnostics.has_errors()) return "error: " + compiled.ids();
  std::string found;
  for (const CheckedMap& map : compiled.checked.maps) {
    found += (found.empty() ? "" : " ") + ("@" + map.name) + (map.keyed ? "[" + to_string(map.key) + "]" : "") + "=" + to_string(map.value);
  }
  return found;
}

std::string ids(const std::string& text, const Settings& settings = {}) { return check_text(text, target(), settings).ids(); }

TEST(Check, MapsTakeTheirTypesFromTheWholeProgram) {
  EXPECT_EQ(maps("BEGIN { @x = 1 }"), "@x=int64");
  EXPECT_EQ(maps("BEGIN { @x[\"ab\"] = 1; @x[\"abcd\"] = 2 }"), "@x[string[5]]=int64");
  EXPECT_EQ(maps("BEGIN { print(@x) } END { @x = \"late\" }"), "@x=string[5]");
  EXPECT_EQ(maps("BEGIN { @a = @b; @b = @c } END { @c = (1, \"x\") }"), "@a=(int64, string[2]) @b=(int64, string[2]) @c=(int64, string[2])");
  EXPECT_EQ(maps("BEGIN { @x[pid, comm] = count() }"), "@x[(uint64, string[16])]=count()");
  EXPECT_EQ(maps("BEGIN < count() >"), "@=count()");
  EXPECT_EQ(maps("BEGIN { @x++ }"), "@x=int64");
}

TEST(Check, SignsAndWidths) {
  EXPECT_EQ(maps("BEGIN { @ = nsecs - 1 }"), "@=int64");
  EXPECT_EQ(maps("BEGIN { @ = nsecs / 1000 }"), "@=uint64");
  EXPECT_EQ(maps("BEGIN { @ = -pid }"), "@=int64");
  EXPECT_EQ(maps("BEGIN { @ = pid == 1 }"), "@=bool");
  EXPECT_EQ(maps("BEGIN { @ = (uint8)300 }"), "@=uint64");
  EXPECT_EQ(maps("BEGIN { @ = pid ? 1 : nsecs }"), "@=uint64");
  EXPECT_EQ(maps("BEGIN { @ = pid ? -1 : nsecs }"), "@=int64");
}

TEST(Check, LiteralsTakeTheSignOfWhatTheyMeet) {
  EXPECT_EQ(maps("BEGIN { @ = 0 } END { @ = nsecs }"), "@=uint64");
  EXPECT_EQ(maps("BEGIN { @ = nsecs } END { @ = 0 }"), "@=uint64");
  EXPECT_EQ(maps("BEGIN { @ = -1 } END { @ = nsecs }"), "@=int64");
  EXPECT_EQ(maps("BEGIN { @ = 18446744073709551615 } END { @ = 2 + 3 }"), "@=uint64");
  EXPECT_EQ(maps("BEGIN { @[0] = 1 } END { @[nsecs] = 1 }"), "@[uint64]=int64");
  EXPECT_EQ(maps("BEGIN { $x = 1; @ = $x; @ = nsecs }"), "@=uint64");
  EXPECT_EQ(maps("BEGIN { $x = 1; $x++; @ = $x; @ = nsecs }"), "@=int64");
}

TEST(Check, RecordsTuplesAndArraysResize) {
  EXPECT_EQ(maps("BEGIN { @ = (x=1, y=\"a\") } END { @ = (x=nsecs, y=\"abc\") }"), "@=(x=uint64, y=string[4])");
  EXPECT_EQ(maps("BEGIN { @[(1, \"a\")] = 1 } END { @[pid, \"abc\"] = 2 }"), "@[(uint64, string[4])]=int64");
  EXPECT_EQ(maps("BEGIN { @ = (); @x[(1,)] = (uint8[4])1 }"), "@=() @x[(int64,)]=uint8[4]");
  EXPECT_EQ(ids("BEGIN { @ = (x=1); @ = (y=1) }"), "map_value_type");
  EXPECT_EQ(ids("BEGIN { @ = (uint8[4])1; @ = (uint8[8])1 }"), "map_value_type");
}

TEST(Check, FieldsHaveTheTypesOfTheirTracepoint) {
  EXPECT_EQ(maps("tracepoint:syscalls:sys_enter_openat { @ = args.flags }"), "@=int64");
  EXPECT_EQ(maps("tracepoint:sched:sched_switch { @ = args->prev_comm }"), "@=string[17]");  // and room for a NUL
  EXPECT_EQ(maps("tracepoint:syscalls:sys_enter_openat { @ = args.filename }"), "@=int8 *");
  EXPECT_EQ(maps("rawtracepoint:sched_switch { @ = args.prev->comm }"), "@=string[16]");
}

TEST(Check, StructsThroughPointers) {
  EXPECT_EQ(maps("BEGIN { @ = curtask->parent->parent->pid }"), "@=int64");
  EXPECT_EQ(maps("BEGIN { @ = ((struct task_struct *)0)->file.f_pos }"), "@=int64");
  EXPECT_EQ(maps("BEGIN { @ = curtask->exiting }"), "@=uint64");
  EXPECT_EQ(maps("BEGIN { @ = GREEN }"), "@=enum color");
}

TEST(Check, PlainScriptsAskForNoTypes) {
  FakeTarget fresh = FakeTarget::with_samples();
  check_text("tracepoint:syscalls:sys_enter_openat { @[comm, (uint32)args.flags] = count(); printf(\"%s\", str(args.filename)); }", fresh);
  EXPECT_EQ(fresh.type_questions, 0u);
}

TEST(Check, VariablesOfInnerBlocks) {
  EXPECT_EQ(ids("BEGIN { if (pid) { $x = 1 } else { $x = 2 } print($x) }"), "");
  EXPECT_EQ(ids("BEGIN { if (pid) { $x = 1 } else { $x = \"a\" } }"), "");
  EXPECT_EQ(ids("BEGIN { if (pid) { $x = 1 } else { $x = \"a\" } print($x) }"), "variable_type");
  EXPECT_EQ(ids("BEGIN { print($x) }"), "undefined_variable");
}

TEST(Check, WildcardsShareAProgramWhereContextsAgree) {
  Compiled compiled = check_text("tracepoint:syscalls:* { @ = count() }", target());
  EXPECT_EQ(compiled.checked.probes.size(), 1u);
  EXPECT_EQ(compiled.checked.probes[0].attach_points.size(), 2u);
  // A field that both have at the same place and in the same form does not tell them apart; one of only one does.
  compiled = check_text("tracepoint:syscalls:* { @ = args.__syscall_nr }", target());
  EXPECT_EQ(compiled.checked.probes.size(), 1u);
}

TEST(Check, OneProgramIsNotAttachedTwiceToOnePlace) {
  Compiled compiled = check_text("tracepoint:sched:sched_switch, tracepoint:sched:sched_switch { @ = count() }", target());
  EXPECT_EQ(compiled.checked.probes.size(), 2u);
}

TEST(Check, Parameters) {
  Settings settings;
  settings.parameters = {"12", "sched_switch", "-0x10"};
  EXPECT_EQ(ids("tracepoint:sched:$2 { @ = $1 + $3; print(str($2)) }", settings), "");
  EXPECT_EQ(ids("BEGIN { @ = $4 }", settings), "missing_parameter");
  EXPECT_EQ(ids("BEGIN { @ = lhist(1, 0, $2, 1) }", settings), "argument_type");
}

TEST(Check, Refusals) {
  EXPECT_EQ(ids("BEGIN { @ = count() + 1 }"), "aggregation_misplaced");
  EXPECT_EQ(ids("BEGIN { @x = 1; @x[1] = 1 }"), "map_key_shape");
  EXPECT_EQ(ids("BEGIN { @x[1] = 1; @x[\"a\"] = 1 }"), "map_key_type");
  EXPECT_EQ(ids("BEGIN { @x = 1; @x = count() }"), "map_value_type");
  EXPECT_EQ(ids("BEGIN { $x = printf(\"\") }"), "no_value");
  EXPECT_EQ(ids("BEGIN { @ = pid + comm }"), "operand_types");
  EXPECT_EQ(ids("BEGIN { @ = args }"), "no_fields");
  EXPECT_EQ(ids("BEGIN { @ = hist(1, 6) }"), "argument_value");
  EXPECT_EQ(ids("BEGIN { printk(\"%.3s\", comm) }"), "bad_format");
  EXPECT_EQ(ids("tracepoint:sched:nothing { }"), "no_such_attach_point");
  EXPECT_EQ(ids("kprobe:f { }"), "no_such_attach_point");
  EXPECT_EQ(ids("asyncwatchpoint:f { }"), "removed_probe_type");
  EXPECT_EQ(ids("BEGIN { @ = socket_cookie(curtask) }"), "not_available");
}

TEST(Check, ProbesThatAreMissingDoNotMakeMapsUnknown) {
  EXPECT_EQ(ids("kprobe:f { @x = 1 } BEGIN { print(@x) }"), "no_such_attach_point");
  EXPECT_EQ(ids("BEGIN { print(@x) }"), "undefined_map");
}

TEST(Check, MissingProbes) {
  Settings settings;
  settings.missing_probes = MissingProbes::warn;
  EXPECT_EQ(ids("tracepoint:sched:nothing { } BEGIN { }", settings), "missing_attach_point probe_without_attach_points");
  settings.missing_probes = MissingProbes::ignore;
  EXPECT_EQ(ids("tracepoint:sched:nothing { }", settings), "no_probes_left");
  // What is left out says what its maps hold; where it can not be known, what reads them does.
  EXPECT_EQ(ids("tracepoint:sched:nothing { @x = comm } BEGIN { print(@x == \"a\") }", settings), "");
  EXPECT_EQ(ids("tracepoint:sched:nothing { @x = comm } BEGIN { print(@x * 2) }", settings), "operand_types");
  EXPECT_EQ(ids("tracepoint:sched:nothing { @x = args.a } BEGIN { print(@x == \"a\") }", settings), "");
  EXPECT_EQ(ids("tracepoint:sched:nothing { @x = args.a } BEGIN { print(@x == \"a\"); print(@x * 2) }", settings), "undefined_map");
}

TEST(Check, DefinitionsForKernelsWithoutBtfFallAway) {
  EXPECT_EQ(ids("#ifndef BPFTRACE_HAVE_BTF\n#include <linux/sched.h>\nstruct a { int b; };\n#endif\nBEGIN { }"), "");
  EXPECT_EQ(ids("#include <linux/sched.h>\nBEGIN { }"), "");
  FakeTarget without = FakeTarget::with_samples();
  without.features.erase(Feature::btf);
  EXPECT_EQ(check_text("#ifndef BPFTRACE_HAVE_BTF\nstruct a { int b c; };\n#endif\nBEGIN { }", without).ids(), "bad_c_definition");
}

}  // namespace
}  // namespace fathom
