// A script text through lexer, parser and check, as main does it, for the drivers of this folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ast/check.h"
#include "ast/config.h"
#include "codegen/builtins/list.h"
#include "definitions/read.h"
#include "definitions/script_types.h"
#include "lexer/imports.h"
#include "parser/expand.h"
#include "parser/parser.h"
#include "runtime/probes/attach.h"

namespace fathom::fuzz {

struct Checked {
  std::unique_ptr<SourceFile> source;
  Diagnostics diagnostics;
  std::vector<Token> tokens;
  std::unique_ptr<ScriptTypes> target;
  std::unique_ptr<ast::Program> program;
  CheckedProgram checked;

  bool accepted() const { return !diagnostics.has_errors(); }
};

// Small maps: a program's memory is not what is looked at.
inline Settings small_settings() {
  Settings settings;
  settings.max_map_keys = 32;
  settings.parameters = {"42", "text"};
  settings.unsafe = true;
  return settings;
}

inline Checked run_front_end(std::string text, const Target& target, const Settings& settings) {
  Checked result;
  result.source = std::make_unique<SourceFile>("fuzz", std::move(text));
  result.tokens = lex(*result.source, result.diagnostics);
  if (result.diagnostics.has_errors()) return result;
  // There are no files to import.
  const auto no_files = [](const std::string&, const std::string&) -> Result<std::vector<ImportedFile>> { return fail("no such file", "", 0); };
  result.tokens = with_imports(std::move(result.tokens), *result.source, no_files, result.diagnostics);
  if (result.diagnostics.has_errors()) return result;
  Catalog catalog{all_probe_types(), codegen::builtin_families()};
  const auto is_builtin = [&](std::string_view name) { return find_builtin(catalog.builtins, name) != nullptr; };
  CPart c = read_definitions(std::move(result.tokens), *result.source, CSetup{.kernel_version = 0x061200}, target, is_builtin, result.diagnostics);
  result.tokens = std::move(c.tokens);
  result.target = std::make_unique<ScriptTypes>(target, std::move(c.declarations));
  result.program = std::make_unique<ast::Program>(parse(result.tokens, *result.source, result.diagnostics));
  if (result.diagnostics.has_errors()) return result;
  Settings own = settings;
  apply_config(*result.program, own, result.diagnostics);
  *result.program = expand(std::move(*result.program), *result.source, result.diagnostics);
  if (result.diagnostics.has_errors()) return result;
  result.checked = check(*result.program, *result.source, own, catalog, *result.target, result.diagnostics);
  return result;
}

}  // namespace fathom::fuzz
