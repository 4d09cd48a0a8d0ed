// Reads programs and libraries: symbols, segments, static probes, build id. Over libelf, whose types do not show here.
#pragma once

#include <string>
#include <string_view>

#include "ast/executable.h"
#include "ast/result.h"

namespace fathom {

// A file's symbols come from its own tables and, where it was stripped, from a separate file with its debugging information: by build id
// or by the name in the file, below `debug_root`. Errors: the file can not be read, or is no program.
Result<Executable> read_executable(const std::string& path, const std::string& debug_root = "/usr/lib/debug");

// The readable form of a C++ or Rust name; the name itself where it is none.
std::string demangled(const std::string& name);

}  // namespace fathom
