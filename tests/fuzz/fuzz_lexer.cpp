// libFuzzer: any bytes through the lexer; its dump and its diagnostics are rendered too.
#include <cstddef>
#include <cstdint>
#include <string>

#include "ast/diagnostics.h"
#include "lexer/token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  SourceFile source("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  Diagnostics diagnostics;
  to_string(lex(source, diagnostics), source);
  for (const Diagnostic& diagnostic : diagnostics.sorted()) render(diagnostic, source, true);
  return 0;
}
