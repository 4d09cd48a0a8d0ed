// libFuzzer: any bytes through lexer, parser and check, against this machine; the checked tree and the diagnostics are rendered too.
#include <cstddef>
#include <cstdint>
#include <string>

#include "front_end.h"
#include "runtime/target_linux.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  static const LinuxTarget target;
  static const Settings settings = fuzz::small_settings();
  fuzz::Checked checked = fuzz::run_front_end(std::string(reinterpret_cast<const char*>(data), size), target, settings);
  if (checked.accepted()) to_string(checked.checked);
  for (const Diagnostic& diagnostic : checked.diagnostics.sorted()) render(diagnostic, *checked.source, true);
  return 0;
}
