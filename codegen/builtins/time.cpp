// Clocks, and times as text.
#include <array>

#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

constexpr char default_time_format[] = "%H:%M:%S\n";

struct Clock {
  std::string_view name;
  Helper helper;
};
constexpr std::array clocks = {Clock{"boot", Helper::ktime_get_boot_ns}, Clock{"monotonic", Helper::ktime_get_ns},
                               Clock{"tai", Helper::ktime_get_tai_ns}, Clock{"sw_tai", Helper::ktime_get_boot_ns}};

// For kernels without the helper: boot time and what TAI was ahead of it when the script began.
constexpr std::string_view counted_tai = "sw_tai";

llvm::Value* run_state_word(CallLowering& call, std::uint64_t offset) {
  return call.bpf().load(call.bpf().at(call.program().run_state(), offset), sizeof(std::uint64_t), false);
}

const Clock* find_clock(std::string_view name) {
  for (const Clock& clock : clocks) {
    if (clock.name == name) return &clock;
  }
  return nullptr;
}

void check_nsecs(CallCheck& call) {
  if (call.count() == 0) return;
  const std::string& name = *call.facts(0).text;
  if (const Clock* clock = find_clock(name)) {
    if (clock->helper != Helper::ktime_get_tai_ns || !call.final() || call.target().has(Feature::tai_clock)) return;
    call.diagnostics()
        .report<DiagnosticId::missing_feature>(call.range(), "`nsecs(tai)`", absence_of(Feature::tai_clock))
        .with_help("`nsecs(sw_tai)` adds to the boot time what TAI was ahead of it when the script began");
    return;
  }
  std::vector<std::string> names;
  for (const Clock& clock : clocks) names.emplace_back(clock.name);
  std::string help = did_you_mean(name, names);
  call.diagnostics()
      .report<DiagnosticId::argument_value>(call.argument(0).range, fmt::format("`nsecs` has no clock `{}`", name))
      .with_help(help.empty() ? "its clocks are `boot`, `monotonic`, `tai` and `sw_tai`" : help);
}

// Times of CLOCK_MONOTONIC can not be told from those of the boot clock, and miss what the machine slept.
void check_strftime(CallCheck& call) {
  const auto* clock_call = std::get_if<ast::Call>(&call.argument(1).kind);
  const Builtin* builtin = call.facts(1).builtin;
  if (clock_call == nullptr || builtin == nullptr || builtin->check != check_nsecs || clock_call->arguments.empty()) return;
  const auto* word = std::get_if<ast::Identifier>(&clock_call->arguments[0]->kind);
  const Clock* clock = word == nullptr ? nullptr : find_clock(word->name);
  if (clock == nullptr || clock->helper != Helper::ktime_get_ns) return;
  call.diagnostics()
      .report<DiagnosticId::argument_value>(call.argument(1).range, "times of the monotonic clock are no times of day")
      .with_help("use `nsecs`, which also counts the time that the machine sleeps, or `nsecs(tai)`");
}

void lower_nsecs(CallLowering& call) {
  const Clock* clock = call.count() == 0 ? clocks.data() : find_clock(*call.facts(0).text);
  llvm::Value* now = call.bpf().call(clock->helper, {});
  if (clock->name == counted_tai) now = call.bpf().CreateAdd(now, run_state_word(call, offsetof(layout::RunState, tai_offset)));
  call.give(now);
}

void lower_elapsed(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  llvm::Value* now = bpf.call(Helper::ktime_get_boot_ns, {});
  llvm::Value* start = run_state_word(call, offsetof(layout::RunState, start));
  call.give(bpf.CreateSub(now, start));
}

void lower_time(CallLowering& call) {
  call.send(FormatStyle::time, call.count() == 0 ? default_time_format : *call.facts(0).text, 0, {});
}

void lower_strftime(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  llvm::Value* nanoseconds = call.scalar(1);
  Destination memory = call.result_memory();
  bpf.store(nanoseconds, bpf.at(memory.memory, offsetof(layout::TimestampValue, nanoseconds)), sizeof(std::uint64_t));
  bpf.store(bpf.number(call.program().time_format(*call.facts(0).text)), bpf.at(memory.memory, offsetof(layout::TimestampValue, format)),
            sizeof(std::uint64_t));
  call.give_memory(memory.memory);
}

}  // namespace

BuiltinFamily time_builtins() {
  static const Builtin rows[] = {
      {.prototype = "uint64 nsecs([word clock])",
       .doc = "Nanoseconds of a clock: boot (the default, counts suspended time), monotonic, tai, or sw_tai (tai as counted from boot).", .form = Form::variable,
       .check = check_nsecs, .lower = lower_nsecs},
      {.prototype = "uint64 elapsed", .doc = "Nanoseconds since the script started.", .form = Form::variable, .lower = lower_elapsed},
      {.prototype = "none time([text format])",
       .doc = "Prints the time at which the event is processed, by a strftime(3) format; \"%H:%M:%S\\n\" without one.", .lower = lower_time,
       .writes_records = true},
      {.prototype = "timestamp strftime(text format, int nanoseconds)",
       .doc = "The time of an nsecs or nsecs(tai) value as text, by a strftime(3) format; %f gives microseconds.", .check = check_strftime,
       .lower = lower_strftime},
  };
  return {"Time", rows};
}

}  // namespace fathom::codegen
