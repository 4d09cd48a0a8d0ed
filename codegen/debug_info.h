// Debugging information (DWARF) of programs and libraries through LLVM's reader, which is part of the executable anyway. And names that
// compilers of Rust make, which LLVM reads too.
#pragma once

#include <memory>
#include <string>

#include "ast/debug_info.h"

namespace fathom::codegen {

// A DebugInfoReader.
std::shared_ptr<const DebugInfo> read_debug_info(const std::string& path);

// The readable form of a name of Rust's own ("_R…"); empty where it is none.
std::string rust_name(const std::string& name);

}  // namespace fathom::codegen
