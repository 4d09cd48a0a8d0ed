// Loops for BPF. The body of a loop is lowered in place, like any other code, as if it ran once. This pass then makes a function of it and
// has the kernel call that: bpf_loop() for a count, bpf_for_each_map_elem() for the elements of a map. So nothing that lowers a statement
// has to know that it stands in a loop.
#pragma once

#include <llvm/IR/BasicBlock.h>

#include <vector>

#include "ast/source.h"

namespace fathom::codegen {

class ObjectBuilder;

// The most rounds that bpf_loop() makes (BPF_MAX_LOOPS).
inline constexpr std::uint64_t max_rounds = 1u << 23;

// Stands in the body for what the helper gives each round; these are the names of functions that are never emitted.
inline constexpr char another_round[] = "fathom.more";  // whether there is a round at all: keeps the code behind the loop alive
inline constexpr char round_index[] = "fathom.index";
inline constexpr char element_key[] = "fathom.key";
inline constexpr char element_value[] = "fathom.value";

struct LoopRegion {
  Range range;                       // of the loop's head
  llvm::BasicBlock* entry = nullptr;  // begins the body; reached only from where the loop begins
  llvm::BasicBlock* next = nullptr;   // where a round that ended leads: behind the loop, once there are no more
  std::vector<llvm::BasicBlock*> blocks;
  llvm::Value* count = nullptr;       // of rounds; or
  llvm::Value* limited = nullptr;     // whether the loop wanted more rounds than the kernel makes
  llvm::Value* map = nullptr;         // the map whose elements are gone through
};

// Regions must be given inner ones first.
void outline_loops(ObjectBuilder& object, llvm::Function* function, std::vector<LoopRegion>& regions);

}  // namespace fathom::codegen
