// The lexer's actions: numbers, words, strings, and where a body ends.
#include "lexer/lexer_state.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "ast/number.h"

namespace fathom {

namespace {

constexpr std::pair<std::string_view, TokenKind> keywords[] = {
#define TOKEN(name, spelling)
#define VALUE(name, description)
#define DESCRIBED(name, description)
#define KEYWORD(name, spelling) {spelling, TokenKind::name},
#include "lexer/token.def"
};

// Every later phase recurses over what brackets enclose.
constexpr std::size_t max_brackets = 400;

}  // namespace

std::uint32_t LexerState::interpreter_line(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  std::size_t begin = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  if (!text.substr(begin).starts_with("#!")) return static_cast<std::uint32_t>(begin);
  std::size_t end = text.find('\n');
  return static_cast<std::uint32_t>(end == std::string_view::npos ? text.size() : end);
}

bool LexerState::is_text(Range file) {
  std::size_t zero = source_.text(file).find('\0');
  if (zero == std::string_view::npos) return true;
  auto at = file.begin + static_cast<std::uint32_t>(zero);
  diagnostics_.report<DiagnosticId::stray_character>({at, at + 1}, "byte 0x00").with_help("is this a text file?");
  return false;
}

void LexerState::advance(std::uint32_t length) {
  match_.begin = match_.end;
  match_.end += length;
}

void LexerState::number(std::string_view text) {
  auto value = parse_number(text);
  if (value) {
    add({TokenKind::integer, match_, *value, {}});
    return;
  }
  if (value.error() == NumberProblem::overflow) {
    diagnostics_.report<DiagnosticId::number_too_large>(match_, text).with_help("the largest is 18446744073709551615 (64 bits)");
  } else {
    diagnostics_.report<DiagnosticId::malformed_number>(match_, text)
        .with_help("numbers are 42, 0x2a, 052, 1_000, 1e6, 42u, or a duration such as 10ms");
  }
  add({TokenKind::integer, match_, 0, {}});
}

void LexerState::positional(std::string_view text) {
  auto index = parse_number(text.substr(1));
  if (text.size() > 1 && text[1] == '0') index = std::unexpected(NumberProblem::malformed);
  if (!index || *index > std::numeric_limits<std::uint32_t>::max()) {
    diagnostics_.report<DiagnosticId::bad_positional>(match_, text).with_help("parameters count from `$1`; `$#` is their number");
    index = 1;
  }
  add({TokenKind::positional, match_, *index, {}});
}

void LexerState::word(std::string_view text) {
  for (const auto& [spelling, kind] : keywords) {
    if (text == spelling) {
      value(kind, text);  // the text is kept: keywords may be field names
      return;
    }
  }
  value(TokenKind::identifier, text);
}

void LexerState::probe_name(std::string_view text) {
  auto length = static_cast<std::uint32_t>(text.find_first_of(" \t\r\n\f\v=/"));
  add({TokenKind::probe_name, {match_.begin, match_.begin + length}, 0, std::string(text.substr(0, length))});
}

void LexerState::open_body(TokenKind kind) {
  brackets_.assign(1, kind);
  token(kind);
}

void LexerState::open(TokenKind kind) {
  if (brackets_.size() >= max_brackets && !too_deep_) {
    diagnostics_.report<DiagnosticId::nested_too_deeply>(match_, max_brackets);
    too_deep_ = true;
  }
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
  is_typedef_ = false;
}

void LexerState::begin_declaration(bool is_typedef) {
  definition_begin_ = match_.begin;
  definition_depth_ = 0;
  is_typedef_ = is_typedef;
}

bool LexerState::close_definition(std::string_view text) {
  if (--definition_depth_ > 0 || (is_typedef_ && !text.ends_with(';'))) return false;
  add_definition();
  return true;
}

bool LexerState::end_declaration() {
  if (definition_depth_ > 0) return false;
  add_definition();
  return true;
}

void LexerState::add_definition() {
  Range range{definition_begin_, match_.end};
  add({TokenKind::type_definition, range, 0, std::string(source_.text(range))});
}

void LexerState::begin_fragment(std::uint32_t offset) {
  match_ = {offset, offset};
  brackets_.assign(1, TokenKind::brace_open);  // one that is never closed
}

void LexerState::unterminated_definition() {
  std::string_view head = source_.text({definition_begin_, match_.end});
  auto length = static_cast<std::uint32_t>(std::min(head.find('{'), head.size()));
  diagnostics_.report<DiagnosticId::unterminated_type>({definition_begin_, definition_begin_ + length}).with_help(is_typedef_ ? "end it with `;`" : "close it with `};`");
}

void LexerState::begin_string(int state) {
  string_state_ = state;
  string_begin_ = match_.begin;
  string_.clear();
}

void LexerState::string_number(std::string_view digits, int base) {
  unsigned value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (value > 255) {
    diagnostics_.report<DiagnosticId::bad_escape>(match_, source_.text(match_)).with_help("octal escapes end at `\\377`");
  }
  string_ += static_cast<char>(value);
}

void LexerState::end_string() {
  add({TokenKind::string, {string_begin_, match_.end}, 0, std::move(string_)});
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

const char* LexerState::help_for_semicolon() const {
  const bool behind_body = !tokens_.empty() && tokens_.back().kind == TokenKind::brace_close;
  return behind_body ? "a body ends with its `}`: nothing stands behind it"
                     : "only types and macros are defined in C: a constant is `#define NAME value`, a variable that lasts is a map, `@name`";
}

const char* LexerState::help_for_stray(unsigned char byte) const {
  if (byte >= 0x80) return "only comments and strings may hold other than ASCII characters (a typographic quote, pasted?)";
  switch (byte) {
    case '$': return "a scratch variable is `$name`, of letters, digits and `_`";
    case ';': return help_for_semicolon();
    case '#': return "comments begin with `//`; `#if` and its like stand around probes, not in them";
    case '\\': return "strings stand in double quotes, `\"text\"`; on the command line the whole program then stands in single ones: -e 'PROGRAM'";
    case '=': return outside_body() ? "only a predicate stands between an attach point and its body, in slashes: `/pid == 5/`" : "";
    default: return "";
  }
}

void LexerState::stray(std::string_view text) {
  auto byte = static_cast<unsigned char>(text[0]);
  std::string shown = byte >= 0x20 && byte < 0x7f ? fmt::format("`{}`", text) : fmt::format("byte 0x{:02x}", byte);
  // One report for a run of them: bytes of one multi-byte character, a pasted smart quote, or `==`.
  bool goes_on = (byte >= 0x80 || byte == '=') && stray_end_ == match_.begin;
  stray_end_ = match_.end;
  if (goes_on) return;
  if (text[0] == '\'') {
    // The closing one needs no message of its own.
    if (std::exchange(single_quoted_, !single_quoted_)) return;
    diagnostics_.report<DiagnosticId::stray_character>(match_, "`'`").with_help("strings stand in double quotes: `\"text\"`");
    return;
  }
  diagnostics_.report<DiagnosticId::stray_character>(match_, shown).with_help(help_for_stray(byte));
}

}  // namespace fathom
