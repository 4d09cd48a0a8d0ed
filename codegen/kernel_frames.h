// What a kernel stack has above the traced place where a program is called by way of functions of the tracing itself: the program, the
// kernel's dispatcher or a trampoline. Kernel stacks of kprobes, perf events and the like begin at the registers that the event came with
// and need none of this.
#pragma once

#include <cstdint>
#include <vector>

#include "codegen/call_lowering.h"

namespace fathom::codegen {

// How many frames are looked at; more never stand there.
inline constexpr std::uint32_t frames_looked_at = 8;

// Beginnings and ends of the functions by whose way this probe's program is called, one after the other; empty where there is none.
std::vector<std::uint64_t> ways_to_program(const CallCheck& call);

// How many frames to skip. `frames`: memory for frames_looked_at of them, `ways`: what the above found.
llvm::Value* frames_of_tracing(ProbeLowering& probe, llvm::Value* frames, const std::vector<std::uint64_t>& ways);

}  // namespace fathom::codegen
