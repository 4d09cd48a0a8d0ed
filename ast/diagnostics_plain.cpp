// Diagnostics as bpftrace lays them out, for those who call fathom by that name: place, message, source line, a line of tildes.
#include <fmt/format.h>

#include <algorithm>

#include "ast/diagnostics.h"
#include "ast/display_text.h"
#include "ast/text.h"

namespace fathom {

namespace {

std::string located(const SourceFile& source, Range range, std::string_view what) {
  auto size = static_cast<std::uint32_t>(source.text().size());
  Position first = source.position(std::min(range.begin, size));
  Position last = source.position(std::min(std::max(range.begin, range.end), size));
  std::string name = display_text(source.name());
  if (first.line != last.line) return fmt::format("{}:{}-{}: {}\n", name, first.line, last.line, what);
  std::uint32_t end = std::max(last.column, first.column + 1);
  DisplayLine line = display_line(source.line(first.line));
  std::string text;
  for (const DisplayCell& cell : line.cells) text += cell.text;
  std::uint32_t begin_column = line.column_of(first.column - 1);
  std::uint32_t end_column = std::max(line.column_of(end - 1), begin_column + 1);
  return fmt::format("{}:{}:{}-{}: {}\n{}\n{}{}\n", name, first.line, first.column, end, what, text, std::string(begin_column, ' '),
                     std::string(end_column - begin_column, '~'));
}

}  // namespace

std::string render_plainly(const Diagnostic& diagnostic, const SourceFile& source) {
  bool is_error = row_of(diagnostic.id).severity == Severity::error;
  std::string_view word = is_error ? "ERROR" : "WARNING";
  std::string text = located(source, diagnostic.range, fmt::format("{}: {}", word, display_text(diagnostic.message)));
  for (const Diagnostic::Label& label : diagnostic.labels) text += located(source, label.range, fmt::format("{}: {}", word, display_text(label.text)));
  for (const std::string& help : diagnostic.help) text += fmt::format("HINT: {}\n", display_text(under_other_name(help)));
  return text;
}

}  // namespace fathom
