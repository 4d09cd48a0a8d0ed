// Macros in the bodies of probes. A macro without parameters stands for an expression of the language, wherever its name is one.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "definitions/declarations.h"
#include "definitions/macro.h"
#include "lexer/token.h"

namespace fathom {

class MacroSubstitution {
 public:
  MacroSubstitution(const Macros& macros, const SourceFile& source, const Target& machine, Declarations& declarations,
                    const std::function<bool(std::string_view)>& is_builtin, CReporter& reporter, Diagnostics& diagnostics)
      : macros_(macros), source_(source), machine_(machine), declarations_(declarations), is_builtin_(is_builtin), reporter_(reporter), diagnostics_(diagnostics) {}

  std::vector<Token> run(const std::vector<Token>& tokens);

 private:
  // The macro that the token at `index` names, or null.
  const Macro* macro_at(const std::vector<Token>& tokens, std::size_t index);
  // What a macro stands for, further macros replaced; empty: nothing that a body could use.
  const std::vector<Token>& meaning(const Macro& macro);
  std::vector<Token> read(const Macro& macro);
  std::vector<Token> read_constant(const Macro& macro);

  const Macros& macros_;
  const SourceFile& source_;
  const Target& machine_;
  Declarations& declarations_;
  const std::function<bool(std::string_view)>& is_builtin_;
  CReporter& reporter_;
  Diagnostics& diagnostics_;
  std::map<std::string, std::vector<Token>, std::less<>> known_;
  std::vector<const Macro*> open_;  // being read, outermost first
  std::size_t produced_ = 0;
  bool too_much_ = false;
};

}  // namespace fathom
