// Digits, suffixes, exponents and units.
#include "ast/number.h"

#include <string>
#include <utility>

namespace fathom {

namespace {

constexpr std::pair<std::string_view, std::uint64_t> durations[] = {
    {"ns", 1},
    {"us", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
    {"d", 86'400'000'000'000},
};

std::optional<std::uint64_t> multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

bool is_integer_suffix(std::string_view suffix) {
  std::string lower;
  for (char c : suffix) lower += static_cast<char>(c | 0x20);
  for (std::string_view known : {"u", "l", "ll", "ul", "ull", "lu", "llu"}) {
    if (lower == known) return true;
  }
  return false;
}

struct Digits {
  std::uint64_t value = 0;
  std::size_t length = 0;  // bytes read, underscores included
  bool overflow = false;
  bool trailing_underscore = false;
};

Digits read_digits(std::string_view text, unsigned base) {
  Digits digits;
  for (char c : text) {
    if (c != '_') {
      auto digit = static_cast<unsigned>(digit_value(c));
      if (digit >= base) break;
      digits.overflow |= __builtin_mul_overflow(digits.value, base, &digits.value);
      digits.overflow |= __builtin_add_overflow(digits.value, digit, &digits.value);
    }
    digits.trailing_underscore = c == '_';
    ++digits.length;
  }
  return digits;
}

// 1e6: one digit before the e, as scripts have it; the exponent is decimal.
std::expected<std::uint64_t, NumberProblem> scientific(std::uint64_t mantissa, std::string_view exponent) {
  Digits digits = read_digits(exponent, 10);
  if (digits.length == 0 || digits.length != exponent.size()) return std::unexpected(NumberProblem::malformed);
  std::uint64_t value = mantissa;
  for (std::uint64_t i = 0; i < digits.value && value != 0; ++i) {
    auto product = multiply(value, 10);
    if (!product) return std::unexpected(NumberProblem::overflow);
    value = *product;
  }
  return value;
}

}  // namespace

std::expected<std::uint64_t, NumberProblem> parse_number(std::string_view text) {
  unsigned base = 10;
  std::string_view rest = text;
  if (rest.size() > 1 && rest[0] == '0') {
    if (rest[1] == 'x' || rest[1] == 'X') {
      base = 16;
    } else if (rest[1] == 'b' || rest[1] == 'B') {
      base = 2;
    } else if (digit_value(rest[1]) < 10 || rest[1] == '_') {
      base = 8;
    }
    if (base == 16 || base == 2) rest.remove_prefix(2);
  }
  Digits digits = read_digits(rest, base);
  std::string_view suffix = rest.substr(digits.length);
  if (digits.length == 0 || digits.trailing_underscore) return std::unexpected(NumberProblem::malformed);
  if (digits.overflow) return std::unexpected(NumberProblem::overflow);
  if (suffix.empty() || is_integer_suffix(suffix)) return digits.value;
  if (base == 10 && suffix[0] == 'e') return scientific(digits.value, suffix.substr(1));
  for (const auto& [unit, nanoseconds] : durations) {
    if (base != 10 || suffix != unit) continue;
    auto product = multiply(digits.value, nanoseconds);
    if (!product) return std::unexpected(NumberProblem::overflow);
    return *product;
  }
  return std::unexpected(NumberProblem::malformed);
}

std::optional<SignedNumber> parse_parameter(std::string_view text) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  auto value = parse_number(text);
  if (!value) return std::nullopt;
  return SignedNumber{negative ? 0 - *value : *value, negative};
}

std::string_view suffix(std::string_view text, std::int64_t offset) {
  return offset >= 0 && static_cast<std::uint64_t>(offset) < text.size() ? text.substr(static_cast<std::size_t>(offset)) : std::string_view();
}

}  // namespace fathom
