// Help for builtin rows.
#include "codegen/call_lowering.h"

namespace fathom::codegen {

void give_constant(CallLowering& call) { call.give(call.bpf().number(static_cast<std::uint64_t>(call.facts().constant.value_or(0)))); }

std::int64_t CallLowering::constant(std::size_t index, std::int64_t otherwise) const {
  return index < count() ? facts(index).constant.value_or(otherwise) : otherwise;
}

Destination CallLowering::result_memory() {
  const Type& type = facts().type;
  if (hint_ != nullptr && hint_->type == type) return *hint_;
  return {probe_.temporary(type.size()), type, true};
}

void CallLowering::give_symbol(llvm::Value* address) {
  using layout::SymbolValue;
  Destination memory = result_memory();
  llvm::Value* process = bpf().CreateLShr(probe_.task_ids(false), 32);
  probe_.announce_process(process);
  bpf().store(address, bpf().at(memory.memory, offsetof(SymbolValue, address)), sizeof(std::uint64_t));
  bpf().store(process, bpf().at(memory.memory, offsetof(SymbolValue, process)), sizeof(std::uint64_t));
  give_memory(memory.memory);
}

void CallLowering::send(FormatStyle style, std::string text, std::size_t first, std::vector<Type> types) {
  // Arguments are evaluated before the record is reserved: a program that ends in between would leave the ring blocked, and the verifier
  // allows no branch out while a record is held. Strings and the like are written straight into the record.
  // Numbers that are more than the registers and the stack hold wait in scratch memory.
  constexpr std::size_t most_held = 12;
  std::size_t held = 0;
  std::vector<llvm::Value*> scalars(types.size(), nullptr);
  std::vector<llvm::Value*> kept(types.size(), nullptr);
  std::vector<Operand> operands(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i].is_scalar()) {
      scalars[i] = scalar(first + i);
      if (llvm::isa<llvm::Constant>(scalars[i]) || ++held <= most_held) continue;
      kept[i] = probe_.scratch(sizeof(std::uint64_t));
      bpf().CreateStore(scalars[i], kept[i]);
    } else if (!probe_.writes_in_place(argument(first + i))) {
      operands[i] = probe_.lower(argument(first + i));
    }
  }
  const bool has_place = style == FormatStyle::errorf || style == FormatStyle::warnf || style == FormatStyle::system;
  std::uint32_t format = program().format({style, std::move(text), types, has_place ? program().place(call_.range) : 0});
  probe_.record(format, [&](llvm::Value* record, const layout::RecordLayout& layout) {
    for (std::size_t i = 0; i < types.size(); ++i) {
      Destination field{bpf().at(record, layout.offsets[i]), types[i], false};
      if (scalars[i] != nullptr) {
        llvm::Value* number = kept[i] == nullptr ? scalars[i] : bpf().CreateLoad(bpf().getInt64Ty(), kept[i]);
        bpf().store(number, field.memory, types[i].size());
      } else if (operands[i].place != Operand::Place::nothing) {
        probe_.store(operands[i], field);
      } else {
        probe_.store(argument(first + i), field);
      }
    }
  });
}

llvm::Value* CallLowering::with_object(std::size_t index, const std::function<llvm::Value*(llvm::Value*)>& use) {
  BpfBuilder& bpf = this->bpf();
  llvm::AllocaInst* result = bpf.word();
  bpf.CreateStore(bpf.number(0), result);
  llvm::BasicBlock* end = bpf.block("no_object");
  llvm::Value* object = probe_.object(argument(index), end);
  bpf.CreateStore(use(object), result);
  bpf.CreateBr(end);
  bpf.SetInsertPoint(end);
  return bpf.CreateLoad(bpf.getInt64Ty(), result);
}

llvm::Value* CallLowering::key_of(std::size_t index) {
  return probe_.key(map(index), std::get<ast::MapAccess>(argument(index).kind).keys);
}

llvm::Value* CallLowering::as_key(std::uint32_t map, std::size_t index) {
  const Type& type = probe_.map_plan(map).key;
  return probe_.in_memory(argument(index), type);
}

}  // namespace fathom::codegen
