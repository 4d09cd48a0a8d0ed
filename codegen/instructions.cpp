// LLVM's decoder of x86 instructions, of which only their lengths are asked for. It is set up when somebody asks.
#include "codegen/instructions.h"

#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/TargetParser/Triple.h>

#include <cassert>
#include <memory>
#include <string>

// What LLVM's own header for this declares is every target that it was built for.
extern "C" {
void LLVMInitializeX86TargetInfo();
void LLVMInitializeX86TargetMC();
void LLVMInitializeX86Disassembler();
}

namespace fathom::codegen {

namespace {

class Decoder {
 public:
  explicit Decoder(bool is_64_bit) : triple_(is_64_bit ? "x86_64-unknown-linux-gnu" : "i386-unknown-linux-gnu") {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86Disassembler();
    std::string problem;
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple_.str(), problem);
    assert(target != nullptr);
    registers_.reset(target->createMCRegInfo(triple_.str()));
    assembly_.reset(target->createMCAsmInfo(*registers_, triple_.str(), options_));
    processor_.reset(target->createMCSubtargetInfo(triple_.str(), "", ""));
    context_ = std::make_unique<llvm::MCContext>(triple_, assembly_.get(), registers_.get(), processor_.get());
    decoder_.reset(target->createMCDisassembler(*processor_, *context_));
  }

  // Bytes of the instruction at the beginning of `code`; 0 where there is none.
  std::size_t length(llvm::ArrayRef<std::uint8_t> code, std::uint64_t address) const {
    llvm::MCInst instruction;
    std::uint64_t size = 0;
    return decoder_->getInstruction(instruction, size, code, address, llvm::nulls()) == llvm::MCDisassembler::Fail ? 0 : size;
  }

 private:
  llvm::Triple triple_;
  llvm::MCTargetOptions options_;
  std::unique_ptr<llvm::MCRegisterInfo> registers_;
  std::unique_ptr<llvm::MCAsmInfo> assembly_;
  std::unique_ptr<llvm::MCSubtargetInfo> processor_;
  std::unique_ptr<llvm::MCContext> context_;
  std::unique_ptr<llvm::MCDisassembler> decoder_;
};

}  // namespace

std::vector<std::size_t> instruction_offsets(std::span<const std::byte> code, std::size_t last, bool is_64_bit) {
  const Decoder decoder(is_64_bit);
  const llvm::ArrayRef<std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(code.data()), code.size());
  std::vector<std::size_t> offsets{0};
  while (offsets.back() < last) {
    const std::size_t at = offsets.back();
    const std::size_t length = at < bytes.size() ? decoder.length(bytes.slice(at), at) : 0;
    if (length == 0) break;
    offsets.push_back(at + length);
  }
  return offsets;
}

}  // namespace fathom::codegen
