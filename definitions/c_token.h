// The tokens of C as the preprocessor sees them. A token knows where in the script it stands; one that comes from a header stands at the
// `#include` that brought it in, and keeps its file and line, so that every message can name a place that the user can look at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ast/source.h"

namespace fathom {

enum class CKind : std::uint8_t { identifier, number, character, string, punctuator, end };

// Number 0 is the script itself.
using FileNumber = std::uint32_t;

struct Place {
  Range range;          // in the script
  FileNumber file = 0;  // where it really stands
  std::uint32_t line = 0;  // in that file; 0 for the script, whose ranges are exact
};

struct CToken {
  CKind kind = CKind::end;
  std::string text;  // as written, quotes included
  Place place;
  bool begins_line = false;  // the first of its logical line
  bool after_blank = false;

  bool is(std::string_view spelling) const { return text == spelling && kind != CKind::string && kind != CKind::character; }
};

using CTokens = std::vector<CToken>;

// Cuts text of the script, which begins there at byte `offset`.
CTokens tokenize_script(std::string_view text, std::uint32_t offset);
// Cuts the text of a header that the `#include` at `from` brought in.
CTokens tokenize_header(std::string_view text, Range from, FileNumber file);

// The bytes of a string literal without its quotes, escapes replaced.
std::string string_value(const CToken& literal);

}  // namespace fathom
