// Line index, files and copies of a source text.
#include "ast/source.h"

#include <algorithm>

namespace fathom {

namespace {

// Offsets from here on belong to copies.
constexpr std::uint32_t first_copy = 0x80000000;

}  // namespace

Range join(Range first, Range last) { return {std::min(first.begin, last.begin), std::max(first.end, last.end)}; }

SourceFile::SourceFile(std::string name, std::string text) : text_(std::move(text)), copies_end_(first_copy) {
  files_.push_back({std::move(name), 0, 0});
  line_starts_.push_back(0);
  note_lines(0);
}

void SourceFile::note_lines(std::size_t from) {
  for (std::size_t i = from; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(static_cast<std::uint32_t>(i + 1));
  }
}

std::uint32_t SourceFile::append(std::string name, std::string_view text) {
  text_ += '\n';  // no line belongs to two files
  auto begin = static_cast<std::uint32_t>(text_.size());
  line_starts_.push_back(begin);
  files_.push_back({std::move(name), begin, static_cast<std::uint32_t>(line_starts_.size() - 1)});
  text_ += text;
  note_lines(begin);
  return begin;
}

std::uint32_t SourceFile::expand(Range original, Range call) {
  std::uint32_t begin = copies_end_;
  copies_.push_back({begin, original, call});
  copies_end_ += original.end - original.begin + 1;
  return begin;
}

const SourceFile::Copy* SourceFile::copy(std::uint32_t offset) const {
  if (offset < first_copy || copies_.empty()) return nullptr;
  auto next = std::upper_bound(copies_.begin(), copies_.end(), offset, [](std::uint32_t value, const Copy& copy) { return value < copy.begin; });
  return next == copies_.begin() ? nullptr : &*std::prev(next);
}

std::uint32_t SourceFile::written(std::uint32_t offset) const {
  const Copy* known = copy(offset);
  return known == nullptr ? offset : offset - known->begin + known->original.begin;
}

Range SourceFile::written(Range range) const {
  std::uint32_t begin = written(range.begin);
  return {begin, range.end >= range.begin ? begin + (range.end - range.begin) : begin};
}

std::optional<Range> SourceFile::expanded_at(Range range) const {
  const Copy* known = copy(range.begin);
  return known == nullptr ? std::nullopt : std::optional(known->call);
}

std::size_t SourceFile::file(std::uint32_t offset) const {
  offset = written(offset);
  auto next = std::upper_bound(files_.begin(), files_.end(), offset, [](std::uint32_t value, const File& file) { return value < file.begin; });
  return static_cast<std::size_t>(next - files_.begin()) - 1;
}

Range SourceFile::extent(std::size_t file) const {
  bool is_last = file + 1 == files_.size();
  return {files_[file].begin, is_last ? static_cast<std::uint32_t>(text_.size()) : files_[file + 1].begin - 1};
}

std::string_view SourceFile::text(Range range) const {
  range = written(range);
  std::string_view all = text_;
  std::size_t begin = std::min<std::size_t>(range.begin, all.size());
  std::size_t end = std::min<std::size_t>(range.end, all.size());
  return all.substr(begin, end > begin ? end - begin : 0);
}

std::uint32_t SourceFile::row(std::uint32_t offset) const {
  auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), written(offset));
  return static_cast<std::uint32_t>(next - line_starts_.begin());
}

Position SourceFile::position(std::uint32_t offset) const {
  std::uint32_t number = row(offset);
  return {number - files_[file(offset)].first_row, written(offset) - line_starts_[number - 1] + 1};
}

std::string_view SourceFile::line(std::uint32_t row) const {
  if (row == 0 || row > line_starts_.size()) return {};
  std::size_t begin = line_starts_[row - 1];
  std::size_t end = row < line_starts_.size() ? line_starts_[row] - 1 : text_.size();
  std::string_view line = std::string_view(text_).substr(begin, end - begin);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace fathom
