// The user stack by DWARF: code that walks it in the kernel, along the tables that the runtime made of .eh_frame (layout::UnwindRow).
#pragma once

#include "codegen/call_lowering.h"

namespace fathom::codegen {

// Writes the addresses of the current process's stack, innermost first, to `frames`, which has room for Plan::stack_words words: `limit` of them
// at most. Gives the number of bytes written; 0 where the session has no tables for the process.
llvm::Value* unwound_stack(CallLowering& call, llvm::Value* frames, llvm::Value* process, std::uint32_t limit);

}  // namespace fathom::codegen
