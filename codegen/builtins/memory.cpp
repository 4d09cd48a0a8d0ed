// Raw memory: buffers, address spaces, addresses of the kernel's symbols, writing to processes.
#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

#include "ast/target.h"
#include "ast/text.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;
constexpr char offsets_symbol[] = "__per_cpu_offset";

// The largest number of bytes that an argument can give; for a pointer that nothing is known about, what settings allow.
std::uint32_t available(CallCheck& call, std::size_t index) {
  const Type& type = call.type(index);
  if (type.is(TypeKind::buffer)) return type.buffer_capacity();
  if (type.is_pointer() || type.is_numeric()) return call.settings().max_strlen;
  return type.size();
}

void check_buf(CallCheck& call) {
  const Type& type = call.type(0);
  if (type.is_none()) return;
  bool has_size = !type.is_pointer() && !type.is_numeric();
  std::uint32_t most = available(call, 0);
  if (call.count() < 2) {
    if (has_size) {
      call.result().type = type.is_counted() ? type : Type::buffer(most);
    } else {
      call.diagnostics()
          .report<DiagnosticId::argument_value>(call.argument(0).range, "`buf` can not know how many bytes this points to")
          .with_help("say how many: `buf($p, 16)`");
    }
    return;
  }
  const auto& length = call.facts(1).constant;
  if (!length || *length == 0) {
    call.result().type = Type::counted_buffer(length ? 1 : most);
  } else if (*length < 0) {
    call.diagnostics().report<DiagnosticId::argument_value>(call.argument(1).range, fmt::format("the length of `buf` can not be {}", *length));
  } else {
    if (*length > most && call.final()) {
      call.diagnostics()
          .report<DiagnosticId::length_shortened>(call.argument(1).range, *length, most)
          .with_help(has_size ? "there are no more bytes" : "set BPFTRACE_MAX_STRLEN to a larger number");
    }
    call.result().type = Type::buffer(static_cast<std::uint32_t>(std::min<std::int64_t>(*length, most)));
  }
}

// Where the bytes of an argument are, and in which memory.
struct Source {
  llvm::Value* address;
  AddressSpace space;
};

Source source_of(CallLowering& call, std::size_t index) {
  const Type& type = call.facts(index).type;
  if (type.is_pointer() || type.is_numeric()) return {call.scalar(index), type.is_pointer() ? type.space() : AddressSpace::kernel};
  Operand operand = call.probe().lower_bytes(call.argument(index));
  if (operand.place == Operand::Place::remote) return {operand.value, operand.type.space()};
  // BPF's own memory is kernel memory.
  return {operand.value, AddressSpace::kernel};
}

Helper reader(AddressSpace space) { return space == AddressSpace::user ? Helper::probe_read_user : Helper::probe_read_kernel; }

void lower_buf(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  const Type& type = call.facts().type;
  if (type == call.facts(0).type) {
    Destination memory = call.result_memory();
    call.probe().store(call.argument(0), memory);
    call.give_memory(memory.memory);
    return;
  }
  Source source = source_of(call, 0);
  std::uint32_t capacity = type.buffer_capacity();
  llvm::Value* length = type.is_counted() ? bpf.at_most(call.scalar(1), capacity) : bpf.number(capacity);
  if (call.facts(0).type.is_counted()) source.address = bpf.at(source.address, std::uint64_t{Type::length_size});
  Destination memory = call.result_memory();
  llvm::Value* content = memory.memory;
  if (type.is_counted()) {
    if (memory.padded) bpf.clear(memory.memory, type.size());
    bpf.store(length, memory.memory, Type::length_size);
    content = bpf.at(memory.memory, std::uint64_t{Type::length_size});
  }
  bpf.call(reader(source.space), {content, length, source.address});
  call.give_memory(memory.memory);
}

void set_space(CallCheck& call, AddressSpace space) {
  const Type& type = call.type(0);
  call.result().type = Type::pointer(type.is_pointer() ? type.pointee() : Type::none(), space);
}

void give_first(CallLowering& call) { call.give(call.scalar(0)); }

std::optional<std::uint64_t> find_symbol(CallCheck& call) {
  const std::string& name = *call.facts(0).text;
  auto address = call.target().kernel_symbol(name);
  if (!address) {
    call.diagnostics()
        .report<DiagnosticId::no_such_symbol>(call.argument(0).range, name)
        .with_help("/proc/kallsyms lists its symbols: only functions where it is built without CONFIG_KALLSYMS_ALL, and without addresses where kernel.kptr_restrict hides them");
  }
  return address;
}

void check_kaddr(CallCheck& call) {
  if (auto address = find_symbol(call)) call.result().constant = static_cast<std::int64_t>(*address);
}

void check_percpu_kaddr(CallCheck& call) {
  auto address = find_symbol(call);
  auto offsets = call.target().kernel_symbol(offsets_symbol);
  if (!address) return;
  if (!offsets) {
    call.diagnostics().report<DiagnosticId::target_unavailable>(call.range(), fmt::format("this kernel has no `{}`: its CPUs have no memory of their own", offsets_symbol));
    return;
  }
  call.result().addresses = {*address, *offsets};
  call.result().type = Type::pointer(call.target().kernel_variable(*call.facts(0).text).value_or(Type::none()), AddressSpace::kernel);
}

void lower_percpu_kaddr(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  llvm::Value* cpu = call.count() > 1 ? call.scalar(1) : bpf.CreateAnd(bpf.call(Helper::get_smp_processor_id, {}), 0xffffffff);
  llvm::Value* place = call.probe().temporary(word);
  llvm::Value* offset = bpf.CreateAdd(bpf.number(call.facts().addresses[1]), bpf.CreateShl(cpu, 3));
  call.probe().read(place, offset, word, AddressSpace::kernel);
  llvm::Value* address = bpf.CreateAdd(bpf.load(place, word, false), bpf.number(call.facts().addresses[0]));
  llvm::Value* exists = bpf.CreateICmpULT(cpu, bpf.number(call.program().checked().possible_cpus));
  call.give(bpf.CreateSelect(exists, address, bpf.number(0)));
}

void check_container_of(CallCheck& call) {
  const Type& structure = call.type(1);
  if (structure.is_none() || call.type(0).is_none()) return;
  auto layout = structure.is_structure() ? (structure.layout() ? structure.layout() : call.target().layout(structure)) : nullptr;
  if (!layout) {
    call.diagnostics().report<DiagnosticId::argument_type>(call.argument(1).range, "container_of", "a struct", "type", to_string(structure));
    return;
  }
  const std::string& name = call.facts(2).text.value_or("");
  auto member = member_of(*layout, name, call.target());
  if (!member) {
    std::vector<std::string> names;
    for (const StructMember& one : layout->members) names.push_back(one.name);
    call.diagnostics().report<DiagnosticId::unknown_member>(call.argument(2).range, to_string(structure), name).with_help(did_you_mean(name, names));
    return;
  }
  call.result().index = member->offset;
  call.result().type = Type::pointer(structure, call.type(0).space());
}

void lower_container_of(CallLowering& call) {
  call.give(call.bpf().CreateSub(call.scalar(0), call.bpf().number(call.facts().index)));
}

void check_write_user(CallCheck& call) {
  if (call.final() && call.settings().unsafe && !call.target().has(Feature::write_user)) {
    call.diagnostics()
        .report<DiagnosticId::target_unavailable>(call.range(), "this kernel lets no BPF program write to the memory of a process")
        .with_help("it is locked down, see /sys/kernel/security/lockdown, or you are not root");
  }
  const auto& length = call.facts(2).constant;
  std::uint32_t most = available(call, 1);
  if (length && (*length < 1 || *length > most)) {
    call.diagnostics().report<DiagnosticId::argument_value>(call.argument(2).range, fmt::format("the length of `write_user` is 1 to {} here, not {}", most, *length));
  }
}

void lower_write_user(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  const Type& type = call.facts(1).type;
  llvm::Value* destination = call.scalar(0);
  std::uint32_t most = type.is_pointer() ? call.program().checked().settings.max_strlen : type.size();
  llvm::Value* length = bpf.at_most(call.scalar(2), most);
  llvm::Value* content = call.probe().temporary(most);
  if (type.is_scalar() && !type.is_pointer()) {
    bpf.store(call.scalar(1), content, type.size());
  } else {
    Source source = source_of(call, 1);
    bpf.call(reader(source.space), {content, bpf.number(most), source.address});
  }
  llvm::Value* result = bpf.call(Helper::probe_write_user, {destination, content, length});
  call.give(bpf.from_bool(bpf.CreateICmpEQ(result, bpf.number(0))));
}

// Bytes that `memcmp` can look at without leaving a value.
void check_memcmp(CallCheck& call) {
  std::int64_t count = *call.facts(2).constant;
  for (std::size_t i = 0; i < 2; ++i) {
    if (call.type(i).is_none()) return;
    std::uint32_t most = available(call, i);
    if (count >= 1 && count <= most) continue;
    call.diagnostics().report<DiagnosticId::argument_value>(call.argument(2).range, fmt::format("`memcmp` compares 1 to {} bytes here, not {}", most, count));
    return;
  }
}

// The difference of the first bytes that differ.
void lower_memcmp(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  auto count = static_cast<std::uint32_t>(call.constant(2, 0));
  llvm::Value* pieces[2];
  for (std::size_t i = 0; i < 2; ++i) {
    Source source = source_of(call, i);
    pieces[i] = call.probe().temporary(count);
    bpf.call(reader(source.space), {pieces[i], bpf.number(count), source.address});
  }
  llvm::AllocaInst* result = bpf.word();
  bpf.CreateStore(bpf.number(0), result);
  bpf.repeat(count, [&](llvm::Value* index, llvm::BasicBlock* end) {
    llvm::Value* left = bpf.load(bpf.at(pieces[0], index), 1, false);
    llvm::Value* right = bpf.load(bpf.at(pieces[1], index), 1, false);
    llvm::BasicBlock* differ = bpf.block("differ");
    llvm::BasicBlock* same = bpf.block("same");
    bpf.CreateCondBr(bpf.CreateICmpNE(left, right), differ, same);
    bpf.SetInsertPoint(differ);
    bpf.CreateStore(bpf.CreateSub(left, right), result);
    bpf.CreateBr(end);
    bpf.SetInsertPoint(same);
  });
  call.give(bpf.CreateLoad(bpf.getInt64Ty(), result));
}

}  // namespace

BuiltinFamily memory_builtins() {
  static const Builtin rows[] = {
      {.prototype = "auto buf(pointer|int|array|string|buffer|struct data, [int length])",
       .doc = "Raw bytes, for %r, %rx and %rh: those of a value, or `length` bytes at an address.", .check = check_buf, .lower = lower_buf,
       .writes_in_place = true},
      {.prototype = "auto kptr(pointer|int address)", .doc = "The same address, in the kernel's memory.",
       .check = [](CallCheck& call) { set_space(call, AddressSpace::kernel); }, .lower = give_first},
      {.prototype = "auto uptr(pointer|int address)", .doc = "The same address, in the memory of the current process.",
       .check = [](CallCheck& call) { set_space(call, AddressSpace::user); }, .lower = give_first},
      {.prototype = "uint64 kaddr(text symbol)", .doc = "Address of a kernel symbol.", .check = check_kaddr, .lower = give_constant},
      {.prototype = "auto percpu_kaddr(text symbol, [int cpu])",
       .doc = "Address of a CPU's own copy of a kernel variable; of this CPU, or of the given one (null if there is none).",
       .check = check_percpu_kaddr, .lower = lower_percpu_kaddr},
      {.prototype = "bool write_user(pointer|int destination, any source, int length)",
       .doc = "Writes bytes to the memory of the current process; false where they can not be written.", .check = check_write_user,
       .lower = lower_write_user, .unsafe = true},
      {.prototype = "int64 memcmp(array|string|buffer|struct|pointer left, array|string|buffer|struct|pointer right, literal count)",
       .doc = "Compares the first bytes of two values, or of what two pointers point to: 0 where they are equal.", .check = check_memcmp,
       .lower = lower_memcmp},
      {.prototype = "auto container_of(pointer member, type struct_type, word name)",
       .doc = "The struct that a pointer to one of its members points into: container_of($p, typeof(struct task_struct), tasks).",
       .check = check_container_of, .lower = lower_container_of},
  };
  return {"Memory", rows};
}

}  // namespace fathom::codegen
