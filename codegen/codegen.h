// The code generator's entry points: checked program to LLVM module, module to ELF. No LLVM type shows here.
#pragma once

#include <memory>
#include <string>

#include "ast/check.h"
#include "runtime/plan.h"

namespace fathom::codegen {

// An LLVM module with its Plan.
class Module {
 public:
  Module();
  Module(Module&&) noexcept;
  Module& operator=(Module&&) noexcept;
  ~Module();

  struct Implementation;
  std::unique_ptr<Implementation> implementation;
  Plan plan;
};

// `program` must have been checked without errors.
Module lower(const CheckedProgram& program);

// The module after optimisation, as LLVM prints it: --emit=ir.
std::string to_ir(Module& module);
// BPF assembly: --emit=asm.
std::string to_assembly(Module& module);
// The object file. Fails only by a bug of ours; the error then says what LLVM said.
Result<Image> emit(Module module);

}  // namespace fathom::codegen
