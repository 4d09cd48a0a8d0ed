// Source text and places in it. Every token, node and diagnostic carries a Range of byte offsets into one SourceFile;
// lines and columns are computed only when something is printed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fathom {

// Byte offsets into a source text; `end` is exclusive.
struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  friend bool operator==(const Range&, const Range&) = default;
};

// The smallest range that covers both.
Range join(Range first, Range last);

// A place as people count it: both start at 1, columns in bytes.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

class SourceFile {
 public:
  // `name` is what diagnostics print: a path, or "stdin" for -e and `-`.
  SourceFile(std::string name, std::string text);

  const std::string& name() const { return name_; }
  std::string_view text() const { return text_; }
  std::string_view text(Range range) const;
  Position position(std::uint32_t offset) const;
  // The text of a line (1-based) without its line break.
  std::string_view line(std::uint32_t number) const;

 private:
  std::string name_;
  std::string text_;
  std::vector<std::uint32_t> line_starts_;
};

}  // namespace fathom
