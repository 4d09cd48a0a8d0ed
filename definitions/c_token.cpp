// A hand-written scanner: blanks, comments and continued lines vanish, everything else becomes a token. Nothing is an error here; what is
// no token of C comes out as a punctuator that no rule of the parser accepts.
#include "definitions/c_token.h"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace fathom {

namespace {

constexpr std::string_view punctuators[] = {"...", "<<=", ">>=", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||",
                                            "##",  "+=",  "-=",  "*=", "/=", "%=", "&=", "|=", "^="};

bool is_word_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // Moves to the next token; false at the end of the text.
  bool next() {
    begins_line_ = at_ == 0 && line_ == 1;
    after_blank_ = false;
    skip_blanks();
    begin_ = at_;
    if (at_ >= text_.size()) return false;
    kind_ = scan();
    return true;
  }

  std::size_t begin() const { return begin_; }
  std::size_t end() const { return at_; }
  std::uint32_t line() const { return line_; }

  CToken token(Place place) const { return {kind_, std::string(text_.substr(begin_, at_ - begin_)), place, begins_line_, after_blank_}; }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void skip_blanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        begins_line_ = true;
        ++line_;
        ++at_;
      } else if (c == '\\' && (peek(1) == '\n' || (peek(1) == '\r' && peek(2) == '\n'))) {
        at_ += peek(1) == '\r' ? 3 : 2;
        ++line_;
      } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
        ++at_;
      } else if (c == '/' && peek(1) == '/') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (c == '/' && peek(1) == '*') {
        const std::size_t end = std::min(text_.find("*/", at_ + 2), text_.size());
        line_ += static_cast<std::uint32_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                                       text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
        at_ = std::min(end + 2, text_.size());
      } else {
        return;
      }
      after_blank_ = true;
    }
  }

  CKind scan() {
    const char c = peek();
    if (is_word_start(c)) {
      while (is_word(peek())) ++at_;
      return CKind::identifier;
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      // What the preprocessor takes for a number: exponents with a sign belong to it.
      for (++at_; is_word(peek()) || peek() == '.' || ((peek() == '+' || peek() == '-') && is_exponent(text_[at_ - 1])); ++at_) {
      }
      return CKind::number;
    }
    if (c == '"' || c == '\'') return scan_quoted(c);
    for (std::string_view punctuator : punctuators) {
      if (text_.substr(at_).starts_with(punctuator)) {
        at_ += punctuator.size();
        return CKind::punctuator;
      }
    }
    ++at_;
    return CKind::punctuator;
  }

  bool is_exponent(char c) const {
    const bool hexadecimal = text_.substr(begin_).starts_with("0x") || text_.substr(begin_).starts_with("0X");
    return hexadecimal ? c == 'p' || c == 'P' : c == 'e' || c == 'E';
  }

  // One that does not end on its line is no literal: an apostrophe in the text of #error, for one.
  CKind scan_quoted(char quote) {
    std::size_t i = at_ + 1;
    while (i < text_.size() && text_[i] != quote && text_[i] != '\n') i += text_[i] == '\\' ? 2 : 1;
    if (i >= text_.size() || text_[i] != quote) {
      ++at_;
      return CKind::punctuator;
    }
    at_ = i + 1;
    return quote == '"' ? CKind::string : CKind::character;
  }

  std::string_view text_;
  std::size_t at_ = 0, begin_ = 0;
  std::uint32_t line_ = 1;
  CKind kind_ = CKind::end;
  bool begins_line_ = true, after_blank_ = false;
};

}  // namespace

CTokens tokenize_script(std::string_view text, std::uint32_t offset) {
  CTokens tokens;
  for (Scanner scanner(text); scanner.next();) {
    const Range range{offset + static_cast<std::uint32_t>(scanner.begin()), offset + static_cast<std::uint32_t>(scanner.end())};
    tokens.push_back(scanner.token({range, 0, 0}));
  }
  if (!tokens.empty()) tokens.front().begins_line = true;
  return tokens;
}

CTokens tokenize_header(std::string_view text, Range from, FileNumber file) {
  CTokens tokens;
  for (Scanner scanner(text); scanner.next();) tokens.push_back(scanner.token({from, file, scanner.line()}));
  if (!tokens.empty()) tokens.front().begins_line = true;
  return tokens;
}

std::string string_value(const CToken& literal) {
  constexpr std::string_view letters = "abfnrtv0\\\"'?", meanings("\a\b\f\n\r\t\v\0\\\"'?", 12);
  std::string value;
  const std::string& text = literal.text;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] != '\\' || i + 2 >= text.size()) {
      value += text[i];
      continue;
    }
    ++i;
    if (text[i] == 'x' || (text[i] >= '0' && text[i] <= '7')) {
      const unsigned base = text[i] == 'x' ? 16 : 8;
      std::size_t end = text[i] == 'x' ? i + 1 : i;
      unsigned number = 0;
      for (; end + 1 < text.size() && (base == 16 ? std::isxdigit(static_cast<unsigned char>(text[end])) != 0 : text[end] >= '0' && text[end] <= '7') &&
             (base == 16 || end < i + 3);
           ++end) {
        const char c = text[end];
        number = number * base + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
      }
      value += static_cast<char>(number);
      i = end - 1;
    } else {
      const std::size_t known = letters.find(text[i]);
      value += known == std::string_view::npos ? text[i] : meanings[known];
    }
  }
  return value;
}

}  // namespace fathom
