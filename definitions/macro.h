// Macros of the preprocessor, and how they expand in C text.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "definitions/c_token.h"
#include "definitions/reporter.h"

namespace fathom {

struct Macro {
  std::string name;
  Place place;  // of its name, where it is defined
  bool has_parameters = false;
  bool is_variadic = false;
  std::vector<std::string> parameters;  // "__VA_ARGS__" is the last one where variadic
  CTokens body;
};

using Macros = std::map<std::string, Macro, std::less<>>;

// One expansion of a piece of text. Everything that comes out of a macro stands where its name was used.
class MacroExpansion {
 public:
  MacroExpansion(const Macros& macros, CReporter& reporter) : macros_(macros), reporter_(reporter) {}

  CTokens expand(const CTokens& text);

 private:
  using Names = std::set<std::string, std::less<>>;

  CTokens expand(const CTokens& text, const Names& hidden, const Place* use);
  void expand_use(const Macro& macro, const std::vector<CTokens>& arguments, const CToken& name, const Names& hidden, const Place* use, CTokens& out);
  // The arguments of a use whose `(` stands at `at`, which is moved behind its `)`. False: they do not end, or their number is wrong.
  bool read_arguments(const Macro& macro, const CTokens& text, std::size_t& at, std::vector<CTokens>& arguments);
  CTokens substitute(const Macro& macro, const std::vector<CTokens>& arguments, const Names& hidden, const Place& use);

  const Macros& macros_;
  CReporter& reporter_;
  std::size_t produced_ = 0;
  bool too_much_ = false;
};

// The tokens as text, one blank where there was any.
std::string spelling(const CTokens& tokens);

}  // namespace fathom
