// The lexer's actions: numbers, words, strings, and where a body ends.
#include "lexer/lexer_state.h"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>

namespace fathom {

namespace {

constexpr std::pair<std::string_view, TokenKind> keywords[] = {
#define TOKEN(name, spelling)
#define VALUE(name, description)
#define DESCRIBED(name, description)
#define KEYWORD(name, spelling) {spelling, TokenKind::name},
#include "lexer/token.def"
};

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

enum class NumberProblem : std::uint8_t { malformed, overflow };

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

}  // namespace

std::uint32_t LexerState::interpreter_line(std::string_view text) {
  if (!text.starts_with("#!")) return 0;
  std::size_t end = text.find('\n');
  return static_cast<std::uint32_t>(end == std::string_view::npos ? text.size() : end);
}

void LexerState::advance(std::uint32_t length) {
  match_.begin = match_.end;
  match_.end += length;
}

void LexerState::number(std::string_view text) {
  auto value = parse_number(text);
  if (value) {
    tokens_.push_back({TokenKind::integer, match_, *value, {}});
    return;
  }
  if (value.error() == NumberProblem::overflow) {
    diagnostics_.report<DiagnosticId::number_too_large>(match_, text).with_help("the largest is 18446744073709551615 (64 bits)");
  } else {
    diagnostics_.report<DiagnosticId::malformed_number>(match_, text)
        .with_help("numbers are 42, 0x2a, 052, 1_000, 1e6, 42u, or a duration such as 10ms");
  }
  tokens_.push_back({TokenKind::integer, match_, 0, {}});
}

void LexerState::positional(std::string_view text) {
  Digits digits = read_digits(text.substr(1), 10);
  if (digits.overflow || digits.value == 0 || digits.value > std::numeric_limits<std::uint32_t>::max()) {
    diagnostics_.report<DiagnosticId::bad_positional>(match_, text).with_help("parameters count from `$1`; `$#` is their number");
    digits.value = 1;
  }
  tokens_.push_back({TokenKind::positional, match_, digits.value, {}});
}

void LexerState::word(std::string_view text) {
  for (const auto& [spelling, kind] : keywords) {
    if (text == spelling && kind != TokenKind::kw_probe) {
      value(kind, text);  // the text is kept: keywords may be field names
      return;
    }
  }
  value(TokenKind::identifier, text);
}

void LexerState::open_body(TokenKind kind) {
  brackets_.assign(1, kind);
  token(kind);
}

void LexerState::open(TokenKind kind) {
  brackets_.push_back(kind);
  token(kind);
}

bool LexerState::close(TokenKind kind) {
  token(kind);
  if (brackets_.empty()) return false;
  TokenKind open = kind == TokenKind::brace_close         ? TokenKind::brace_open
                   : kind == TokenKind::parenthesis_close ? TokenKind::parenthesis_open
                                                          : TokenKind::bracket_open;
  // A bracket that does not match is the parser's error; a closing brace still ends what its opening brace began.
  if (brackets_.back() == open) {
    brackets_.pop_back();
  } else if (kind == TokenKind::brace_close) {
    while (!brackets_.empty() && brackets_.back() != open) brackets_.pop_back();
    if (!brackets_.empty()) brackets_.pop_back();
  }
  return brackets_.empty();
}

bool LexerState::close_angle() {
  if (brackets_.size() == 1 && brackets_.back() == TokenKind::angle_open) {
    token(TokenKind::angle_close);
    brackets_.clear();
    return true;
  }
  token(TokenKind::greater);
  return false;
}

void LexerState::begin_type_definition() {
  definition_begin_ = match_.begin;
  definition_depth_ = 1;
}

bool LexerState::close_definition() {
  if (--definition_depth_ != 0) return false;
  Range range{definition_begin_, match_.end};
  tokens_.push_back({TokenKind::type_definition, range, 0, std::string(source_.text(range))});
  return true;
}

void LexerState::unterminated_definition() {
  std::string_view head = source_.text({definition_begin_, match_.end});
  auto length = static_cast<std::uint32_t>(std::min(head.find('{'), head.size()));
  diagnostics_.report<DiagnosticId::unterminated_type>({definition_begin_, definition_begin_ + length}).with_help("close it with `};`");
}

void LexerState::begin_string(int state) {
  string_state_ = state;
  string_begin_ = match_.begin;
  string_.clear();
}

void LexerState::string_number(std::string_view digits, int base) {
  Digits value = read_digits(digits, static_cast<unsigned>(base));
  if (value.value > 255) {
    diagnostics_.report<DiagnosticId::bad_escape>(match_, source_.text(match_)).with_help("octal escapes end at `\\377`");
  }
  string_ += static_cast<char>(value.value);
}

void LexerState::end_string() {
  tokens_.push_back({TokenKind::string, {string_begin_, match_.end}, 0, std::move(string_)});
  string_.clear();
}

void LexerState::bad_escape(std::string_view text) {
  std::string shown = text.size() > 1 && text[1] != '\n' ? std::string(text) : "\\";
  diagnostics_.report<DiagnosticId::bad_escape>(match_, shown)
      .with_help("escapes are \\n \\t \\r \\\" \\\\ \\NNN (octal) and \\xHH (hexadecimal)");
}

void LexerState::unterminated_string() {
  diagnostics_.report<DiagnosticId::unterminated_string>({string_begin_, string_begin_ + 1})
      .with_help("end it with `\"` on the same line; a line break inside is written \\n");
  end_string();
}

void LexerState::unterminated_comment() {
  diagnostics_.report<DiagnosticId::unterminated_comment>(match_).with_help("end it with `*/`");
}

void LexerState::unsupported_item(std::string_view word) {
  diagnostics_.report<DiagnosticId::unsupported_feature>(match_, fmt::format("`{}`", word));
}

void LexerState::stray(std::string_view text) {
  auto byte = static_cast<unsigned char>(text[0]);
  std::string shown = byte >= 0x20 && byte < 0x7f ? fmt::format("`{}`", text) : fmt::format("byte 0x{:02x}", byte);
  // One report for a run of them: bytes of one multi-byte character, or a pasted smart quote.
  bool goes_on = byte >= 0x80 && stray_end_ == match_.begin;
  stray_end_ = match_.end;
  if (goes_on) return;
  std::string help = byte >= 0x80 ? "only comments and strings may hold other than ASCII characters (a typographic quote, pasted?)" : "";
  diagnostics_.report<DiagnosticId::stray_character>(match_, shown).with_help(help);
}

}  // namespace fathom
