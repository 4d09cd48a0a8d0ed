// Tokens and the lexer's entry point. The lexer knows three places: between probes, where an attach point is one token; inside a
// predicate; and inside a body. It resolves no names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ast/diagnostics.h"
#include "ast/source.h"

namespace fathom {

enum class TokenKind : std::uint8_t {
#define TOKEN(name, spelling) name,
#include "lexer/token.def"
};

struct Token {
  TokenKind kind;
  Range range;
  std::uint64_t number = 0;  // integer; positional: the index
  std::string text;          // string: unescaped; identifier, variable, map: the name without $ or @; attach point and C lines: as written
};

// Cuts the text into tokens. Malformed pieces are reported and left out, so that the parser sees what could be read.
std::vector<Token> lex(const SourceFile& source, Diagnostics& diagnostics, std::size_t file = 0);
// The same for a piece of a body that is not taken from the source as it stands, such as what a macro stands for. Ranges count from `offset`.
std::vector<Token> lex_fragment(std::string_view text, std::uint32_t offset, const SourceFile& source, Diagnostics& diagnostics);

// How a token is named in messages: "`+=`", "scratch variable".
std::string describe(TokenKind kind);
// The name in token.def.
std::string_view name_of(TokenKind kind);

// The text of --emit=tokens.
std::string to_string(const std::vector<Token>& tokens, const SourceFile& source);

}  // namespace fathom
