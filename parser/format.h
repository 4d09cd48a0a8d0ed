// --fmt: a script in the usual layout. Only blanks and line breaks change; every token and every comment stays as it is written, and C
// definitions are not touched. So the result means the same as the script, and formatting it again changes nothing.
#pragma once

#include <string>
#include <vector>

#include "ast/source.h"
#include "lexer/token.h"

namespace fathom {

// `tokens`: those of the script itself, as lex() gave them, without mistakes.
std::string formatted(const std::vector<Token>& tokens, const SourceFile& source);

}  // namespace fathom
