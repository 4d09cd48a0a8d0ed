// The parser's entry point.
#pragma once

#include <vector>

#include "ast/diagnostics.h"
#include "ast/nodes.h"
#include "lexer/token.h"

namespace fathom {

// Builds the tree. A syntax error is reported once and ends the parse; what came before it is returned, and nothing should be checked then.
ast::Program parse(const std::vector<Token>& tokens, const SourceFile& source, Diagnostics& diagnostics);

}  // namespace fathom
