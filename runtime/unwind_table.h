// What a program or library says about unwinding its code, as programs of the kernel use it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/layout.h"

namespace fathom {

// Sorted by address, the first at 0. Empty: the file has no .eh_frame, or one that can not be read.
using UnwindRows = std::vector<layout::UnwindRow>;

// Reads an ELF file of this machine; addresses count from `base`, that of its lowest segment. Only codegen/ has the library that does it.
using UnwindReader = UnwindRows (*)(const std::string& path, std::uint64_t base);

}  // namespace fathom
