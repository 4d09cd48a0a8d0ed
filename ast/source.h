// Source text and places in it. Every token, node and diagnostic carries a Range of byte offsets into one SourceFile;
// lines and columns are computed only when something is printed. The text is that of the script and, behind it, those of the files that it
// imports; offsets beyond all text stand for copies of a piece of it (a macro's body) at the places where it was expanded.
#pragma once

#include <cstdint>
#include <optional>
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

  // Adds another file; returns where its text begins.
  std::uint32_t append(std::string name, std::string_view text);
  // A copy of the text in `original` that stands for what is written at `call`; returns the offset at which the copy begins.
  std::uint32_t expand(Range original, Range call);

  // The script's own name, and that of the file which an offset is in.
  const std::string& name() const { return files_.front().name; }
  const std::string& name(std::uint32_t offset) const { return files_[file(offset)].name; }
  // The number of the file: 0 is the script.
  std::size_t file(std::uint32_t offset) const;
  // All text, and a piece of it.
  std::string_view text() const { return text_; }
  std::string_view text(Range range) const;
  // The text of one file, and the range of it in the whole.
  Range extent(std::size_t file) const;
  // The line counts in the file that the offset is in.
  Position position(std::uint32_t offset) const;
  // The line that an offset is in, counted through all files, and its text without the line break.
  std::uint32_t row(std::uint32_t offset) const;
  std::string_view line(std::uint32_t row) const;

  // Where the range is written, if it lies in a copy; else itself.
  Range written(Range range) const;
  // Where the copy stands that the range lies in.
  std::optional<Range> expanded_at(Range range) const;

 private:
  struct File {
    std::string name;
    std::uint32_t begin;
    std::uint32_t first_row;  // 0 for the first file's first line
  };
  struct Copy {
    std::uint32_t begin;
    Range original;
    Range call;
  };
  const Copy* copy(std::uint32_t offset) const;
  std::uint32_t written(std::uint32_t offset) const;
  void note_lines(std::size_t from);

  std::string text_;
  std::vector<File> files_;
  std::vector<std::uint32_t> line_starts_;
  std::vector<Copy> copies_;  // by where they begin
  std::uint32_t copies_end_;
};

// A file that an import names.
struct ImportedFile {
  std::string path;      // as diagnostics show it
  std::string identity;  // absolute, the same for all ways to write it
  std::string text;      // of scripts; headers are not read
};

}  // namespace fathom
