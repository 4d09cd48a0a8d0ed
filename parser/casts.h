// Casts are told from parenthesised expressions before the grammar sees them, by looking at the tokens between the parentheses and
// behind them.
#pragma once

#include <vector>

#include "lexer/token.h"

namespace fathom {

// The tokens with every `(type)` of a cast or of sizeof replaced by one `cast` token whose text is the type as written.
std::vector<Token> fold_casts(const std::vector<Token>& tokens);

}  // namespace fathom
