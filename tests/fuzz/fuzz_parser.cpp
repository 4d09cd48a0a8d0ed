// libFuzzer: any bytes through lexer, C part and parser, against a made-up machine; the tree and the diagnostics are rendered too.
#include <cstddef>
#include <cstdint>
#include <string>

#include "ast/print.h"
#include "definitions/read.h"
#include "lexer/imports.h"
#include "parser/expand.h"
#include "parser/parser.h"
#include "tests/unit/fake_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  static const FakeTarget target = FakeTarget::with_samples();
  SourceFile source("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  Diagnostics diagnostics;
  std::vector<Token> tokens = lex(source, diagnostics);
  const auto no_files = [](const std::string&, const std::string&) -> Result<std::vector<ImportedFile>> { return fail("no such file", "", 0); };
  if (!diagnostics.has_errors()) tokens = with_imports(std::move(tokens), source, no_files, diagnostics);
  if (!diagnostics.has_errors()) {
    CPart c = read_definitions(std::move(tokens), source, CSetup{}, target, [](std::string_view) { return false; }, diagnostics);
    ast::Program program = parse(c.tokens, source, diagnostics);
    if (!diagnostics.has_errors()) program = expand(std::move(program), source, diagnostics);
    if (!diagnostics.has_errors()) ast::to_string(program);
  }
  for (const Diagnostic& diagnostic : diagnostics.sorted()) render(diagnostic, source, true);
  return 0;
}
