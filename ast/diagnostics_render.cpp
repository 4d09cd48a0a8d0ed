// What one diagnostic looks like on a terminal: message, place, the source line with the range underlined, labels, help.
// Nothing that comes from the script reaches the terminal unseen: see ast/display_text.h.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "ast/diagnostics.h"
#include "ast/display_text.h"

namespace fathom {

namespace {

// Lines with more bytes than this are cut around the range.
constexpr std::size_t long_line = 200;
// Columns that are shown of a cut line, and how many of them stand before the range.
constexpr std::uint32_t window_columns = 160;
constexpr std::uint32_t window_before = 60;

enum class Style : std::uint8_t { error, warning, bold, gutter };

class Renderer {
 public:
  Renderer(const Diagnostic& diagnostic, const SourceFile& source, bool color) : diagnostic_(diagnostic), source_(source), color_(color) {}

  std::string render();

 private:
  // A label together with the line it starts on.
  struct Mark {
    std::uint32_t row;   // counted through all files
    std::uint32_t line;  // in its file
    std::uint32_t begin;  // offset in the whole text
    Range range;  // cut to that line, not empty unless it stands behind the line's last byte; offsets within the line
    std::string text;
    bool primary;
  };

  Mark mark(Range range, std::string text, bool primary) const;
  std::vector<Mark> marks() const;
  // The labels, and where the macros were called that the range came out of.
  std::vector<Diagnostic::Label> labels() const;
  Style style() const { return row_of(diagnostic_.id).severity == Severity::error ? Style::error : Style::warning; }
  std::string paint(Style style, std::string_view text) const;
  void line(std::string_view gutter, std::string_view text);
  void excerpt(const std::vector<Mark>& marks, std::size_t first, std::size_t last);
  void cut_excerpt(const Mark& mark);
  void underline(const Mark& mark, std::uint32_t begin, std::uint32_t end);

  const Diagnostic& diagnostic_;
  const SourceFile& source_;
  bool color_;
  std::size_t gutter_ = 1;  // columns of the line numbers
  std::string text_;
};

std::string Renderer::paint(Style style, std::string_view text) const {
  if (!color_ || text.empty()) return std::string(text);
  std::string_view code;
  switch (style) {
    case Style::error: code = "1;31"; break;
    case Style::warning: code = "1;33"; break;
    case Style::bold: code = "1"; break;
    case Style::gutter: code = "1;34"; break;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

Renderer::Mark Renderer::mark(Range range, std::string text, bool primary) const {
  range = source_.written(range);
  auto size = static_cast<std::uint32_t>(source_.text().size());
  std::uint32_t begin = std::min(range.begin, size);
  Position place = source_.position(begin);
  std::uint32_t row = source_.row(begin);
  auto length = static_cast<std::uint32_t>(source_.line(row).size());
  std::uint32_t first = std::min(place.column - 1, length);
  std::uint32_t bytes = range.end > begin ? range.end - begin : 0;
  std::uint32_t last = std::min(length - first, bytes) + first;
  return {row, place.line, begin, {first, last}, std::move(text), primary};
}

std::vector<Diagnostic::Label> Renderer::labels() const {
  constexpr std::size_t most_calls = 8;
  std::vector<Diagnostic::Label> labels = diagnostic_.labels;
  std::optional<Range> call = source_.expanded_at(diagnostic_.range);
  for (std::size_t i = 0; call && i < most_calls; ++i, call = source_.expanded_at(*call)) labels.push_back({*call, "expanded from here"});
  return labels;
}

// The primary range with all that is said about it, then the other labels: those on the same line, then line by line.
std::vector<Renderer::Mark> Renderer::marks() const {
  std::vector<Mark> others;
  std::string here;
  for (const Diagnostic::Label& label : labels()) {
    if (label.range == diagnostic_.range) {
      here += (here.empty() ? "" : "; ") + label.text;
    } else {
      others.push_back(mark(label.range, label.text, false));
    }
  }
  Mark primary = mark(diagnostic_.range, std::move(here), true);
  std::size_t file = source_.file(primary.begin);
  auto rank = [&](const Mark& one) { return std::tuple(one.row != primary.row, source_.file(one.begin) != file, one.row, one.range.begin, one.range.end); };
  std::sort(others.begin(), others.end(), [&](const Mark& a, const Mark& b) { return rank(a) < rank(b); });
  others.insert(others.begin(), std::move(primary));
  return others;
}

// One line of the excerpt: line number or blanks, the bar, the text.
void Renderer::line(std::string_view gutter, std::string_view text) {
  text_ += paint(Style::gutter, fmt::format("{:>{}} |", gutter, gutter_));
  if (!text.empty()) {
    text_ += ' ';
    text_ += text;
  }
  text_ += '\n';
}

// `begin` and `end` are columns of the shown text; an empty stretch still gets one mark.
void Renderer::underline(const Mark& mark, std::uint32_t begin, std::uint32_t end) {
  std::string carets(std::max(end, begin + 1) - begin, mark.primary ? '^' : '-');
  if (!mark.text.empty()) carets += " " + display_text(mark.text);
  line("", std::string(begin, ' ') + paint(mark.primary ? style() : Style::gutter, carets));
}

void Renderer::cut_excerpt(const Mark& mark) {
  DisplayLine shown = display_line(source_.line(mark.row));
  std::uint32_t begin = shown.column_of(mark.range.begin);
  std::uint32_t end = shown.column_of(mark.range.end);
  std::uint32_t window_begin = begin > window_before ? begin - window_before : 0;
  std::uint32_t window_end = window_begin + window_columns;
  std::string text;
  std::uint32_t origin = shown.width;  // column of the first cell that is shown
  std::uint32_t last = 0;              // column behind the last one
  for (std::size_t i = 0; i < shown.cells.size(); ++i) {
    std::uint32_t next = i + 1 < shown.cells.size() ? shown.cells[i + 1].column : shown.width;
    if (shown.cells[i].column < window_begin || next > window_end) continue;
    origin = std::min(origin, shown.cells[i].column);
    last = next;
    text += shown.cells[i].text;
  }
  std::uint32_t shift = origin > 0 ? 1 : 0;  // the mark of the cut takes a column
  line(fmt::to_string(mark.line), (shift ? "…" : "") + text + (last < shown.width ? "…" : ""));
  underline(mark, begin - origin + shift, std::max(std::min(end, last), begin) - origin + shift);
}

// Marks first … last - 1 stand on one line.
void Renderer::excerpt(const std::vector<Mark>& marks, std::size_t first, std::size_t last) {
  std::string_view source = source_.line(marks[first].row);
  line("", "");
  if (source.size() > long_line) {
    for (std::size_t i = first; i < last; ++i) cut_excerpt(marks[i]);
    return;
  }
  DisplayLine shown = display_line(source);
  std::string text;
  for (const DisplayCell& cell : shown.cells) text += cell.text;
  line(fmt::to_string(marks[first].line), text);
  for (std::size_t i = first; i < last; ++i) {
    underline(marks[i], shown.column_of(marks[i].range.begin), shown.column_of(marks[i].range.end));
  }
}

std::string Renderer::render() {
  const DiagnosticRow& row = row_of(diagnostic_.id);
  text_ = paint(style(), row.severity == Severity::error ? "error" : "warning") +
          paint(Style::bold, fmt::format(": {}", display_text(diagnostic_.message))) + fmt::format(" [{}]\n", row.name);
  std::vector<Mark> all = marks();
  for (const Mark& one : all) gutter_ = std::max(gutter_, fmt::to_string(one.line).size());
  auto head = [&](const char* arrow, const Mark& mark) {
    text_ += std::string(gutter_, ' ') + paint(Style::gutter, arrow) +
             fmt::format(" {}:{}:{}\n", display_text(source_.name(mark.begin)), mark.line, source_.position(mark.begin).column);
  };
  head("-->", all.front());
  for (std::size_t first = 0; first < all.size();) {
    if (first > 0 && source_.file(all[first].begin) != source_.file(all[first - 1].begin)) head(":::", all[first]);
    std::size_t last = first + 1;
    while (last < all.size() && all[last].row == all[first].row) ++last;
    excerpt(all, first, last);
    first = last;
  }
  for (const std::string& help : diagnostic_.help) {
    text_ += std::string(gutter_ + 1, ' ') + paint(Style::gutter, "=") + paint(Style::bold, " help") + ": " + display_text(help) + '\n';
  }
  return std::move(text_);
}

}  // namespace

std::string render(const Diagnostic& diagnostic, const SourceFile& source, bool color) {
  return Renderer(diagnostic, source, color).render();
}

}  // namespace fathom
