// Two styles of one message.
#include "runtime/output/message.h"

#include <fmt/format.h>

#include <algorithm>

#include "ast/display_text.h"

namespace fathom {

namespace {

// The source line with the place underlined; each line begins with `indent`.
std::string excerpt(const SourcePlace& place, std::string_view first_indent, std::string_view indent, char mark) {
  DisplayLine shown = display_line(place.text);
  std::string text(first_indent);
  for (const DisplayCell& cell : shown.cells) text += cell.text;
  std::uint32_t begin = shown.column_of(place.column - 1);
  std::uint32_t end = std::max(shown.column_of(place.end_column - 1), begin + 1);
  return fmt::format("{}\n{}{}{}\n", text, indent, std::string(begin, ' '), std::string(end - begin, mark));
}

std::string located(const SourcePlace& place, Severity severity, std::string_view text) {
  return fmt::format("{}:{}:{}-{}: {}: {}\n", place.file, place.line, place.column, place.end_column,
                     severity == Severity::error ? "ERROR" : "WARNING", text);
}

std::string like_bpftrace(const Message& message) {
  std::string text = located(*message.place, message.severity, message.help.empty() ? message.text : message.text + "; " + message.help);
  if (!message.helper.empty()) text += fmt::format("Additional Info - helper: {}, retcode: {}\n", message.helper, message.result);
  return text + excerpt(*message.place, "", "", '~');
}

std::string own(const Message& message) {
  const SourcePlace& place = *message.place;
  std::string gutter(fmt::to_string(place.line).size(), ' ');
  std::string text = fmt::format("{}: {}\n{}--> {}:{}:{}\n{} |\n", message.severity == Severity::error ? "error" : "warning", message.text, gutter,
                                 display_text(place.file), place.line, place.column, gutter);
  text += excerpt(place, fmt::format("{} | ", place.line), gutter + " | ", '^');
  if (!message.helper.empty()) text += fmt::format("{} = note: {} returned {}\n", gutter, message.helper, message.result);
  if (!message.help.empty()) text += fmt::format("{} = help: {}\n", gutter, message.help);
  return text;
}

}  // namespace

std::string to_text(const Message& message, MessageStyle style) {
  bool is_error = message.severity == Severity::error;
  const bool others = style == MessageStyle::bpftrace;
  if (message.place == nullptr || (others && message.kind == MessageKind::command)) {
    return fmt::format("{}: {}\n", is_error ? (others ? "ERROR" : "error") : others ? "WARNING" : "warning", message.text);
  }
  if (message.kind == MessageKind::said) return located(*message.place, message.severity, message.text);
  return style == MessageStyle::bpftrace ? like_bpftrace(message) : own(message);
}

}  // namespace fathom
