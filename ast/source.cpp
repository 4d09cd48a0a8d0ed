// Line index and look-ups of a source text.
#include "ast/source.h"

#include <algorithm>

namespace fathom {

Range join(Range first, Range last) { return {std::min(first.begin, last.begin), std::max(first.end, last.end)}; }

SourceFile::SourceFile(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(static_cast<std::uint32_t>(i + 1));
  }
}

std::string_view SourceFile::text(Range range) const {
  std::string_view all = text_;
  std::size_t begin = std::min<std::size_t>(range.begin, all.size());
  std::size_t end = std::min<std::size_t>(range.end, all.size());
  return all.substr(begin, end > begin ? end - begin : 0);
}

Position SourceFile::position(std::uint32_t offset) const {
  auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  auto line = static_cast<std::uint32_t>(next - line_starts_.begin());
  return {line, offset - line_starts_[line - 1] + 1};
}

std::string_view SourceFile::line(std::uint32_t number) const {
  if (number == 0 || number > line_starts_.size()) return {};
  std::size_t begin = line_starts_[number - 1];
  std::size_t end = number < line_starts_.size() ? line_starts_[number] - 1 : text_.size();
  std::string_view line = std::string_view(text_).substr(begin, end - begin);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace fathom
