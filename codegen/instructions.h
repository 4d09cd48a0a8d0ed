// Where the instructions of x86 code begin. A program that gets a breakpoint elsewhere does something else from then on.
#pragma once

#include "ast/executable.h"

namespace fathom::codegen {

// An InstructionReader.
std::vector<std::size_t> instruction_offsets(std::span<const std::byte> code, std::size_t last, bool is_64_bit);

}  // namespace fathom::codegen
