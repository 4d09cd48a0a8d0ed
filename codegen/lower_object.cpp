// Objects of the kernel as the verifier knows them: pointers that come from the probe's context, or are read by way of one, and are never
// taken for numbers. Some helpers take nothing else. Everything that a script calculates with is read by helpers instead, as plain numbers.
#include "ast/walk.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

using namespace ast;

namespace {

constexpr std::uint32_t word = 8;

}  // namespace

// Goes to `missing` where the pointer is null, which for some of them the verifier wants to see.
llvm::Value* ProbeLowering::present(llvm::Value* number, llvm::BasicBlock* missing) {
  llvm::BasicBlock* go = bpf_.block("present");
  bpf_.CreateCondBr(bpf_.CreateICmpEQ(number, bpf_.number(0)), missing, go);
  bpf_.SetInsertPoint(go);
  return bpf_.CreateIntToPtr(number, bpf_.getPtrTy());
}

llvm::Value* ProbeLowering::object_argument(const ContextField& field) {
  return bpf_.load_context(context(), std::uint64_t{field.offset} * word, word, false);
}

// What check called an object: the pointer to it.
llvm::Value* ProbeLowering::object(const Expression& expression, llvm::BasicBlock* missing) {
  const Facts& known = facts(expression);
  if (known.source != nullptr) return object(*known.source, missing);
  if (const auto* cast = std::get_if<Cast>(&expression.kind)) return object(*cast->operand, missing);
  if (const auto* unary = std::get_if<Unary>(&expression.kind)) return object(*unary->operand, missing);  // `*p` and `&p->member`
  if (const auto* member = std::get_if<Member>(&expression.kind)) return object_member(*member, known, missing);
  static const Expressions none;
  const auto* node = std::get_if<Call>(&expression.kind);
  CallLowering lowering(*this, expression, node == nullptr ? none : node->arguments, nullptr);
  lowering.want_object();
  known.builtin->lower(lowering);
  llvm::Value* value = lowering.result().value;
  return value->getType()->isPointerTy() ? value : present(value, missing);
}

llvm::Value* ProbeLowering::object_member(const Member& node, const Facts& known, llvm::BasicBlock* missing) {
  const Type& base = facts(*node.base).type;
  if (base.is(TypeKind::context)) return present(object_argument(probe_.context.fields[known.index]), missing);
  llvm::Value* whole = object(*node.base, missing);
  const std::uint32_t offset = known.member->offset;
  if (!known.type.is_pointer()) return bpf_.at(whole, offset);
  llvm::Value* pointer = whole == context() ? bpf_.load_context(whole, offset, word, false) : bpf_.opaque(bpf_.load(bpf_.at(whole, offset), word, false));
  return present(pointer, missing);
}

}  // namespace fathom::codegen
