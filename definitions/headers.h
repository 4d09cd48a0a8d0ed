// Which headers a script may include without having them: those of the kernel, whose types come from BTF, and those of the system, whose
// constants are known (constants.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "definitions/setup.h"

namespace fathom {

// Whether the name, as in `#include <name>`, is one of the kernel's or the C library's headers.
bool is_usual_header(std::string_view name);

struct Header {
  std::string path;
  std::string text;
};

// Looks for a header in `directory` (where it is in quotes) and in the setup's directories.
std::optional<Header> find_header(std::string_view name, std::optional<std::string_view> directory, const CSetup& setup);

}  // namespace fathom
