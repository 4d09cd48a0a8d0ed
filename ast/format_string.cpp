// Cuts printf formats into pieces. All that C allows is read: flags, width, precision, `*`, length modifiers; what C leaves undefined
// but scripts get away with (a length modifier before %s, a flag that has no effect) is accepted and means nothing.
#include "ast/format_string.h"

#include <fmt/format.h>

#include <optional>

namespace fathom {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Reader {
 public:
  explicit Reader(std::string_view format) : format_(format) {}

  std::expected<std::vector<FormatPiece>, FormatProblem> read();

 private:
  bool at_end() const { return position_ == format_.size(); }
  char next() const { return at_end() ? '\0' : format_[position_]; }
  bool take(char c) {
    if (at_end() || next() != c) return false;
    ++position_;
    return true;
  }
  // The digits at the position, -1 where there are none; empty where the number is too large.
  std::optional<int> number();
  LengthModifier length_modifier();
  std::optional<FormatProblem> measure(Conversion& conversion);
  std::optional<FormatProblem> letters(Conversion& conversion);
  std::optional<FormatProblem> conversion(Conversion& conversion);
  FormatProblem problem(std::string message, std::size_t from) const { return {std::move(message), from, position_ - from}; }

  std::string_view format_;
  std::size_t position_ = 0;
  std::size_t start_ = 0;  // of the conversion at hand
};

std::optional<int> Reader::number() {
  if (!is_digit(next())) return -1;
  int value = 0;
  bool too_large = false;
  while (is_digit(next())) {
    value = value * 10 + (next() - '0');
    too_large = too_large || value > max_format_width;
    if (too_large) value = 0;
    ++position_;
  }
  if (too_large) return std::nullopt;
  return value;
}

// Width and precision.
std::optional<FormatProblem> Reader::measure(Conversion& conversion) {
  std::size_t begin = position_;
  conversion.width_argument = take('*');
  if (!conversion.width_argument) {
    std::optional<int> width = number();
    if (!width) return problem(fmt::format("the width is larger than {}", max_format_width), begin);
    conversion.width = *width;
  }
  if (!take('.')) return std::nullopt;
  begin = position_;
  conversion.precision_argument = take('*');
  if (conversion.precision_argument) return std::nullopt;
  std::optional<int> precision = number();
  if (!precision) return problem(fmt::format("the precision is larger than {}", max_format_width), begin);
  conversion.precision = *precision < 0 ? 0 : *precision;
  return std::nullopt;
}

LengthModifier Reader::length_modifier() {
  if (take('h')) return take('h') ? LengthModifier::hh : LengthModifier::h;
  if (take('l')) return take('l') ? LengthModifier::ll : LengthModifier::l;
  if (take('j')) return LengthModifier::j;
  if (take('z')) return LengthModifier::z;
  if (take('t')) return LengthModifier::t;
  if (take('L')) return LengthModifier::L;
  return LengthModifier::none;
}

// What is wrong with a conversion letter; the position stands behind it.
std::string unknown_conversion(std::string_view text, char letter) {
  constexpr std::string_view floating = "aAeEfFgG";
  if (letter == '%') return fmt::format("`{}` has something between the percent signs; `%%` prints one", text);
  if (floating.find(letter) != std::string_view::npos) return fmt::format("`{}` prints a floating point number, and there are none", text);
  if (letter < ' ' || letter > '~') return "no conversion letter follows the `%`; `%%` prints a percent sign";
  return fmt::format("`{}` is no conversion; `%%` prints a percent sign", text);
}

std::optional<FormatProblem> Reader::letters(Conversion& conversion) {
  if (at_end()) return problem("the format ends inside a conversion; `%%` prints a percent sign", start_);
  char letter = format_[position_++];
  conversion.letters = letter;
  switch (letter) {
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X': conversion.kind = ConversionClass::integer; return std::nullopt;
    case 'c': conversion.kind = ConversionClass::character; return std::nullopt;
    case 's': conversion.kind = ConversionClass::string; return std::nullopt;
    case 'p': conversion.kind = ConversionClass::pointer; return std::nullopt;
    case 'r':
      conversion.kind = ConversionClass::buffer;
      if (next() == 'x' || next() == 'h') conversion.letters += format_[position_++];
      return std::nullopt;
    case 'g':
      if (!take('r')) return problem(unknown_conversion(format_.substr(start_, position_ - start_), letter), start_);
      conversion.letters += 'r';
      conversion.kind = ConversionClass::gfp_flags;
      return std::nullopt;
    default:  // a character, not an enumeration of ours
      return problem(unknown_conversion(format_.substr(start_, position_ - start_), letter), start_);
  }
}

std::optional<FormatProblem> Reader::conversion(Conversion& conversion) {
  constexpr std::string_view flags = "-+ #0";
  while (!at_end() && flags.find(next()) != std::string_view::npos) conversion.flags += format_[position_++];
  if (std::optional<FormatProblem> wrong = measure(conversion)) return wrong;
  conversion.length = length_modifier();
  return letters(conversion);
}

std::expected<std::vector<FormatPiece>, FormatProblem> Reader::read() {
  std::vector<FormatPiece> pieces;
  FormatPiece piece;
  while (!at_end()) {
    start_ = position_;
    char c = format_[position_++];
    if (c != '%' || take('%')) {
      piece.text += c;
      continue;
    }
    piece.has_conversion = true;
    piece.offset = start_;
    if (std::optional<FormatProblem> wrong = conversion(piece.conversion)) return std::unexpected(std::move(*wrong));
    pieces.push_back(std::move(piece));
    piece = {};
  }
  if (!piece.text.empty()) pieces.push_back(std::move(piece));
  return pieces;
}

}  // namespace

std::expected<std::vector<FormatPiece>, FormatProblem> parse_format(std::string_view format) { return Reader(format).read(); }

std::size_t argument_count(const std::vector<FormatPiece>& pieces) {
  std::size_t count = 0;
  for (const FormatPiece& piece : pieces) {
    if (piece.has_conversion) count += piece.conversion.arguments();
  }
  return count;
}

bool accepts(const Conversion& conversion, const Type& type) {
  switch (conversion.kind) {
    case ConversionClass::integer:
    case ConversionClass::character:
    case ConversionClass::gfp_flags:
    case ConversionClass::pointer: return type.is_scalar() && !type.is(TypeKind::macaddr);
    case ConversionClass::string: return !type.is_none() && !type.is_aggregation() && (!type.is(TypeKind::context) || type.layout() != nullptr);
    case ConversionClass::buffer:
      return type.is_string() || type.is(TypeKind::buffer) ||
             (type.is(TypeKind::array) && type.element().is_integer() && type.element().size() == 1);
  }
  return false;
}

}  // namespace fathom
