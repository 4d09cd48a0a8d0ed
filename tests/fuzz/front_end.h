// A script text through lexer, parser and check, as main does it, for the drivers of this folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ast/check.h"
#include "codegen/builtins/list.h"
#include "parser/parser.h"
#include "runtime/probes/attach.h"

namespace fathom::fuzz {

struct Checked {
  std::unique_ptr<SourceFile> source;
  Diagnostics diagnostics;
  std::vector<Token> tokens;
  std::unique_ptr<ast::Program> program;
  CheckedProgram checked;

  bool accepted() const { return !diagnostics.has_errors(); }
};

// Small maps: a program's memory is not what is looked at.
inline Settings small_settings() {
  Settings settings;
  settings.max_map_keys = 32;
  settings.parameters = {"42", "text"};
  return settings;
}

inline Checked run_front_end(std::string text, const Target& target, const Settings& settings) {
  Checked result;
  result.source = std::make_unique<SourceFile>("fuzz", std::move(text));
  result.tokens = lex(*result.source, result.diagnostics);
  if (result.diagnostics.has_errors()) return result;
  result.program = std::make_unique<ast::Program>(parse(result.tokens, *result.source, result.diagnostics));
  if (result.diagnostics.has_errors()) return result;
  Catalog catalog{all_probe_types(), codegen::builtin_families(), codegen::missing_builtins()};
  result.checked = check(*result.program, *result.source, settings, catalog, target, result.diagnostics);
  return result;
}

}  // namespace fathom::fuzz
