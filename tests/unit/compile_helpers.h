// A script text through the front end, against a made-up machine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ast/check.h"
#include "ast/print.h"
#include "codegen/builtins/list.h"
#include "definitions/read.h"
#include "definitions/script_types.h"
#include "fake_target.h"
#include "parser/parser.h"
#include "runtime/probes/attach.h"

namespace fathom {

struct Compiled {
  std::unique_ptr<SourceFile> source;
  Diagnostics diagnostics;
  std::vector<Token> tokens;
  std::unique_ptr<ast::Program> program;
  Declarations declarations;
  CheckedProgram checked;

  // Names of the diagnostics, in the order in which they are shown: "unknown_name undefined_map".
  std::string ids() const {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics.sorted()) text += (text.empty() ? "" : " ") + std::string(row_of(diagnostic.id).name);
    return text;
  }
};

// With the C part of the text read against the target; `types` then holds what it defines.
inline Compiled parse_text(std::string text, const Target& target = FakeTarget(), const CSetup& setup = {}) {
  Compiled result;
  result.source = std::make_unique<SourceFile>("test", std::move(text));
  CPart c = read_definitions(lex(*result.source, result.diagnostics), *result.source, setup, target,
                             [](std::string_view name) { return find_builtin(codegen::builtin_families(), name) != nullptr; }, result.diagnostics);
  result.tokens = std::move(c.tokens);
  result.declarations = std::move(c.declarations);
  result.program = std::make_unique<ast::Program>(parse(result.tokens, *result.source, result.diagnostics));
  return result;
}

inline Compiled check_text(std::string text, const Target& target, const Settings& settings = {}) {
  CSetup setup;
  setup.have_btf = target.has(Feature::btf);
  Compiled result = parse_text(std::move(text), target, setup);
  if (result.diagnostics.has_errors()) return result;
  Catalog catalog{all_probe_types(), codegen::builtin_families()};
  result.checked = check(*result.program, *result.source, settings, catalog, ScriptTypes(target, result.declarations), result.diagnostics);
  return result;
}

}  // namespace fathom
