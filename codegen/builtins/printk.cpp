// Lines in the kernel's trace buffer: printk(), which fathom shows, and debugf(), which others read there.
#include <fmt/format.h>

#include "codegen/builtins/format.h"
#include "codegen/builtins/list.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::string_view trace_buffer = "the kernel's trace buffer";
constexpr std::size_t max_direct_arguments = 3;   // of bpf_trace_printk()
constexpr std::size_t max_printk_arguments = 12;  // of bpf_trace_vprintk()

}  // namespace

// What bpf_trace_printk() understands: no precision, no `#`, no octal numbers; see Documentation/bpf and bpf_bprintf_prepare().
bool check_kernel_format(CallCheck& call, std::size_t most, std::string_view what_prints) {
  auto pieces = check_format(call);
  if (!pieces) return false;
  Range range = call.argument(0).range;
  auto refuse = [&](const std::string& what) {
    call.diagnostics()
        .report<DiagnosticId::bad_format>(range, fmt::format("{} can not print {}", what_prints, what))
        .with_help(what_prints == trace_buffer ? "`printf` can" : "");
    return false;
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
    } else if (conversion.kind == ConversionClass::buffer || conversion.kind == ConversionClass::gfp_flags || conversion.kind == ConversionClass::character || conversion.letters == "o") {
      return refuse(fmt::format("`%{}`", conversion.letters));
    }
  }
  return call.count() - 1 <= most || refuse(fmt::format("more than {} values at once", most));
}

namespace {

void check_printk(CallCheck& call) {
  if (!check_kernel_format(call, max_printk_arguments, trace_buffer) || !call.final()) return;
  if (call.count() <= max_direct_arguments + 1 || call.target().has(Feature::long_printk)) return;
  call.diagnostics()
      .report<DiagnosticId::missing_feature>(call.range(), fmt::format("`printk` with {} values", call.count() - 1), absence_of(Feature::long_printk))
      .with_help("write several lines, or use `printf`");
}

void check_debugf(CallCheck& call) {
  if (!check_kernel_format(call, max_direct_arguments, trace_buffer)) return;
  call.diagnostics().report<DiagnosticId::shared_trace_buffer>(call.range(), call.name()).with_help("`printf` writes to fathom's own output");
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

}  // namespace

KernelText kernel_text(CallLowering& call, std::string prefix) {
  std::string format = std::move(prefix);
  BpfBuilder& bpf = call.bpf();
  auto pieces = parse_format(*call.facts(0).text);
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
  format += '\0';
  return {std::move(format), std::move(values)};
}

llvm::Value* in_memory(CallLowering& call, const std::vector<llvm::Value*>& values) {
  BpfBuilder& bpf = call.bpf();
  if (values.empty()) return llvm::ConstantPointerNull::get(bpf.getPtrTy());
  llvm::Value* data = call.probe().temporary(static_cast<std::uint32_t>(values.size() * word));
  for (std::size_t i = 0; i < values.size(); ++i) bpf.store(values[i], bpf.at(data, i * word), word);
  return data;
}

namespace {

void write_trace(CallLowering& call, std::string prefix) {
  BpfBuilder& bpf = call.bpf();
  const auto [format, values] = kernel_text(call, std::move(prefix));
  llvm::Value* text = call.program().object().bytes(format);
  llvm::Value* size = bpf.getInt32(static_cast<std::uint32_t>(format.size()));
  if (values.size() <= max_direct_arguments) {
    std::vector<llvm::Value*> arguments = {text, size};
    arguments.insert(arguments.end(), values.begin(), values.end());
    bpf.call(Helper::trace_printk, arguments);
    return;
  }
  bpf.call(Helper::trace_vprintk, {text, size, in_memory(call, values), bpf.getInt32(static_cast<std::uint32_t>(values.size() * word))});
}

void lower_printk(CallLowering& call) {
  call.program().plan().uses_printk = true;
  write_trace(call, printk_mark);
}

void lower_debugf(CallLowering& call) { write_trace(call, ""); }

}  // namespace

BuiltinFamily printk_builtins() {
  static const Builtin rows[] = {
      {.prototype = "none printk(text format, ...)",
       .doc = "Writes a line to the kernel's trace buffer; the script's own lines are shown when it ends, with -v as they come.",
       .check = check_printk, .lower = lower_printk},
      {.prototype = "none debugf(text format, ...)",
       .doc = "Writes a line of at most three values to the kernel's trace buffer and leaves it there, for trace_pipe.",
       .check = check_debugf, .lower = lower_debugf},
  };
  return {"The kernel's trace buffer", rows};
}

}  // namespace fathom::codegen
