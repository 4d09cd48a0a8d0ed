// Decodes UTF-8 and decides for each character what a terminal gets to see and how many columns that takes.
#include "ast/display_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace fathom {

namespace {

struct CodeRange {
  char32_t first, last;
};

// Characters that move the cursor, reorder the line or can not be seen: they would make the shown source differ from the real one.
constexpr CodeRange deceptive[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x200b, 0x200f},
                                   {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}};
// Characters that take two columns (the large blocks of East Asian and pictographic ones).
constexpr CodeRange wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},  {0xfe30, 0xfe6f},
                              {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
constexpr CodeRange combining[] = {{0x300, 0x36f}, {0x1ab0, 0x1aff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};

template <std::size_t count>
bool in(const CodeRange (&ranges)[count], char32_t code) {
  return std::any_of(std::begin(ranges), std::end(ranges), [&](CodeRange range) { return range.first <= code && code <= range.last; });
}

struct Decoded {
  char32_t code;
  std::size_t length;
};

// The character at the start of `text`; empty where the bytes are not UTF-8 (overlong forms and surrogates included).
std::optional<Decoded> decode_utf8(std::string_view text) {
  auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  unsigned char lead = byte(0);
  if (lead < 0x80) return Decoded{lead, 1};
  std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return std::nullopt;
  char32_t code = lead & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
    code = (code << 6) | (byte(i) & 0x3fu);
  }
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < smallest[length] || surrogate || code > 0x10ffff) return std::nullopt;
  return Decoded{code, length};
}

struct Shown {
  std::string text;
  std::uint32_t columns;
  std::size_t length;  // bytes of the original
};

Shown spelled_out(std::string text, std::size_t length) {
  auto columns = static_cast<std::uint32_t>(text.size());
  return {std::move(text), columns, length};
}

Shown show(std::string_view text) {
  std::optional<Decoded> character = decode_utf8(text);
  if (!character) return spelled_out(fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0])), 1);
  auto [code, length] = *character;
  if (code == '\t') return {"    ", 4, 1};
  if (code < 0x80 && in(deceptive, code)) return spelled_out(fmt::format("\\x{:02x}", static_cast<unsigned>(code)), 1);
  if (in(deceptive, code)) return spelled_out(fmt::format("\\u{:04x}", static_cast<unsigned>(code)), length);
  std::uint32_t columns = in(combining, code) ? 0 : in(wide, code) ? 2 : 1;
  return {std::string(text.substr(0, length)), columns, length};
}

}  // namespace

std::uint32_t DisplayLine::column_of(std::size_t offset) const {
  // The last cell that starts at or before the offset: a range may begin in the middle of a character.
  auto next = std::upper_bound(cells.begin(), cells.end(), offset,
                               [](std::size_t wanted, const DisplayCell& cell) { return wanted < cell.offset; });
  if (next == cells.end()) return !cells.empty() && cells.back().offset == offset ? cells.back().column : width;
  return next == cells.begin() ? 0 : std::prev(next)->column;
}

DisplayLine display_line(std::string_view text) {
  DisplayLine line;
  for (std::size_t offset = 0; offset < text.size();) {
    Shown shown = show(text.substr(offset));
    line.cells.push_back({static_cast<std::uint32_t>(offset), line.width, std::move(shown.text)});
    line.width += shown.columns;
    offset += shown.length;
  }
  return line;
}

std::string display_text(std::string_view text) {
  std::string result;
  for (std::size_t offset = 0; offset < text.size();) {
    Shown shown = show(text.substr(offset));
    result += shown.text;
    offset += shown.length;
  }
  return result;
}

}  // namespace fathom
