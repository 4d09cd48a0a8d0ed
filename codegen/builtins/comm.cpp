// Names of tasks: of the current one by a helper, of any other by its id. The kernel keeps ids in a tree (struct xarray) of each PID
// namespace; it is walked here by reading memory, so that it works in every probe and on every kernel that describes its types.
#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

#include "ast/target.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::uint32_t comm_size = 16;
constexpr char unknown[] = "[unknown]";

// Of the tree; see include/linux/xarray.h.
constexpr std::uint32_t bits_per_level = 6;
constexpr std::uint32_t levels = 6;              // enough for ids of 32 bits
constexpr std::uint64_t node_mark = 2;           // in the low bits of a pointer to a node
constexpr std::uint64_t mark_mask = 3;
constexpr std::uint64_t largest_special = 4096;  // below are entries that mean something else

// Where things are, in the order of Facts::addresses.
enum Place : std::uint8_t { task_pid, pid_level, pid_numbers, number_size, number_space, space_tree, node_shift, node_slots, pid_tasks, task_links, task_comm, places };

// The offset of a member that a path of names leads to, from the start of a struct of the kernel.
std::optional<std::uint64_t> offset_of(const Target& target, std::string_view structure, std::initializer_list<std::string_view> path) {
  auto type = target.find_type(structure);
  std::uint64_t offset = 0;
  for (std::string_view name : path) {
    auto layout = type && type->is_structure() ? target.layout(*type) : nullptr;
    auto member = layout ? member_of(*layout, name, target) : std::nullopt;
    if (!member) return std::nullopt;
    offset += member->offset;
    type = member->type;
  }
  return offset;
}

std::optional<std::uint64_t> size_of(const Target& target, std::string_view structure) {
  auto type = target.find_type(structure);
  return type && type->size() > 0 ? std::optional<std::uint64_t>(type->size()) : std::nullopt;
}

void check_comm(CallCheck& call) {
  call.result().type = Type::string(comm_size);
  if (call.count() == 0) return;
  const Target& target = call.target();
  const std::optional<std::uint64_t> found[places] = {
      offset_of(target, "struct task_struct", {"thread_pid"}), offset_of(target, "struct pid", {"level"}),
      offset_of(target, "struct pid", {"numbers"}),            size_of(target, "struct upid"),
      offset_of(target, "struct upid", {"ns"}),                offset_of(target, "struct pid_namespace", {"idr", "idr_rt", "xa_head"}),
      offset_of(target, "struct xa_node", {"shift"}),          offset_of(target, "struct xa_node", {"slots"}),
      offset_of(target, "struct pid", {"tasks"}),              offset_of(target, "struct task_struct", {"pid_links"}),
      offset_of(target, "struct task_struct", {"comm"}),
  };
  for (const auto& offset : found) {
    if (offset) {
      call.result().addresses.push_back(*offset);
      continue;
    }
    call.diagnostics()
        .report<DiagnosticId::target_unavailable>(call.range(), "`comm` of another task needs the kernel's type information (BTF)")
        .with_help("this kernel has none, or keeps its tasks in another way");
    return;
  }
}

// Reads of the kernel's memory; what can not be read is 0.
class Walk {
 public:
  explicit Walk(CallLowering& call) : call_(call), bpf_(call.bpf()), place_(call.probe().temporary(word)) {}

  // The address of the task, or 0.
  llvm::Value* task(llvm::Value* id);

 private:
  llvm::Value* number(Place place) { return bpf_.number(call_.facts().addresses[place]); }
  llvm::Value* read(llvm::Value* address, std::uint32_t size) {
    call_.probe().read(place_, address, size, AddressSpace::kernel);
    return bpf_.load(place_, size, false);
  }
  llvm::Value* member(llvm::Value* base, Place place, std::uint32_t size = word) { return read(bpf_.CreateAdd(base, number(place)), size); }
  llvm::Value* space();
  llvm::Value* is_node(llvm::Value* entry);

  CallLowering& call_;
  BpfBuilder& bpf_;
  llvm::Value* place_;
};

// The namespace in which ids are meant: the initial one, or where fathom does not run there, the one of the current task.
llvm::Value* Walk::space() {
  llvm::Value* pid = member(bpf_.call(Helper::get_current_task, {}), task_pid);
  llvm::Value* numbers = bpf_.CreateAdd(pid, number(pid_numbers));
  if (call_.program().checked().pid_namespace) {
    numbers = bpf_.CreateAdd(numbers, bpf_.CreateMul(member(pid, pid_level, sizeof(std::uint32_t)), number(number_size)));
  }
  return member(numbers, number_space);
}

llvm::Value* Walk::is_node(llvm::Value* entry) {
  llvm::Value* marked = bpf_.CreateICmpEQ(bpf_.CreateAnd(entry, mark_mask), bpf_.number(node_mark));
  return bpf_.CreateAnd(marked, bpf_.CreateICmpUGT(entry, bpf_.number(largest_special)));
}

llvm::Value* Walk::task(llvm::Value* id) {
  constexpr std::uint64_t shift_mask = 63;
  llvm::AllocaInst* entry = bpf_.word();
  llvm::AllocaInst* rest = bpf_.word();  // of the id, to be found below the entry
  auto get = [&](llvm::AllocaInst* variable) { return bpf_.CreateLoad(bpf_.getInt64Ty(), variable); };
  bpf_.CreateStore(member(space(), space_tree), entry);
  bpf_.CreateStore(id, rest);
  llvm::BasicBlock* found = bpf_.block("found");
  for (std::uint32_t level = 0; level < levels; ++level) {
    llvm::BasicBlock* descend = bpf_.block("descend");
    bpf_.CreateCondBr(is_node(get(entry)), descend, found);
    bpf_.SetInsertPoint(descend);
    llvm::Value* node = bpf_.CreateSub(get(entry), bpf_.number(node_mark));
    llvm::Value* shift = bpf_.CreateAnd(member(node, node_shift, 1), shift_mask);
    llvm::Value* slot = bpf_.CreateLShr(get(rest), shift);
    llvm::Value* inside = bpf_.CreateICmpULT(slot, bpf_.number(1u << bits_per_level));
    llvm::Value* next = read(bpf_.CreateAdd(bpf_.CreateAdd(node, number(node_slots)), bpf_.CreateShl(slot, 3)), word);
    bpf_.CreateStore(bpf_.CreateSelect(inside, next, bpf_.number(0)), entry);
    bpf_.CreateStore(bpf_.CreateSub(get(rest), bpf_.CreateShl(slot, shift)), rest);
  }
  bpf_.CreateBr(found);
  bpf_.SetInsertPoint(found);
  llvm::Value* pid = get(entry);
  llvm::Value* exists = bpf_.CreateAnd(bpf_.CreateICmpNE(pid, bpf_.number(0)), bpf_.CreateICmpEQ(get(rest), bpf_.number(0)));
  llvm::Value* link = member(pid, pid_tasks);
  exists = bpf_.CreateAnd(exists, bpf_.CreateICmpNE(link, bpf_.number(0)));
  return bpf_.CreateSelect(exists, bpf_.CreateSub(link, number(task_links)), bpf_.number(0));
}

void lower_comm(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  if (call.count() == 0) {
    Destination memory = call.result_memory();
    bpf.clear(memory.memory, comm_size);  // older kernels leave what follows the name as it was
    bpf.call(Helper::get_current_comm, {memory.memory, bpf.getInt32(comm_size)});
    call.give_memory(memory.memory);
    return;
  }
  llvm::Value* task = Walk(call).task(call.scalar(0));
  Destination memory = call.result_memory();
  bpf.choose(
      bpf.to_bool(task),
      [&] { call.probe().read_string(memory, bpf.CreateAdd(task, bpf.number(call.facts().addresses[task_comm])), AddressSpace::kernel); },
      [&] { call.probe().store_literal(unknown, memory); });
  call.give_memory(memory.memory);
}

}  // namespace

BuiltinFamily comm_builtins() {
  static const Builtin rows[] = {
      {.prototype = "auto comm([int task])",
       .doc = "Name of the current task, at most 15 characters, or of the task with this id: \"[unknown]\" if there is none.",
       .form = Form::variable, .check = check_comm, .lower = lower_comm, .writes_in_place = true},
  };
  return {"Names of tasks", rows};
}

}  // namespace fathom::codegen
