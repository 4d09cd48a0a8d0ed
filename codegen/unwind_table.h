// Unwind tables from .eh_frame, through LLVM's reader of it.
#pragma once

#include <string>

#include "runtime/unwind_table.h"

namespace fathom::codegen {

// An UnwindReader.
UnwindTable read_unwind_table(const std::string& path);

}  // namespace fathom::codegen
