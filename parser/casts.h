// What the grammar alone could not tell apart is told by neighbouring tokens before it sees them: casts from parenthesised expressions, and
// blocks that are values from those that are statements.
#pragma once

#include <vector>

#include "lexer/token.h"

namespace fathom {

// The tokens with every `(type)` of a cast or of sizeof replaced by one `cast` token whose text is the type as written.
std::vector<Token> fold_casts(const std::vector<Token>& tokens);

// The same tokens with `{` and `if` where an operand has to stand as `value_brace` and `value_if`.
std::vector<Token> mark_values(std::vector<Token> tokens);

}  // namespace fathom
