// printf formats, cut into pieces: the one reader that check, the code generator and the output all use.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "ast/types.h"

namespace fathom {

// The largest width and precision; larger ones are a FormatProblem, and larger `*` arguments count as this.
inline constexpr int max_format_width = 65535;

enum class LengthModifier : std::uint8_t { none, hh, h, l, ll, j, z, t, L };

// How a conversion reads its argument.
enum class ConversionClass : std::uint8_t {
  integer,    // d i u o x X
  character,  // c
  string,     // s: any printable value
  pointer,    // p
  buffer,     // r, rx, rh
  gfp_flags,  // gr: flags of the kernel's memory allocator
};

struct Conversion {
  std::string flags;            // of "-+ #0", in the order written
  bool width_argument = false;  // `*`: an integer argument before the value
  int width = -1;               // -1: none
  bool precision_argument = false;
  int precision = -1;           // -1: none; "%.s" is 0
  LengthModifier length = LengthModifier::none;
  std::string letters;          // "d", "rx"
  ConversionClass kind = ConversionClass::integer;

  // Arguments that it takes: itself, and one for each `*`.
  unsigned arguments() const { return 1u + width_argument + precision_argument; }
};

// A stretch of text, then a conversion; the last piece may be text alone. `%%` is already a `%` in the text.
struct FormatPiece {
  std::string text;
  bool has_conversion = false;
  Conversion conversion;
  std::size_t offset = 0;  // of the `%` in the format
};

struct FormatProblem {
  std::string message;
  std::size_t offset = 0;  // in the format, bytes
  std::size_t length = 1;
};

std::expected<std::vector<FormatPiece>, FormatProblem> parse_format(std::string_view format);

// Number of arguments that all conversions together take.
std::size_t argument_count(const std::vector<FormatPiece>& pieces);

// Whether a value of this type can be given to the conversion.
bool accepts(const Conversion& conversion, const Type& type);

}  // namespace fathom
