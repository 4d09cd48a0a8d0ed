// Kernel stacks and symbols. A stack is kept once, under the hash of its frames; its value is that key.
#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::uint32_t default_frames = 127;  // kernel.perf_event_max_stack as the kernel sets it
constexpr std::uint32_t frames_at_a_time = 16;
// Multiplier and start of the 64-bit FNV-1a hash.
constexpr std::uint64_t hash_prime = 0x100000001b3;
constexpr std::uint64_t hash_start = 0xcbf29ce484222325;

void check_kstack(CallCheck& call) {
  std::int64_t frames = default_frames;
  if (call.count() > 0) {
    if (!call.facts(0).constant) {
      call.diagnostics().report<DiagnosticId::unsupported_feature>(call.argument(0).range, "a stack mode");
      return;
    }
    frames = *call.facts(0).constant;
    if (frames < 1 || frames > default_frames) {
      call.diagnostics().report<DiagnosticId::argument_value>(
          call.argument(0).range, fmt::format("`kstack` takes 1 to {} frames, not {}", default_frames, frames));
      return;
    }
  }
  call.result().type = Type::stack(SymbolSpace::kernel, static_cast<std::uint32_t>(frames));
}

// FNV over whole frames, stopping with the last block of frames that is in use.
llvm::Value* hash_of(BpfBuilder& bpf, llvm::Value* frames, llvm::Value* count, std::uint32_t capacity) {
  llvm::AllocaInst* hash = bpf.word();
  bpf.CreateStore(bpf.number(hash_start), hash);
  llvm::BasicBlock* end = bpf.block("hashed");
  for (std::uint32_t first = 0; first < capacity; first += frames_at_a_time) {
    llvm::BasicBlock* more = bpf.block("hash");
    bpf.CreateCondBr(bpf.CreateICmpUGT(count, bpf.number(first)), more, end);
    bpf.SetInsertPoint(more);
    for (std::uint32_t i = first; i < std::min(first + frames_at_a_time, capacity); ++i) {
      llvm::Value* frame = bpf.load(bpf.at(frames, std::uint64_t{i} * word), word, false);
      llvm::Value* mixed = bpf.CreateXor(bpf.CreateLoad(bpf.getInt64Ty(), hash), frame);
      bpf.CreateStore(bpf.CreateMul(mixed, bpf.number(hash_prime)), hash);
    }
  }
  bpf.CreateBr(end);
  bpf.SetInsertPoint(end);
  return bpf.CreateLoad(bpf.getInt64Ty(), hash);
}

void lower_kstack(CallLowering& call) {
  using layout::StackValue;
  BpfBuilder& bpf = call.bpf();
  ProbeLowering& probe = call.probe();
  std::uint32_t limit = call.facts().type.count();
  call.program().need_stacks(default_frames);
  llvm::Value* frames = probe.temporary(default_frames * word);
  Destination value = call.result_memory();
  bpf.clear(value.memory, sizeof(StackValue));
  // What an earlier stack left behind the frames must not count.
  bpf.clear(frames, default_frames * word);
  llvm::Value* bytes =
      bpf.call(Helper::get_stack, {probe.context(), frames, bpf.getInt32(limit * word), bpf.number(0)});
  bpf.choose(
      bpf.CreateICmpSLT(bytes, bpf.number(1)), [&] { probe.count_lost(layout::Counter::lost_stacks); },
      [&] {
        llvm::Value* count = bpf.CreateLShr(bytes, 3);
        bpf.store(hash_of(bpf, frames, count, limit), bpf.at(value.memory, offsetof(StackValue, hash)), word);
        bpf.store(count, bpf.at(value.memory, offsetof(StackValue, frames)), sizeof(std::uint32_t));
        llvm::GlobalVariable* stacks = call.program().object().map(object_names::stacks);
        bpf.when(bpf.is_null(bpf.lookup(stacks, value.memory)), [&] {
          llvm::Value* result = bpf.update(stacks, value.memory, frames, UpdateFlag::any);
          bpf.when(bpf.CreateICmpNE(bpf.CreateTrunc(result, bpf.getInt32Ty()), bpf.getInt32(0)),
                   [&] { probe.count_lost(layout::Counter::lost_stacks); });
        });
      });
  call.give_memory(value.memory);
}

}  // namespace

BuiltinFamily stack_builtins() {
  static const Builtin rows[] = {
      {.prototype = "auto kstack([literal|word frames])", .doc = "The kernel stack, at most 127 frames or as many as given.",
       .form = Form::variable, .check = check_kstack, .lower = lower_kstack},
      {.prototype = "symbol ksym(int|pointer address)", .doc = "A kernel address that prints as the name of its function or variable.",
       .lower = [](CallLowering& call) { call.give(call.scalar(0)); }},
  };
  return {"Stacks and symbols", rows};
}

}  // namespace fathom::codegen
