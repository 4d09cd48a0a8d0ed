// Text as a terminal may show it: bytes of unknown origin (a script, a file name) cut into cells that can do no harm. Control
// characters, invalid UTF-8 and characters that reorder or hide text are spelled out; tabs become blanks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fathom {

// One character of the original with what is shown for it.
struct DisplayCell {
  std::uint32_t offset = 0;  // of its first byte in the original
  std::uint32_t column = 0;  // where it starts on the screen, from 0
  std::string text;
};

// A line of source cut into cells. `width`: columns of all of them.
struct DisplayLine {
  std::vector<DisplayCell> cells;
  std::uint32_t width = 0;

  // The column at which the character with this byte offset starts; `width` for offsets behind the line.
  std::uint32_t column_of(std::size_t offset) const;
};

// `text` without its line break. A tab takes 4 columns wherever it stands.
DisplayLine display_line(std::string_view text);

// The same for running text such as a message; line breaks are spelled out too.
std::string display_text(std::string_view text);

}  // namespace fathom
