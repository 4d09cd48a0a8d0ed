// The C part of a script: from the tokens of the script's lexer to types, constants, and the tokens that the parser gets.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "definitions/declarations.h"
#include "definitions/setup.h"
#include "lexer/token.h"

namespace fathom {

struct CPart {
  // The script's tokens: what an `#if` leaves out is gone, and names of macros have become what they stand for.
  std::vector<Token> tokens;
  Declarations declarations;
  std::vector<std::string> accepted_headers;  // included without being read
};

// `is_builtin`: names that a macro with parameters does not take away from the language.
CPart read_definitions(std::vector<Token> tokens, const SourceFile& source, const CSetup& setup, const Target& machine,
                       const std::function<bool(std::string_view)>& is_builtin, Diagnostics& diagnostics);

}  // namespace fathom
