// BPF in LLVM IR: instructions and helper calls.
#include "codegen/bpf_builder.h"

#include <llvm/IR/InlineAsm.h>

namespace fathom::codegen {

namespace {

// Beyond this many bytes a helper call is cheaper than unrolled stores, and far smaller.
constexpr std::uint32_t max_unrolled = 128;
constexpr std::uint32_t word_size = 8;

}  // namespace

BpfBuilder::BpfBuilder(ObjectBuilder& object, llvm::Function* function)
    : llvm::IRBuilder<>(object.context()), object_(object), function_(function) {}

llvm::Value* BpfBuilder::call(Helper helper, llvm::ArrayRef<llvm::Value*> arguments) {
  std::vector<llvm::Type*> types;
  for (llvm::Value* argument : arguments) types.push_back(argument->getType());
  bool returns_pointer = helper == Helper::map_lookup_elem || helper == Helper::map_lookup_percpu_elem || helper == Helper::ringbuf_reserve;
  llvm::Type* result = returns_pointer ? static_cast<llvm::Type*>(getPtrTy()) : getInt64Ty();
  auto* type = llvm::FunctionType::get(result, types, false);
  llvm::Value* address = CreateIntToPtr(getInt64(static_cast<std::uint64_t>(helper)), getPtrTy());
  return CreateCall(type, address, arguments);
}

llvm::AllocaInst* BpfBuilder::stack(std::uint32_t size) {
  llvm::BasicBlock& entry = function_->getEntryBlock();
  llvm::IRBuilder<> at_entry(&entry, entry.begin());
  auto* memory = at_entry.CreateAlloca(llvm::ArrayType::get(getInt8Ty(), size));
  memory->setAlignment(llvm::Align(word_size));
  return memory;
}

llvm::AllocaInst* BpfBuilder::word() {
  llvm::BasicBlock& entry = function_->getEntryBlock();
  llvm::IRBuilder<> at_entry(&entry, entry.begin());
  return at_entry.CreateAlloca(getInt64Ty());
}

llvm::Value* BpfBuilder::at(llvm::Value* base, std::uint64_t offset) {
  return offset == 0 ? base : CreateConstInBoundsGEP1_64(getInt8Ty(), base, offset);
}

llvm::Value* BpfBuilder::at(llvm::Value* base, llvm::Value* offset) { return CreateGEP(getInt8Ty(), base, offset); }

llvm::Value* BpfBuilder::load(llvm::Value* address, std::uint32_t size, bool is_signed, std::uint32_t alignment) {
  llvm::Value* value = CreateAlignedLoad(getIntNTy(size * 8), address, llvm::Align(alignment == 0 ? size : alignment));
  return is_signed ? CreateSExt(value, getInt64Ty()) : CreateZExt(value, getInt64Ty());
}

llvm::Value* BpfBuilder::load_context(llvm::Value* context, std::uint64_t offset, std::uint32_t size, bool is_signed) {
  llvm::Value* fixed = CreateIntrinsic(getPtrTy(), llvm::Intrinsic::preserve_static_offset, {context});
  llvm::Value* address = CreateConstInBoundsGEP1_64(getInt8Ty(), fixed, offset);
  llvm::Value* value = CreateAlignedLoad(getIntNTy(size * 8), address, llvm::Align(size));
  // LLVM would make one load of this and of one of a map's value in the other branch; the verifier wants two.
  return opaque(is_signed ? CreateSExt(value, getInt64Ty()) : CreateZExt(value, getInt64Ty()));
}

void BpfBuilder::store(llvm::Value* value, llvm::Value* address, std::uint32_t size) {
  CreateAlignedStore(CreateTrunc(value, getIntNTy(size * 8)), address, llvm::Align(size));
}

llvm::Value* BpfBuilder::narrow(llvm::Value* value, std::uint32_t size, bool is_signed) {
  if (size >= word_size) return value;
  llvm::Value* cut = CreateTrunc(value, getIntNTy(size * 8));
  return is_signed ? CreateSExt(cut, getInt64Ty()) : CreateZExt(cut, getInt64Ty());
}

llvm::Value* BpfBuilder::opaque(llvm::Value* value) {
  auto* type = llvm::FunctionType::get(getInt64Ty(), {getInt64Ty()}, false);
  return CreateCall(llvm::InlineAsm::get(type, "", "=r,0", true), {value});
}

// The verifier allows no arithmetic on such a pointer, nor does it believe that one can be null; of what is negated it knows nothing.
llvm::Value* BpfBuilder::untyped(llvm::Value* pointer) { return CreateNeg(opaque(CreateNeg(opaque(pointer)))); }

llvm::Value* BpfBuilder::bounded(llvm::Value* index, std::uint64_t count) {
  llvm::Value* hidden = opaque(index);
  return opaque(CreateSelect(CreateICmpULT(hidden, number(count)), hidden, number(0)));
}

llvm::Value* BpfBuilder::at_most(llvm::Value* value, std::uint64_t limit) {
  llvm::Value* hidden = opaque(value);
  llvm::Value* positive = opaque(CreateSelect(CreateICmpSLT(hidden, number(0)), number(0), hidden));
  return opaque(CreateSelect(CreateICmpUGT(positive, number(limit)), number(limit), positive));
}

void BpfBuilder::copy(llvm::Value* to, llvm::Value* from, std::uint32_t size, std::uint32_t from_alignment) {
  if (size <= max_unrolled) {
    CreateMemCpy(to, llvm::Align(word_size), from, llvm::Align(from_alignment), size);
  } else {
    call(Helper::probe_read_kernel, {to, getInt32(size), from});
  }
}

void BpfBuilder::clear(llvm::Value* to, std::uint32_t size, std::uint32_t alignment) {
  if (size <= max_unrolled) {
    CreateMemSet(to, getInt8(0), size, llvm::Align(alignment));
  } else {
    // A read that faults zeroes its destination: the kernel's memset at the price of one call.
    call(Helper::probe_read_kernel, {to, getInt32(size), number(0)});
  }
}

llvm::Value* BpfBuilder::lookup(llvm::Value* map, llvm::Value* key) { return call(Helper::map_lookup_elem, {map, key}); }

llvm::Value* BpfBuilder::update(llvm::Value* map, llvm::Value* key, llvm::Value* value, UpdateFlag flag) {
  return call(Helper::map_update_elem, {map, key, value, number(static_cast<std::uint64_t>(flag))});
}

void BpfBuilder::atomic_add(llvm::Value* address, llvm::Value* value) {
  CreateAtomicRMW(llvm::AtomicRMWInst::Add, address, value, llvm::Align(word_size), llvm::AtomicOrdering::Monotonic);
}

}  // namespace fathom::codegen
