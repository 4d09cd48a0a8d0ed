// libFuzzer: any bytes through lexer and parser; the tree and the diagnostics are rendered too.
#include <cstddef>
#include <cstdint>
#include <string>

#include "ast/print.h"
#include "parser/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  SourceFile source("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  Diagnostics diagnostics;
  std::vector<Token> tokens = lex(source, diagnostics);
  if (!diagnostics.has_errors()) {
    ast::Program program = parse(tokens, source, diagnostics);
    if (!diagnostics.has_errors()) ast::to_string(program);
  }
  for (const Diagnostic& diagnostic : diagnostics.sorted()) render(diagnostic, source, true);
  return 0;
}
