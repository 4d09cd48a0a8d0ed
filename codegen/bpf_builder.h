// LLVM IR for BPF: maps, helper calls, memory, loops and branches. Knows the machine, not the language.
// Helper numbers and semantics are those of the kernel's include/uapi/linux/bpf.h; map definitions follow libbpf's `.maps` convention
// (a struct whose members' types carry the numbers).
#pragma once

#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ast/source.h"

namespace fathom::codegen {

// Helper functions by their number in the kernel's interface.
enum class Helper : std::uint32_t {
  map_lookup_elem = 1,
  map_update_elem = 2,
  map_delete_elem = 3,
  ktime_get_ns = 5,
  trace_printk = 6,
  get_prandom_u32 = 7,
  get_smp_processor_id = 8,
  get_current_pid_tgid = 14,
  get_current_uid_gid = 15,
  get_current_comm = 16,
  get_current_task = 35,
  probe_write_user = 36,
  get_socket_cookie = 46,
  get_numa_node_id = 42,
  override_return = 58,
  get_stack = 67,
  get_current_cgroup_id = 80,
  send_signal = 109,
  skb_output = 111,
  probe_read_user = 112,
  probe_read_kernel = 113,
  probe_read_user_str = 114,
  probe_read_kernel_str = 115,
  send_signal_thread = 117,
  jiffies64 = 118,
  get_ns_current_pid_tgid = 120,
  ktime_get_boot_ns = 125,
  seq_printf = 126,
  seq_write = 127,
  ringbuf_output = 130,
  ringbuf_reserve = 131,
  ringbuf_submit = 132,
  ringbuf_query = 134,
  get_task_stack = 141,
  d_path = 147,
  get_current_task_btf = 158,
  for_each_map_elem = 164,
  get_func_ip = 173,
  get_attach_cookie = 174,
  task_pt_regs = 175,
  trace_vprintk = 177,
  loop = 181,
  map_lookup_percpu_elem = 195,
  ktime_get_tai_ns = 208,
};

// Map types by their number in the kernel's interface.
enum class MapType : std::uint32_t { hash = 1, array = 2, perf_event_array = 4, percpu_hash = 5, percpu_array = 6, lru_hash = 9, lru_percpu_hash = 10, array_of_maps = 12, hash_of_maps = 13, ring_buffer = 27 };

enum class UpdateFlag : std::uint64_t { any = 0, only_new = 1 };

struct MapDefinition {
  MapType type = MapType::hash;
  std::uint32_t key_size = 0;
  std::uint32_t value_size = 0;
  std::uint32_t max_entries = 0;
  std::uint32_t flags = 0;
};
inline constexpr std::uint32_t map_no_preallocation = 1;  // BPF_F_NO_PREALLOC
inline constexpr std::uint32_t map_memory = 1u << 10;     // BPF_F_MMAPABLE

// One object file in the making.
class ObjectBuilder {
 public:
  ObjectBuilder(const SourceFile& source, const std::string& license);

  llvm::LLVMContext& context() { return *context_; }
  llvm::Module& module() { return *module_; }

  // The map's address as programs use it; maps are told apart by name. The definition may be given later with define_map().
  llvm::GlobalVariable* map(const std::string& name);
  void define_map(const std::string& name, const MapDefinition& definition);
  bool has_map(const std::string& name) const { return maps_.contains(name); }
  // Read-only bytes, shared between equal ones.
  llvm::Constant* bytes(std::string_view bytes);
  llvm::Constant* zeroes(std::uint32_t size);
  // A writable global in `section`, zero at start.
  llvm::GlobalVariable* global(const std::string& name, const std::string& section, std::uint32_t size);

  // A program: external function `long name(void *context)` in the section that tells libbpf its type.
  llvm::Function* program(const std::string& name, const std::string& section, Range range);
  // A static function for helpers that call back: with these parameters, or with so many of 64 bits.
  llvm::Function* callback(const std::string& name, const std::vector<llvm::Type*>& parameters, Range range);
  llvm::Function* callback(const std::string& name, unsigned parameters, Range range);
  // A function of the kernel without parameters that programs may call: `long name(void)`.
  llvm::Function* kernel_function(const std::string& name);
  llvm::DebugLoc location(llvm::Function* function, Range range);

  // Completes the debug information from which the BTF is made. After this the module is ready to be optimised.
  void finish();
  // Gives up context and module.
  std::pair<std::unique_ptr<llvm::LLVMContext>, std::unique_ptr<llvm::Module>> take();

 private:
  llvm::Function* function(const std::string& name, llvm::FunctionType* type, llvm::GlobalValue::LinkageTypes linkage, Range range);
  llvm::DIType* number(std::uint32_t value);

  const SourceFile& source_;
  std::unique_ptr<llvm::LLVMContext> context_;
  std::unique_ptr<llvm::Module> module_;
  std::unique_ptr<llvm::DIBuilder> debug_;
  llvm::DIFile* file_ = nullptr;
  llvm::DIType* int_type_ = nullptr;
  llvm::DIType* long_type_ = nullptr;
  std::map<std::string, llvm::GlobalVariable*> maps_;
  std::map<std::string, llvm::GlobalVariable*, std::less<>> bytes_;
  llvm::GlobalVariable* zeroes_ = nullptr;
  std::uint32_t zeroes_size_ = 0;
};

// Instructions of one function. All scalars are i64.
class BpfBuilder : public llvm::IRBuilder<> {
 public:
  BpfBuilder(ObjectBuilder& object, llvm::Function* function);

  ObjectBuilder& object() { return object_; }
  llvm::Function* function() { return function_; }

  llvm::ConstantInt* number(std::uint64_t value) { return getInt64(value); }
  llvm::BasicBlock* block(const char* name) { return llvm::BasicBlock::Create(getContext(), name, function_); }
  llvm::Value* call(Helper helper, llvm::ArrayRef<llvm::Value*> arguments);
  // Memory on the BPF stack, 8-byte aligned; lives as long as the function.
  llvm::AllocaInst* stack(std::uint32_t size);
  llvm::AllocaInst* word();

  llvm::Value* at(llvm::Value* base, std::uint64_t offset);
  llvm::Value* at(llvm::Value* base, llvm::Value* offset);
  // A load of `size` bytes, extended to i64; `alignment` 0: that of the size.
  llvm::Value* load(llvm::Value* address, std::uint32_t size, bool is_signed, std::uint32_t alignment = 0);
  // A load from the program's context. The verifier wants a constant offset in the instruction, so the optimiser is kept from merging two
  // such loads into one from a computed address.
  llvm::Value* load_context(llvm::Value* context, std::uint64_t offset, std::uint32_t size, bool is_signed);
  // Stores the low `size` bytes of an i64.
  void store(llvm::Value* value, llvm::Value* address, std::uint32_t size);
  // An i64 cut to `size` bytes and extended again.
  llvm::Value* narrow(llvm::Value* value, std::uint32_t size, bool is_signed);
  // The same value, of which the optimiser knows nothing: a comparison of it stays where it stands, for the verifier to see.
  llvm::Value* opaque(llvm::Value* value);
  // An argument that the verifier knows as a pointer to a kernel type, as the plain number that scripts calculate with.
  llvm::Value* untyped(llvm::Value* pointer);
  // The index if it is below `count`, else 0, in a form whose bound the verifier sees.
  llvm::Value* bounded(llvm::Value* index, std::uint64_t count);
  // A length from 0 to `limit`, as near to the (signed) value as that allows, in a form whose bounds the verifier sees.
  llvm::Value* at_most(llvm::Value* value, std::uint64_t limit);
  llvm::Value* to_bool(llvm::Value* value) { return CreateICmpNE(value, number(0)); }
  llvm::Value* from_bool(llvm::Value* value) { return CreateZExt(value, getInt64Ty()); }
  llvm::Value* is_null(llvm::Value* pointer) { return CreateIsNull(pointer); }

  // Memory of known size. Small pieces are unrolled, large ones left to a helper; addresses are 8-byte aligned unless said otherwise.
  void copy(llvm::Value* to, llvm::Value* from, std::uint32_t size, std::uint32_t from_alignment = 8);
  void clear(llvm::Value* to, std::uint32_t size, std::uint32_t alignment = 8);

  llvm::Value* lookup(llvm::Value* map, llvm::Value* key);
  llvm::Value* update(llvm::Value* map, llvm::Value* key, llvm::Value* value, UpdateFlag flag);
  void atomic_add(llvm::Value* address, llvm::Value* value);

  // if (condition) then() [else otherwise()]; the builder stands behind it afterwards.
  template <class Then>
  void when(llvm::Value* condition, Then&& then) {
    llvm::BasicBlock* yes = block("then");
    llvm::BasicBlock* end = block("end");
    CreateCondBr(condition, yes, end);
    SetInsertPoint(yes);
    then();
    close(end);
    SetInsertPoint(end);
  }
  template <class Then, class Otherwise>
  void choose(llvm::Value* condition, Then&& then, Otherwise&& otherwise) {
    llvm::BasicBlock* yes = block("then");
    llvm::BasicBlock* no = block("else");
    llvm::BasicBlock* end = block("end");
    CreateCondBr(condition, yes, no);
    SetInsertPoint(yes);
    then();
    close(end);
    SetInsertPoint(no);
    otherwise();
    close(end);
    SetInsertPoint(end);
  }
  // for (i = 0; i < count; ++i) body(i), with a constant count.
  template <class Body>
  void repeat(std::uint64_t count, Body&& body) {
    llvm::BasicBlock* before = GetInsertBlock();
    llvm::BasicBlock* loop = block("loop");
    llvm::BasicBlock* end = block("end");
    CreateBr(loop);
    SetInsertPoint(loop);
    llvm::PHINode* index = CreatePHI(getInt64Ty(), 2);
    index->addIncoming(number(0), before);
    body(static_cast<llvm::Value*>(index), end);
    llvm::Value* next = CreateAdd(index, number(1));
    index->addIncoming(next, GetInsertBlock());
    CreateCondBr(CreateICmpULT(next, number(count)), loop, end);
    SetInsertPoint(end);
  }

 private:
  void close(llvm::BasicBlock* next) {
    if (GetInsertBlock()->getTerminator() == nullptr) CreateBr(next);
  }

  ObjectBuilder& object_;
  llvm::Function* function_;
};

}  // namespace fathom::codegen
