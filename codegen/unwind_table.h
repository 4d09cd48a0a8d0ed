// Unwind tables from .eh_frame, through LLVM's reader of it.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/unwind_table.h"

namespace fathom::codegen {

// An UnwindReader.
UnwindRows read_unwind_rows(const std::string& path, std::uint64_t base);

}  // namespace fathom::codegen
