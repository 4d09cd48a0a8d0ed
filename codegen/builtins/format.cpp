// Formats of printf() and its kin.
#include "codegen/builtins/format.h"

#include <fmt/format.h>

#include "ast/text.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t max_record = 64u << 10;  // bytes of one event

std::string spelled(const Conversion& conversion) {
  constexpr std::string_view lengths[] = {"", "hh", "h", "l", "ll", "j", "z", "t", "L"};
  return fmt::format("{}{}", lengths[static_cast<std::size_t>(conversion.length)], conversion.letters);
}

// A `char *` looks like a string, and what it points to is seldom wanted as a number.
void warn_of_address(CallCheck& call, const Conversion& conversion, std::size_t argument) {
  const Type& type = call.type(argument);
  if (conversion.letters != "s" || !type.is_pointer() || !type.pointee().is_integer() || type.pointee().size() != 1) return;
  call.diagnostics().report<DiagnosticId::address_printed>(call.argument(argument).range).with_help("`str(POINTER)` reads the text");
}

bool check_printable(CallCheck& call, std::size_t index) {
  const Type& type = call.type(index);
  if (!(type.is(TypeKind::context) || type.is_structure()) || type.layout()) return true;
  call.diagnostics().report<DiagnosticId::not_storable>(call.argument(index).range, to_string(type), "record").with_help("print one of its members");
  return false;
}

}  // namespace

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
    warn_of_address(call, piece.conversion, argument);
    ++argument;
  }
  return fits ? std::move(*pieces) : std::optional<std::vector<FormatPiece>>();
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

void send_formatted(CallLowering& call, FormatStyle style) {
  std::vector<Type> types;
  for (std::size_t i = 1; i < call.count(); ++i) types.push_back(stored(call.facts(i).type));
  call.send(style, *call.facts(0).text, 1, std::move(types));
}

}  // namespace fathom::codegen
