// Names of tokens and the dump of --emit=tokens.
#include "lexer/token.h"

#include <fmt/format.h>

#include "ast/text.h"

namespace fathom {

namespace {

struct Row {
  std::string_view name;
  std::string_view spelling;
  bool is_value;
  bool is_description;
};

constexpr Row rows[] = {
#define TOKEN(name, spelling) {#name, spelling, false, false},
#define DESCRIBED(name, description) {#name, description, false, true},
#define VALUE(name, description) {#name, description, true, true},
#include "lexer/token.def"
};

const Row& row_of(TokenKind kind) { return rows[static_cast<std::size_t>(kind)]; }

}  // namespace

std::string_view name_of(TokenKind kind) { return row_of(kind).name; }

std::string describe(TokenKind kind) {
  const Row& row = row_of(kind);
  return row.is_description ? std::string(row.spelling) : fmt::format("`{}`", row.spelling);
}

std::string to_string(const std::vector<Token>& tokens, const SourceFile& source) {
  std::string text;
  for (const Token& token : tokens) {
    Position begin = source.position(token.range.begin);
    text += fmt::format("{}:{}-{} {}", begin.line, begin.column, begin.column + (token.range.end - token.range.begin), name_of(token.kind));
    if (token.kind == TokenKind::integer || token.kind == TokenKind::positional) {
      text += fmt::format(" {}", token.number);
    } else if (row_of(token.kind).is_value || token.kind == TokenKind::string) {
      text += " " + quote(token.text);
    }
    text += '\n';
  }
  return text;
}

}  // namespace fathom
