// The same preprocessor and parser, with nobody to listen to their complaints.
#include "definitions/late_headers.h"

#include "definitions/declaration_parser.h"
#include "definitions/preprocessor.h"

namespace fathom {

void LateHeaders::read(const Target& machine) {
  if (was_read_ || names_.empty()) return;
  was_read_ = true;
  Diagnostics ignored;
  CReporter silent(ignored);
  setup_.reads_usual_headers = true;
  setup_.included.clear();
  Preprocessor preprocessor(setup_, silent);
  std::string text;
  for (const std::string& name : names_) text += "#include <" + name + ">\n";
  preprocessor.read(tokenize_script(text, 0));
  missing_ = preprocessor.missing();
  macros_ = preprocessor.macros();
  const CTokens tokens = preprocessor.take();
  DeclarationParser(tokens, machine, declarations_, silent).read();
  fill_in_sizes(declarations_);
}

const Declarations& LateHeaders::declarations(const Target& machine) {
  read(machine);
  return declarations_;
}

std::optional<std::int64_t> LateHeaders::constant(std::string_view name, const Target& machine) {
  read(machine);
  if (const auto own = declarations_.enumerators.find(name); own != declarations_.enumerators.end()) return own->second.first;
  const auto macro = macros_.find(name);
  if (macro == macros_.end() || macro->second.has_parameters || macro->second.body.empty()) return std::nullopt;
  Diagnostics ignored;
  CReporter silent(ignored);
  const CTokens expanded = MacroExpansion(macros_, silent).expand(macro->second.body);
  return DeclarationParser(expanded, machine, declarations_, silent).constant();
}

}  // namespace fathom
