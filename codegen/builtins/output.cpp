// What the script says: printf, print, printk, and the end of the script.
#include <fmt/format.h>

#include "ast/check.h"
#include "ast/format_string.h"
#include "ast/text.h"
#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::uint32_t max_record = 64u << 10;       // bytes of one event
constexpr std::size_t max_direct_arguments = 3;       // of bpf_trace_printk()
constexpr std::size_t max_printk_arguments = 12;      // of bpf_trace_vprintk()

std::string spelled(const Conversion& conversion) {
  constexpr std::string_view lengths[] = {"", "hh", "h", "l", "ll", "j", "z", "t", "L"};
  return fmt::format("{}{}", lengths[static_cast<std::size_t>(conversion.length)], conversion.letters);
}

// Parses the format of argument 0 and compares it with the arguments behind it. Empty where something was reported.
std::optional<std::vector<FormatPiece>> check_format(CallCheck& call) {
  const std::string& format = *call.facts(0).text;
  auto pieces = parse_format(format);
  Range range = call.argument(0).range;
  if (!pieces) {
    call.diagnostics().report<DiagnosticId::bad_format>(range, pieces.error().message);
    return std::nullopt;
  }
  std::size_t wanted = argument_count(*pieces);
  std::size_t given = call.count() - 1;
  if (given < wanted) {
    call.diagnostics().report<DiagnosticId::format_too_few>(range, wanted, wanted == 1 ? "argument" : "arguments", given);
    return std::nullopt;
  }
  if (given > wanted) {
    call.diagnostics().report<DiagnosticId::format_too_many>(call.argument(wanted + 1).range, wanted, wanted == 1 ? "argument" : "arguments", given);
    return std::nullopt;
  }
  std::size_t argument = 1;
  bool fits = true;
  for (const FormatPiece& piece : *pieces) {
    if (!piece.has_conversion) continue;
    std::size_t stars = piece.conversion.arguments() - 1;
    for (std::size_t i = 0; i < stars; ++i, ++argument) {
      if (call.type(argument).is_integer() || call.type(argument).is_none()) continue;
      fits = false;
      call.diagnostics().report<DiagnosticId::format_type>(call.argument(argument).range, "*", to_string(call.type(argument)));
    }
    const Type& type = call.type(argument);
    if (!type.is_none() && !accepts(piece.conversion, type)) {
      fits = false;
      call.diagnostics()
          .report<DiagnosticId::format_type>(call.argument(argument).range, spelled(piece.conversion), to_string(type))
          .with_help(type.is_pointer() ? "" : "`%s` prints any value");
    }
    ++argument;
  }
  return fits ? std::move(*pieces) : std::optional<std::vector<FormatPiece>>();
}

bool check_printable(CallCheck& call, std::size_t index) {
  const Type& type = call.type(index);
  if (!(type.is(TypeKind::context) || type.is_structure()) || type.layout()) return true;
  call.diagnostics().report<DiagnosticId::not_storable>(call.argument(index).range, to_string(type), "record").with_help("print one of its members");
  return false;
}

void check_record_size(CallCheck& call, std::size_t first) {
  std::uint64_t size = 0;
  for (std::size_t i = first; i < call.count(); ++i) {
    if (!check_printable(call, i)) return;
    size += stored(call.type(i)).size();
  }
  if (size <= max_record) return;
  call.diagnostics().report<DiagnosticId::too_large>(call.range(), "what is printed here", size, max_record).with_help("print less at a time, or bound strings: `str(p, 64)`");
}

void check_printf(CallCheck& call) {
  if (check_format(call)) check_record_size(call, 1);
}

void lower_printf(CallLowering& call) {
  std::vector<Type> types;
  for (std::size_t i = 1; i < call.count(); ++i) types.push_back(stored(call.facts(i).type));
  call.send(FormatStyle::printf, *call.facts(0).text, 1, std::move(types));
}

// What bpf_trace_printk() understands: no precision, no `#`, no octal numbers; see Documentation/bpf and bpf_bprintf_prepare().
void check_printk(CallCheck& call) {
  auto pieces = check_format(call);
  if (!pieces) return;
  Range range = call.argument(0).range;
  auto refuse = [&](const std::string& what) {
    call.diagnostics()
        .report<DiagnosticId::bad_format>(range, fmt::format("the kernel's trace buffer can not print {}", what))
        .with_help("`printf` can");
  };
  std::size_t argument = 1;
  for (const FormatPiece& piece : *pieces) {
    if (!piece.has_conversion) continue;
    const Conversion& conversion = piece.conversion;
    if (conversion.arguments() > 1) return refuse("a width or precision given as `*`");
    if (conversion.precision >= 0) return refuse("a precision");
    if (conversion.flags.find('#') != std::string::npos) return refuse("the flag `#`");
    const Type& type = call.type(argument++);
    if (conversion.kind == ConversionClass::string) {
      if (!type.is_string() && !type.is_none()) return refuse(fmt::format("{} with `%s`", to_string(type)));
    } else if (conversion.kind == ConversionClass::buffer || conversion.kind == ConversionClass::character || conversion.letters == "o") {
      return refuse(fmt::format("`%{}`", conversion.letters));
    }
  }
  if (call.count() - 1 > max_printk_arguments) refuse(fmt::format("more than {} values at once", max_printk_arguments));
}

std::uint32_t bytes_of(LengthModifier length) {
  switch (length) {
    case LengthModifier::hh: return 1;
    case LengthModifier::h: return 2;
    case LengthModifier::none: return 4;
    case LengthModifier::l:
    case LengthModifier::ll:
    case LengthModifier::j:
    case LengthModifier::z:
    case LengthModifier::t:
    case LengthModifier::L: return word;
  }
  return word;
}

std::string escape_percent(std::string_view text) {
  std::string escaped;
  for (char c : text) escaped += c == '%' ? "%%" : std::string(1, c);
  return escaped;
}

void lower_printk(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  auto pieces = parse_format(*call.facts(0).text);
  std::string format = printk_mark;
  std::vector<llvm::Value*> values;
  std::size_t argument = 1;
  for (const FormatPiece& piece : *pieces) {
    format += escape_percent(piece.text);
    if (!piece.has_conversion) continue;
    const Conversion& conversion = piece.conversion;
    format += "%" + conversion.flags + (conversion.width >= 0 ? std::to_string(conversion.width) : "");
    if (conversion.kind == ConversionClass::string) {
      llvm::Value* text = call.probe().in_memory(call.argument(argument), call.facts(argument).type);
      values.push_back(bpf.CreatePtrToInt(text, bpf.getInt64Ty()));
      format += "s";
    } else if (conversion.kind == ConversionClass::pointer) {
      values.push_back(call.scalar(argument));
      format.insert(format.rfind('%'), "0x");
      format += "llx";
    } else {
      bool is_signed = conversion.letters == "d" || conversion.letters == "i";
      values.push_back(bpf.narrow(call.scalar(argument), bytes_of(conversion.length), is_signed));
      format += "ll" + conversion.letters;
    }
    ++argument;
  }
  call.program().plan().uses_printk = true;
  format += '\0';
  llvm::Value* text = call.program().object().bytes(format);
  llvm::Value* size = bpf.getInt32(static_cast<std::uint32_t>(format.size()));
  if (values.size() <= max_direct_arguments) {
    std::vector<llvm::Value*> arguments = {text, size};
    arguments.insert(arguments.end(), values.begin(), values.end());
    bpf.call(Helper::trace_printk, arguments);
    return;
  }
  llvm::Value* data = call.probe().temporary(static_cast<std::uint32_t>(values.size() * word));
  for (std::size_t i = 0; i < values.size(); ++i) bpf.store(values[i], bpf.at(data, i * word), word);
  bpf.call(Helper::trace_vprintk, {text, size, data, bpf.getInt32(static_cast<std::uint32_t>(values.size() * word))});
}

void check_print(CallCheck& call) {
  if (call.facts(0).map_reference) {
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

void lower_exit(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  llvm::Value* code = call.count() > 0 ? call.scalar(0) : bpf.number(0);
  call.probe().control(layout::ControlKind::exit, 0, code, bpf.number(0));
  // From here on no attached program of the script does anything, on any CPU.
  bpf.store(bpf.number(1), bpf.at(call.program().run_state(), offsetof(layout::RunState, stop)), word);
  call.probe().leave();
}

}  // namespace

BuiltinFamily output_builtins() {
  static const Builtin rows[] = {
      {.prototype = "none printf(text format, ...)", .doc = "Prints values by a printf(3) format.", .check = check_printf, .lower = lower_printf,
       .writes_records = true},
      {.prototype = "none print(any|map value, [literal top], [literal divisor])",
       .doc = "Prints a value, or a map: its last `top` lines, numbers divided by `divisor`.", .check = check_print, .lower = lower_print,
       .writes_records = true},
      {.prototype = "none printk(text format, ...)",
       .doc = "Writes a line to the kernel's trace buffer; the script's own lines are shown when it ends, with -v as they come.",
       .check = check_printk, .lower = lower_printk},
      {.prototype = "none exit([int code])", .doc = "Ends the script, with an exit code; END probes still run.", .lower = lower_exit},
  };
  return {"Output and control", rows};
}

}  // namespace fathom::codegen
