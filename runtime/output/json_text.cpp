// Escapes, and what is UTF-8.
#include "runtime/output/json_text.h"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

namespace fathom {

namespace {

// Bytes of the UTF-8 character at the front, 0 where there is none: no overlong form, no half of a surrogate pair, nothing above U+10FFFF.
std::size_t character_length(std::string_view bytes) {
  auto at = [&](std::size_t index) { return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : std::uint8_t{0}; };
  std::uint8_t first = at(0);
  if (first < 0x80) return 1;
  std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < length) return 0;
  std::uint8_t least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  std::uint8_t most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (at(1) < least || at(1) > most) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

void append_json_string(std::string& text, std::string_view bytes) {
  text += '"';
  while (!bytes.empty()) {
    std::size_t length = character_length(bytes);
    char c = bytes.front();
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\r') {
      text += "\\r";
    } else if (c == '\t') {
      text += "\\t";
    } else if (length == 0 || byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(text), "\\u{:04x}", byte);
      length = 1;
    } else {
      text += bytes.substr(0, length);
    }
    bytes.remove_prefix(length);
  }
  text += '"';
}

}  // namespace fathom
