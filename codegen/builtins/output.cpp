// What the script says: printf, print, errorf and warnf, and the end of the script.
#include <fmt/format.h>

#include "ast/check.h"
#include "codegen/builtins/format.h"
#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;

bool is_for_a_file(std::span<const AttachPoint> points, const ProbeType& type) { return is_pinned(type.program, points.front()); }

// What a pinned iterator prints the kernel itself formats, when somebody reads the file.
void check_file_printf(CallCheck& call) {
  constexpr std::size_t most_values = 12;
  check_printf(call);
  if (is_for_a_file(call.attach_points(), call.probe_type())) check_kernel_format(call, most_values, "a pinned program");
}

void lower_printf(CallLowering& call) {
  const CheckedProbe& probe = call.probe().probe();
  if (!is_for_a_file(probe.attach_points, *probe.type)) return send_formatted(call, FormatStyle::printf);
  BpfBuilder& bpf = call.bpf();
  const auto [format, values] = kernel_text(call, "");
  bpf.call(Helper::seq_printf, {call.probe().sequence(), call.program().object().bytes(format), bpf.getInt32(static_cast<std::uint32_t>(format.size())),
                                in_memory(call, values), bpf.getInt32(static_cast<std::uint32_t>(values.size() * word))});
}

template <FormatStyle style>
void lower_message(CallLowering& call) {
  send_formatted(call, style);
}

// Sums of several numbers are shown as they are, and so are buckets of a fixed width.
void check_selection(CallCheck& call) {
  const Type& type = call.type(0);
  if (!call.final() || !type.is_aggregation()) return;
  const bool all = type.aggregation() == Aggregation::stats;
  const bool numbers = all || type.aggregation() == Aggregation::lhist || type.aggregation() == Aggregation::series;
  auto ignored = [&](std::size_t index, std::string_view name) {
    call.diagnostics().report<DiagnosticId::ignored_argument>(call.argument(index).range, name, aggregation_name(type.aggregation()));
  };
  if (all && call.count() > 1 && call.facts(1).constant.value_or(0) != 0) ignored(1, "top");
  if (numbers && call.count() > 2 && call.facts(2).constant.value_or(1) > 1) ignored(2, "divisor");
}

void check_print(CallCheck& call) {
  if (call.facts(0).map_reference) {
    check_selection(call);
    for (std::size_t i = 1; i < call.count(); ++i) {
      if (call.facts(i).constant.value_or(0) < 0) {
        call.diagnostics().report<DiagnosticId::argument_value>(call.argument(i).range, "`top` and `divisor` of `print` can not be negative");
      }
    }
    return;
  }
  if (call.count() > 1) {
    call.diagnostics()
        .report<DiagnosticId::too_many_arguments>(call.argument(1).range, "print", "1", "argument", call.count())
        .with_help("`top` and `divisor` are for whole maps: `print(@x, 5)`");
    return;
  }
  check_record_size(call, 0);
}

void lower_print(CallLowering& call) {
  if (!call.facts(0).map_reference) {
    call.send(FormatStyle::print, "", 0, {stored(call.facts(0).type)});
    return;
  }
  BpfBuilder& bpf = call.bpf();
  call.probe().control(layout::ControlKind::print_map, call.map(0), bpf.number(static_cast<std::uint64_t>(call.constant(1, 0))),
                       bpf.number(static_cast<std::uint64_t>(call.constant(2, 0))));
}

void end_script(CallLowering& call, llvm::Value* code) {
  BpfBuilder& bpf = call.bpf();
  call.probe().control(layout::ControlKind::exit, 0, code, bpf.number(0));
  // From here on no attached program of the script does anything, on any CPU.
  bpf.store(bpf.number(1), bpf.at(call.program().run_state(), offsetof(layout::RunState, stop)), word);
  call.probe().leave();
}

void check_exit(CallCheck& call) {
  constexpr std::int64_t codes = 256;
  if (!call.final() || call.count() == 0) return;
  const auto& code = call.facts(0).constant;
  if (!code || (*code > -codes && *code < codes)) return;
  call.diagnostics().report<DiagnosticId::exit_code>(call.argument(0).range, *code, *code & (codes - 1)).with_help("exit codes are 0 to 255");
}

void lower_exit(CallLowering& call) { end_script(call, call.count() > 0 ? call.scalar(0) : call.bpf().number(0)); }

// The message is text, not a format.
void lower_assert(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  std::string format;
  for (char c : *call.facts(1).text) format += c == '%' ? "%%" : std::string(1, c);
  bpf.when(bpf.CreateICmpEQ(call.scalar(0), bpf.number(0)), [&] {
    call.send(FormatStyle::errorf, format, call.count(), {});
    end_script(call, bpf.number(1));
  });
}

}  // namespace

BuiltinFamily output_builtins() {
  static const Builtin rows[] = {
      {.prototype = "none printf(text format, ...)", .doc = "Prints values by a printf(3) format.", .check = check_file_printf, .lower = lower_printf,
       .writes_records = true, .writes_files = true},
      {.prototype = "none print(any|map value, [literal top], [literal divisor])",
       .doc = "Prints a value, or a map: its last `top` lines, numbers divided by `divisor`.", .check = check_print, .lower = lower_print,
       .writes_records = true},
      {.prototype = "none errorf(text format, ...)", .doc = "Prints like printf, on standard error as an error, with the place in the script.",
       .check = check_printf, .lower = lower_message<FormatStyle::errorf>, .writes_records = true},
      {.prototype = "none warnf(text format, ...)",
       .doc = "Prints like printf, on standard error as a warning, with the place in the script; --no-warnings mutes it.",
       .check = check_printf, .lower = lower_message<FormatStyle::warnf>, .writes_records = true},
      {.prototype = "none assert(bool|int|pointer condition, text message)",
       .doc = "Ends the script with a message, as an error, and exit code 1 if the condition is false.", .lower = lower_assert, .writes_records = true},
      {.prototype = "none exit([int code])", .doc = "Ends the script, with an exit code; END probes still run.", .check = check_exit, .lower = lower_exit},
  };
  return {"Output and control", rows};
}

}  // namespace fathom::codegen
