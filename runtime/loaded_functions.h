// Functions of the BPF programs that the kernel has loaded, from the type information that came with them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ast/result.h"
#include "ast/target.h"

namespace fathom {

// Those whose name matches the glob, of the program with this id or of any (0), by program and name. Programs without type information have
// none; types that are theirs alone are known by name.
Result<std::vector<LoadedFunction>> loaded_functions(std::uint32_t program, std::string_view name);

}  // namespace fathom
