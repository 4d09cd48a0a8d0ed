// What a kernel stack has above the traced place where a program is called by way of functions of the tracing itself: the program, the
// kernel's dispatcher or a trampoline. Kernel stacks of kprobes, perf events and the like begin at the registers that the event came with
// and need none of this.
#pragma once

#include <cstdint>
#include <vector>

#include "codegen/call_lowering.h"

namespace fathom::codegen {

// Beginnings and ends of the functions by whose way this probe's program is called, one after the other; empty where there is none.
std::vector<std::uint64_t> ways_to_program(const CallCheck& call);

// How many frames to skip. `ways`: what the above found.
llvm::Value* frames_of_tracing(ProbeLowering& probe, const std::vector<std::uint64_t>& ways);

}  // namespace fathom::codegen
