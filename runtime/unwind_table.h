// What a program or library says about unwinding its code, as programs of the kernel use it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ast/executable.h"
#include "runtime/layout.h"

namespace fathom {

struct UnwindTable {
  std::vector<ExecutableSegment> segments;  // that are loaded
  std::uint64_t base = 0;                   // address in the file that the rows count from: that of its lowest segment
  // Sorted by address, the first at 0. Empty: the file has no .eh_frame, or one that can not be read.
  std::vector<layout::UnwindRow> rows;
};

// Reads a file; a table without segments where it is no ELF file. Only codegen/ has the library that does it.
using UnwindReader = UnwindTable (*)(const std::string& path);

}  // namespace fathom
