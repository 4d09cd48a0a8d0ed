// Finds out what the language offers here, by trying.
#include "vocabulary.h"

#include <fmt/format.h>

#include <algorithm>

namespace fathom::fuzz {

namespace {

struct Candidate {
  std::string_view text;
  bool alone = false;
};
// Attach points of every provider; those that are not here today are left out.
constexpr Candidate candidates[] = {
    {"BEGIN"}, {"END"}, {"tracepoint:sched:sched_switch"}, {"tracepoint:syscalls:sys_enter_openat"}, {"tracepoint:syscalls:sys_exit_read"},
    {"tracepoint:sched:sched_process_exec"}, {"t:sched:sched_wak*"}, {"rawtracepoint:sched_switch"}, {"rt:sched_wak*"},
    {"interval:s:1"}, {"i:ms:100"}, {"interval:2s"}, {"profile:hz:99"}, {"p:us:1000"}, {"software:cpu:1000000"}, {"s:faults:100"},
    {"hardware:cycles:1000000"}, {"h:cache-misses:"}, {"self:signal:SIGUSR1"}, {"uprobe:/bin/sh:0x5000"}, {"uprobe:libc:malloc"},
    {"uretprobe:libc:malloc"}, {"u:libc:free"}, {"usdt:libc:*"}, {"usdt:libc:setjmp"}, {"kprobe:vfs_read"}, {"kretprobe:vfs_read"}, {"k:vfs_write"},
    {"kprobe:vfs_read+4"}, {"fentry:vfs_read"}, {"fexit:vfs_read"}, {"kfunc:vfs_open"}, {"kretfunc:vfs_open"}, {"watchpoint:0x10000000:8:w"},
    {"iter:task", true}, {"iter:task_file", true}, {"tracepoint:syscalls:sys_enter_openat,tracepoint:syscalls:sys_enter_openat2"},
};

constexpr Construct samples[] = {
    {"while", "BEGIN { $i = 0; while ($i < 3) { $i++; } }"},
    {"for-range", "BEGIN { for ($i : 0..3) { @ = $i; } }"},
    {"for-map", "BEGIN { @[1] = 2; for ($kv : @) { $a = $kv.0; } }"},
    {"break", "BEGIN { $i = 0; while ($i < 3) { $i++; if ($i == 2) { break; } continue; } }"},
    {"let", "BEGIN { let $x; $x = 1; let $y : int32 = 2; let $z: string; }"},
    {"let-map", "let @m = lruhash(10); BEGIN { @m[1] = 2; }"},
    {"record", "BEGIN { $r = (a=1, b=\"x\"); print($r.a); }"},
    {"if-expression", "BEGIN { $x = if (pid > 1) { 1 } else { 2 }; }"},
    {"block-expression", "BEGIN { $x = { $y = 1; $y + 1 }; }"},
    {"elvis", "BEGIN { $x = pid ?: 1; }"},
    {"discard", "BEGIN { _ = pid; }"},
    {"macro", "macro twice(x) { x + x } BEGIN { $x = twice(2); }"},
    {"fn", "fn f($a : int64) : int64 { return $a + 1; } BEGIN { $x = f(2); }"},
    {"config", "config = { max_strlen = 64; } BEGIN { }"},
    {"struct", "struct fz { int a; char b[8]; int c[4]; struct { long d; } e; union { int f; char g; }; unsigned h : 3; } BEGIN { $x = ((struct fz *)0)->a; }"},
    {"enum", "enum fze { FZ_A, FZ_B = 5 }; BEGIN { $x = FZ_B; $y = (enum fze)1; }"},
    {"typedef", "typedef struct { int a; } fzt; BEGIN { $x = ((fzt *)0)->a; }"},
    {"define", "#define FZ_C 17\nBEGIN { $x = FZ_C; }"},
    {"ifdef", "#ifdef FZ_NO\n#define FZ_D 1\n#else\n#define FZ_D 2\n#endif\nBEGIN { $x = FZ_D; }"},
    {"include", "#include <linux/sched.h>\nBEGIN { }"},
    {"offsetof", "BEGIN { $x = offsetof(struct task_struct, comm); }"},
    {"typeof", "BEGIN { $x = pid; let $y : typeof($x) = 1; }"},
    {"array-cast", "BEGIN { $a = (uint8[8])5; $b = $a[1]; }"},
    {"array-back", "BEGIN { $a = (uint8[8])5; $b = (uint64)$a; }"},
    {"address", "BEGIN { $x = 1; $p = &$x; }"},
    {"delete-comma", "BEGIN { @[1] = 1; delete(@, 1); }"},
    {"tuple-key", "BEGIN { @[(1, \"a\")] = 1; }"},
    {"struct-value", "BEGIN { $x = *curtask->cred; @ = $x; }"},
    {"comptime", "BEGIN { $x = comptime (1 + 2); }"},
    {"shebang", "#!/usr/bin/env fathom\nBEGIN { }"},
    {"count-read", "BEGIN { @ = count(); $x = @ + 1; }"},
    {"unroll", "BEGIN { unroll (3) { @++; } }"},
    {"positional", "BEGIN { $x = $1 + $#; $y = str($2); }"},
    {"if-bare", "BEGIN { if pid { @ = 1; } }"},
    {"predicate", "BEGIN /pid/ { @ = 1; }"},
    {"probe-name", "first=BEGIN { }"},
};

// Texts to try for a parameter.
std::string argument(const Parameter& parameter, Random& random) {
  switch (random.of(parameter.kinds)) {
    case ParameterKind::any: return random.word("1 comm curtask \"abc\" (1,2) pid");
    case ParameterKind::integer: return random.word("1 2 3 pid 64 0");
    case ParameterKind::boolean: return "true";
    case ParameterKind::string: return random.word("\"abc\" comm \"/\" \"init\" \"vfs_read\" \"ax\"");
    case ParameterKind::pointer: return random.word("curtask curtask->comm curtask->mm &$v");
    case ParameterKind::stack: return random.word("kstack ustack");
    case ParameterKind::symbol: return "ksym(1)";
    case ParameterKind::timestamp: return "strftime(\"%H\",nsecs)";
    case ParameterKind::array: return random.word("curtask->comm curtask->cpus_mask.bits");
    case ParameterKind::buffer: return "buf(\"abc\",2)";
    case ParameterKind::structure: return random.word("curtask->se.load *curtask->cred");
    case ParameterKind::variable: return "$v";
    case ParameterKind::type: return random.word("int32 uint64 typeof(pid)");
    case ParameterKind::map: return random.word("@k @s @k[1]");
    case ParameterKind::literal: return random.word("1 2 4 8 16 100");
    case ParameterKind::text: return random.word("\"%d\" \"x\" \"%H:%M\" \"abc\"");
    case ParameterKind::word: return random.word("perf raw boot monotonic tai bpftrace init struct");
  }
  return "1";
}

// Only values that may be anything are replaced; what a row's check wants to be constant was written as such.
ParameterKind replaceable(const Parameter& parameter) {
  for (ParameterKind kind : parameter.kinds) {
    if (kind == ParameterKind::integer || kind == ParameterKind::string) return kind;
  }
  return ParameterKind::any;
}

std::string program_of(const Point& point, const std::string& statement) {
  return fmt::format("{} {{ {} {} }}", point.text, sample_statements, statement);
}

}  // namespace

Vocabulary::Vocabulary(const Target& target, bool (*loads)(const Checked&)) : target_(target) {
  find_points(loads);
  find_constructs();
  find_atoms();
}

bool Vocabulary::has(std::string_view construct) const {
  auto found = constructs_.find(construct);
  return found != constructs_.end() && found->second;
}

void Vocabulary::find_points(bool (*loads)(const Checked&)) {
  for (const Candidate& candidate : candidates) {
    Checked checked = run_front_end(fmt::format("{} {{ @[pid] = count(); }}", candidate.text), target_, settings_);
    if (checked.accepted()) points_.push_back({.text = std::string(candidate.text), .alone = candidate.alone, .loadable = loads != nullptr && loads(checked)});
  }
}

void Vocabulary::find_constructs() {
  for (const Construct& construct : samples) {
    Checked checked = run_front_end(std::string(construct.sample), target_, settings_);
    constructs_[construct.name] = checked.accepted();
    if (!checked.accepted()) refused_.push_back(fmt::format("{}: {}", construct.name, checked.diagnostics.sorted().front().message));
  }
}

bool Vocabulary::try_row(const Builtin& row, const Prototype& prototype, Point& point, Random& random) {
  constexpr int attempts = 12;
  for (int i = 0; i < attempts; ++i) {
    Atom atom{.name = prototype.name};
    if (atom.name.ends_with('N')) atom.name.replace(atom.name.size() - 1, 1, "0");
    atom.parentheses = row.form != Form::variable || !prototype.parameters.empty();
    for (std::size_t at = 0; at < prototype.parameters.size(); ++at) {
      const Parameter& parameter = prototype.parameters[at];
      if (parameter.optional && random.percent(50)) break;
      atom.arguments.push_back(argument(parameter, random));
      atom.replaceable.push_back(replaceable(parameter));
    }
    std::string text = written(atom);
    Checked checked = run_front_end(program_of(point, "$w = " + text + ";"), target_, settings_);
    if (checked.accepted() && !checked.checked.probes.empty() && checked.checked.probes[0].variables.size() > 1) {
      atom.type = checked.checked.probes[0].variables[1].type;
      point.values.push_back(std::move(atom));
      return true;
    }
    if (run_front_end(program_of(point, text + ";"), target_, settings_).accepted()) {
      point.statements.push_back(std::move(atom));
      return true;
    }
  }
  return false;
}

void Vocabulary::find_atoms() {
  Random random(1);
  for (const BuiltinFamily& family : codegen::builtin_families()) {
    for (const Builtin& row : family.rows) {
      auto prototype = parse_prototype(row.prototype);
      if (!prototype) continue;
      if (row.form == Form::aggregation) {
        aggregations_.push_back(prototype->name);
        prototypes_[prototype->name] = *prototype;
        continue;
      }
      // What BEGIN takes is good everywhere; the rest is tried at every point.
      if (!points_.empty() && try_row(row, *prototype, points_.front(), random)) continue;
      bool somewhere = false;
      for (std::size_t i = 1; i < points_.size(); ++i) somewhere = try_row(row, *prototype, points_[i], random) || somewhere;
      if (!somewhere) unused_.push_back(prototype->name);
    }
  }
}

std::string written(const Atom& atom) {
  std::string text = atom.name;
  if (atom.parentheses) text += fmt::format("({})", fmt::join(atom.arguments, ", "));
  return text;
}

std::pair<std::string, Type> Vocabulary::way(const Type& from, Random& random, unsigned depth) const {
  std::string text;
  Type type = from;
  for (unsigned step = 0; step < depth; ++step) {
    Type structure = type.is_pointer() ? type.pointee() : type;
    if (!structure.is_structure()) break;
    auto layout = target_.layout(structure);
    if (!layout || layout->members.empty()) break;
    const StructMember& member = random.of(layout->members);
    if (member.name.empty()) break;
    text += random.word(". -> .") + member.name;
    type = member.type;
    if (type.is(TypeKind::array) && type.count() > 0 && random.percent(70)) {
      text += fmt::format("[{}]", random.percent(60) ? std::to_string(random.below(type.count())) : random.word("cpu pid rand"));
      type = type.element();
    }
  }
  return {text, type};
}

}  // namespace fathom::fuzz
