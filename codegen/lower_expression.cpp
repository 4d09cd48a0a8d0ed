// Expressions.
#include <bit>

#include "ast/walk.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

using namespace ast;

namespace {

constexpr std::uint32_t word = 8;
constexpr std::uint64_t record_offset_mask = 0xffff;  // low half of a __data_loc

// Of a chain of operators like `a + b + c`, without the last.
std::uint32_t terms_before(const Expression& expression) {
  std::uint32_t count = 0;
  const auto* left = std::get_if<Binary>(&expression.kind);
  for (; left != nullptr; left = std::get_if<Binary>(&left->left->kind)) ++count;
  return count;
}

}  // namespace

llvm::Value* ProbeLowering::scalar(const Expression& expression) {
  const Facts& known = facts(expression);
  if (known.constant && !std::holds_alternative<Ternary>(expression.kind)) return bpf_.number(static_cast<std::uint64_t>(*known.constant));
  Operand operand = lower(expression);
  return operand.place == Operand::Place::scalar ? operand.value : bpf_.number(0);
}

llvm::Value* ProbeLowering::condition(const Expression& expression) { return bpf_.to_bool(scalar(expression)); }

// What goes wrong at run time is reported for the innermost expression that it happens in, not for the whole statement.
Operand ProbeLowering::lower(const Expression& expression, const Destination* hint) {
  const Range around = std::exchange(current_, expression.range);
  Operand result = lower_kind(expression, hint);
  current_ = around;
  return result;
}

Operand ProbeLowering::lower_kind(const Expression& expression, const Destination* hint) {
  const Facts& known = facts(expression);
  auto number = [&](std::uint64_t value) { return Operand{Operand::Place::scalar, bpf_.number(value), known.type}; };
  auto literal = [&](std::string_view text) { return text_literal(text, known.type, hint); };
  return match(
      expression.kind, [&](const IntegerLiteral& n) { return number(n.value); }, [&](const StringLiteral&) { return literal(known.text.value_or("")); },
      [&](const BooleanLiteral& n) { return number(n.value ? 1 : 0); },
      [&](const Positional&) {
        return known.type.is_string() ? literal(known.text.value_or("")) : number(static_cast<std::uint64_t>(known.constant.value_or(0)));
      },
      [&](const PositionalCount&) { return number(static_cast<std::uint64_t>(known.constant.value_or(0))); },
      [&](const Identifier&) {
        if (known.builtin != nullptr) return call(expression, {}, hint);
        return number(static_cast<std::uint64_t>(known.constant.value_or(0)));
      },
      [&](const Variable&) {
        const Operand& slot = variables_[known.index];
        if (slot.place == Operand::Place::memory) return slot;
        return Operand{Operand::Place::scalar, bpf_.CreateLoad(bpf_.getInt64Ty(), slot.value), slot.type};
      },
      [&](const MapAccess& n) { return read_map(known.index, n.keys, known.type); }, [&](const Call& n) { return call(expression, n.arguments, hint); },
      [&](const Unary& n) { return unary(n, expression); }, [&](const Step& n) { return step(n, expression); },
      [&](const Binary& n) { return binary(n, expression); }, [&](const Ternary& n) { return ternary(n, expression); },
      [&](const Member& n) { return member(n, expression); }, [&](const Subscript& n) { return subscript(n, expression); },
      [&](const Cast& n) { return cast(n, expression); },
      [&](const ast::Tuple&) { return Operand{Operand::Place::memory, in_memory(expression, known.type), known.type}; },
      [&](const Record&) { return Operand{Operand::Place::memory, in_memory(expression, known.type), known.type}; },
      [&](const SizeOf&) { return number(static_cast<std::uint64_t>(known.constant.value_or(0))); },
      [&](const OffsetOf&) { return number(static_cast<std::uint64_t>(known.constant.value_or(0))); }, [](const TypeOf&) { return Operand{}; },
      [&](const Comptime& n) { return lower(*n.operand, hint); },
      [&](const BlockExpression& n) { return block_expression(n, expression, hint); });
}

Operand ProbeLowering::text_literal(std::string_view text, const Type& type, const Destination* hint) {
  Destination memory = hint != nullptr && hint->type == type ? *hint : Destination{temporary(type.size()), type, true};
  store_literal(text, memory);
  return Operand{Operand::Place::memory, memory.memory, type};
}

// For what is about bytes: a string in the script has all of its own, also behind a NUL.
Operand ProbeLowering::lower_bytes(const Expression& expression) {
  const auto* literal = std::get_if<StringLiteral>(&expression.kind);
  return literal == nullptr ? lower(expression) : text_literal(literal->value, facts(expression).type, nullptr);
}

Operand ProbeLowering::call(const Expression& expression, const Expressions& arguments, const Destination* hint) {
  CallLowering lowering(*this, expression, arguments, hint);
  facts(expression).builtin->lower(lowering);
  return lowering.result();
}

bool ProbeLowering::writes_in_place(const Expression& expression) const {
  const Facts& known = facts(expression);
  if (known.type.is(TypeKind::context)) return true;
  return (known.builtin != nullptr && known.builtin->writes_in_place) || (known.text && known.type.is_string());
}

Operand ProbeLowering::context_field(const ContextField& field) {
  const Type& read = field.read.is_none() ? field.type : field.read;
  auto scalar = [&](llvm::Value* value) { return Operand{Operand::Place::scalar, value, field.type}; };
  switch (field.source) {
    case ContextSource::record:
      if (field.type.is_scalar()) return scalar(bpf_.load_context(context(), field.offset, read.size(), read.is_signed()));
      return {Operand::Place::remote, bpf_.CreatePtrToInt(bpf_.at(context(), field.offset), bpf_.getInt64Ty()), field.type};
    case ContextSource::record_string:
    case ContextSource::record_relative_string: {
      llvm::Value* offset = bpf_.CreateAnd(bpf_.load_context(context(), field.offset, 4, false), record_offset_mask);
      if (field.source == ContextSource::record_relative_string) offset = bpf_.CreateAdd(offset, bpf_.getInt64(field.offset + 4));
      return scalar(bpf_.CreatePtrToInt(bpf_.at(context(), offset), bpf_.getInt64Ty()));
    }
    case ContextSource::argument:
    case ContextSource::typed_argument: {
      std::uint64_t offset = std::uint64_t{field.offset} * word;
      if (!field.type.is_scalar()) return {Operand::Place::remote, bpf_.CreatePtrToInt(bpf_.at(context(), offset), bpf_.getInt64Ty()), field.type};
      llvm::Value* value = bpf_.load_context(context(), offset, word, false);
      if (field.source == ContextSource::typed_argument && field.type.is_pointer()) value = bpf_.untyped(value);
      return scalar(read.is_numeric() ? bpf_.narrow(value, read.size(), read.is_signed()) : value);
    }
    case ContextSource::register_value: return scalar(bpf_.load_context(context(), field.offset, read.size(), read.is_signed()));
    case ContextSource::saved_register: {
      llvm::Value* registers = bpf_.load_context(context(), 0, word, false);
      llvm::Value* memory = temporary(word);
      this->read(memory, bpf_.CreateAdd(registers, bpf_.number(field.offset)), word, AddressSpace::kernel);
      llvm::Value* value = bpf_.load(memory, word, false);
      return scalar(read.is_numeric() ? bpf_.narrow(value, read.size(), read.is_signed()) : value);
    }
    case ContextSource::memory: {
      llvm::Value* address = bpf_.CreateAdd(bpf_.load_context(context(), field.offset, word, false),
                                            bpf_.number(static_cast<std::uint64_t>(field.displacement)));
      if (field.scale != 0) {
        llvm::Value* index = bpf_.load_context(context(), field.index, word, false);
        address = bpf_.CreateAdd(address, bpf_.CreateMul(index, bpf_.number(field.scale)));
      }
      return scalar(at_address(address, read.with_space(field.type.space())).value);
    }
    case ContextSource::constant: return scalar(bpf_.number(static_cast<std::uint64_t>(field.displacement)));
    case ContextSource::function: return scalar(bpf_.call(Helper::get_func_ip, {context()}));
  }
  return {};
}

Operand ProbeLowering::unary(const Unary& node, const Expression& expression) {
  const Type& type = facts(expression).type;
  auto result = [&](llvm::Value* value) { return Operand{Operand::Place::scalar, value, type}; };
  switch (node.op) {
    case UnaryOperator::negate: return result(bpf_.CreateNeg(scalar(*node.operand)));
    case UnaryOperator::bitwise_not: return result(bpf_.narrow(bpf_.CreateNot(scalar(*node.operand)), type.size(), type.is_signed()));
    case UnaryOperator::logical_not: return result(bpf_.from_bool(bpf_.CreateNot(condition(*node.operand))));
    case UnaryOperator::dereference: return at_address(scalar(*node.operand), in_space_of(type, *node.operand));
    case UnaryOperator::address_of: return address_of(*node.operand, type);
  }
  return {};
}

// What a pointer points to, with the space that it points into, which scalars do not remember themselves.
Type ProbeLowering::in_space_of(const Type& type, const Expression& pointer) const {
  const Type& from = facts(pointer).type;
  return type.with_space(from.is_pointer() ? from.space() : probe_.type->pointers);
}

Operand ProbeLowering::step(const Step& node, const Expression& expression) {
  if (const auto* target = std::get_if<MapAccess>(&node.operand->kind)) return step_map(node, *target, expression);
  const Operand& slot = variables_[facts(*node.operand).index];
  bool up = node.kind == StepKind::pre_increment || node.kind == StepKind::post_increment;
  bool before = node.kind == StepKind::post_increment || node.kind == StepKind::post_decrement;
  llvm::Value* old = bpf_.CreateLoad(bpf_.getInt64Ty(), slot.value);
  llvm::Value* amount = slot.type.is_pointer() ? pointer_step(slot.type, bpf_.number(1)) : bpf_.number(1);
  llvm::Value* changed = up ? bpf_.CreateAdd(old, amount) : bpf_.CreateSub(old, amount);
  if (slot.type.is_integer()) changed = bpf_.narrow(changed, slot.type.size(), slot.type.is_signed());
  bpf_.CreateStore(changed, slot.value);
  return {Operand::Place::scalar, before ? old : changed, slot.type};
}

llvm::Value* ProbeLowering::pointer_step(const Type& pointer, llvm::Value* count) {
  std::uint32_t size = std::max(pointer.pointee().size(), 1u);
  return size == 1 ? count : bpf_.CreateMul(count, bpf_.number(size));
}

Operand ProbeLowering::short_circuit(const Binary& node) {
  bool is_and = node.op == BinaryOperator::logical_and;
  llvm::AllocaInst* result = bpf_.word();
  llvm::Value* left = condition(*node.left);
  bpf_.CreateStore(bpf_.from_bool(left), result);
  bpf_.when(is_and ? left : bpf_.CreateNot(left), [&] { bpf_.CreateStore(bpf_.from_bool(condition(*node.right)), result); });
  return {Operand::Place::scalar, bpf_.CreateLoad(bpf_.getInt64Ty(), result), Type::boolean()};
}

Operand ProbeLowering::binary(const Binary& node, const Expression& expression) {
  const Facts& known = facts(expression);
  if (node.op == BinaryOperator::logical_and || node.op == BinaryOperator::logical_or) return short_circuit(node);
  auto truth = [&](llvm::Value* value) { return Operand{Operand::Place::scalar, bpf_.from_bool(value), known.type}; };
  const Type& left_type = facts(*node.left).type;
  const Type& right_type = facts(*node.right).type;
  if (!left_type.is_scalar()) {
    llvm::Value* equal = left_type.is_string() ? string_equal(*node.left, *node.right) : memory_equal(*node.left, *node.right);
    return truth(node.op == BinaryOperator::equal ? equal : bpf_.CreateNot(equal));
  }
  llvm::Value* left = scalar(*node.left);
  llvm::Value* right = scalar(*node.right);
  bool is_signed = known.is_signed;
  switch (node.op) {
    case BinaryOperator::equal: return truth(bpf_.CreateICmpEQ(left, right));
    case BinaryOperator::not_equal: return truth(bpf_.CreateICmpNE(left, right));
    case BinaryOperator::less: return truth(is_signed ? bpf_.CreateICmpSLT(left, right) : bpf_.CreateICmpULT(left, right));
    case BinaryOperator::less_equal: return truth(is_signed ? bpf_.CreateICmpSLE(left, right) : bpf_.CreateICmpULE(left, right));
    case BinaryOperator::greater: return truth(is_signed ? bpf_.CreateICmpSGT(left, right) : bpf_.CreateICmpUGT(left, right));
    case BinaryOperator::greater_equal: return truth(is_signed ? bpf_.CreateICmpSGE(left, right) : bpf_.CreateICmpUGE(left, right));
    case BinaryOperator::multiply:
    case BinaryOperator::divide:
    case BinaryOperator::remainder:
    case BinaryOperator::add:
    case BinaryOperator::subtract:
    case BinaryOperator::shift_left:
    case BinaryOperator::shift_right:
    case BinaryOperator::bitwise_and:
    case BinaryOperator::bitwise_xor:
    case BinaryOperator::bitwise_or: break;
    case BinaryOperator::logical_and:
    case BinaryOperator::logical_or: break;  // above
  }
  if (known.type.is_pointer()) {
    if (left_type.is_pointer()) right = pointer_step(left_type, right);
    if (right_type.is_pointer()) left = pointer_step(right_type, left);
  }
  llvm::Value* result = arithmetic(node.op, left, right, is_signed);
  // The optimiser moves sums to where they are used, and leaves what they add behind: of many terms neither registers nor stack hold all.
  constexpr std::uint32_t most_terms = 8;
  if (terms_before(*node.left) % most_terms == most_terms - 1 && !llvm::isa<llvm::Constant>(result)) result = bpf_.opaque(result);
  return {Operand::Place::scalar, result, known.type};
}

llvm::Value* ProbeLowering::arithmetic(BinaryOperator op, llvm::Value* left, llvm::Value* right, bool is_signed) {
  constexpr std::uint64_t shift_mask = 63;  // as the machine does
  switch (op) {
    case BinaryOperator::multiply: return bpf_.CreateMul(left, right);
    case BinaryOperator::divide: return divide(left, right, is_signed, false);
    case BinaryOperator::remainder: return divide(left, right, is_signed, true);
    case BinaryOperator::add: return bpf_.CreateAdd(left, right);
    case BinaryOperator::subtract: return bpf_.CreateSub(left, right);
    case BinaryOperator::shift_left: return bpf_.CreateShl(left, bpf_.CreateAnd(right, shift_mask));
    case BinaryOperator::shift_right: {
      llvm::Value* count = bpf_.CreateAnd(right, shift_mask);
      return is_signed ? bpf_.CreateAShr(left, count) : bpf_.CreateLShr(left, count);
    }
    case BinaryOperator::bitwise_and: return bpf_.CreateAnd(left, right);
    case BinaryOperator::bitwise_xor: return bpf_.CreateXor(left, right);
    case BinaryOperator::bitwise_or: return bpf_.CreateOr(left, right);
    case BinaryOperator::less:
    case BinaryOperator::less_equal:
    case BinaryOperator::greater:
    case BinaryOperator::greater_equal:
    case BinaryOperator::equal:
    case BinaryOperator::not_equal:
    case BinaryOperator::logical_and:
    case BinaryOperator::logical_or: break;
  }
  return bpf_.number(0);
}

// BPF before v4 divides unsigned numbers only: signed ones are divided by magnitude, with the signs put back. By zero: the quotient is 0,
// the remainder the dividend, as the BPF instruction set defines.
llvm::Value* ProbeLowering::divide(llvm::Value* left, llvm::Value* right, bool is_signed, bool want_remainder) {
  llvm::Value* zero = bpf_.number(0);
  llvm::Value* by_zero = bpf_.CreateICmpEQ(right, zero);
  if (!llvm::isa<llvm::ConstantInt>(right)) report_error_when(by_zero, RunTimeError::division_by_zero);
  auto magnitude = [&](llvm::Value* value) {
    return is_signed ? bpf_.CreateSelect(bpf_.CreateICmpSLT(value, zero), bpf_.CreateNeg(value), value) : value;
  };
  llvm::Value* divisor = bpf_.CreateSelect(by_zero, bpf_.number(1), magnitude(right));
  llvm::Value* dividend = magnitude(left);
  llvm::Value* result = want_remainder ? bpf_.CreateURem(dividend, divisor) : bpf_.CreateUDiv(dividend, divisor);
  if (is_signed) {
    llvm::Value* sign = want_remainder ? left : bpf_.CreateXor(left, right);
    result = bpf_.CreateSelect(bpf_.CreateICmpSLT(sign, zero), bpf_.CreateNeg(result), result);
  }
  return bpf_.CreateSelect(by_zero, want_remainder ? left : zero, result);
}

Operand ProbeLowering::ternary(const Ternary& node, const Expression& expression) {
  const Type& type = facts(expression).type;
  const Expression& then = node.then ? *node.then : *node.condition;
  // The condition is evaluated once, also where it is the value.
  llvm::Value* tested = scalar(*node.condition);
  llvm::Value* test = bpf_.to_bool(tested);
  if (type.is_none()) {
    bpf_.choose(test, [&] { lower(then); }, [&] { lower(*node.otherwise); });
    return {};
  }
  if (type.is_scalar()) {
    llvm::AllocaInst* result = bpf_.word();
    bpf_.choose(
        test, [&] { bpf_.CreateStore(node.then ? scalar(then) : tested, result); },
        [&] { bpf_.CreateStore(scalar(*node.otherwise), result); });
    llvm::Value* chosen = bpf_.CreateLoad(bpf_.getInt64Ty(), result);
    // The verifier goes on with what it knows of each branch's value. Where there are many choices it must forget that, or it has to look at the
    // rest of the probe in every combination of them.
    constexpr int free_choices = 8;
    if (++choices_ > free_choices) chosen = bpf_.CreateAdd(chosen, unknown_zero());
    return {Operand::Place::scalar, chosen, type};
  }
  Destination memory{temporary(type.size()), type, true};
  bpf_.choose(test, [&] { store(then, memory); }, [&] { store(*node.otherwise, memory); });
  return {Operand::Place::memory, memory.memory, type};
}

Operand ProbeLowering::member(const Member& node, const Expression& expression) {
  const Facts& known = facts(expression);
  const Type& base_type = facts(*node.base).type;
  if (base_type.is(TypeKind::context)) return context_field(probe_.context.fields[known.index]);
  if (base_type.is_tuple()) {
    Operand base = lower(*node.base);
    return part_of(base, tuple_offsets(base.type.parts())[known.index], base.type.parts()[known.index]);
  }
  if (base_type.is_pointer() && base_type.pointee().is_tuple()) {
    const Type& whole = base_type.pointee();
    return part_of(at_address(scalar(*node.base), whole.with_space(base_type.space())), tuple_offsets(whole.parts())[known.index], whole.parts()[known.index]);
  }
  const StructMember* member = &*known.member;
  if (base_type.is_pointer()) {
    llvm::Value* address = bpf_.CreateAdd(scalar(*node.base), bpf_.number(member->offset));
    return at_address(address, known.type.with_space(base_type.space()), member);
  }
  Operand base = lower(*node.base);
  if (base.place == Operand::Place::remote) {
    return at_address(bpf_.CreateAdd(base.value, bpf_.number(member->offset)), known.type.with_space(base.type.space()), member);
  }
  return part_of(base, member->offset, known.type, member);
}

Operand ProbeLowering::subscript(const Subscript& node, const Expression& expression) {
  const Facts& known = facts(expression);
  const Type& base_type = facts(*node.base).type;
  if (base_type.is_tuple()) {
    Operand base = lower(*node.base);
    return part_of(base, tuple_offsets(base.type.parts())[known.index], base.type.parts()[known.index]);
  }
  if (base_type.is_pointer()) {
    llvm::Value* address = bpf_.CreateAdd(scalar(*node.base), pointer_step(base_type, scalar(*node.index)));
    return at_address(address, known.type.with_space(base_type.space()));
  }
  if (known.constant) return {Operand::Place::scalar, bpf_.number(static_cast<std::uint64_t>(*known.constant)), known.type};
  Operand base = content_of(lower(*node.base));
  return element(base, *node.index, known.type);
}

// The bytes of a counted buffer stand behind their number.
Operand ProbeLowering::content_of(const Operand& operand) {
  if (!operand.type.is_counted()) return operand;
  Operand content = operand;
  content.type = Type::buffer(operand.type.buffer_capacity()).with_space(operand.type.space());
  content.value = bpf_.at(operand.value, Type::length_size);
  content.alignment = Type::length_size;
  return content;
}

Operand ProbeLowering::element(const Operand& base, const Expression& index_expression, const Type& type) {
  bool is_remote = base.place == Operand::Place::remote;
  std::uint32_t size = std::max(type.size(), 1u);
  Type element = type.with_space(base.type.space());
  std::uint32_t count = base.type.size() / size;
  if (auto constant = facts(index_expression).constant; constant && (is_remote || *constant < count)) {
    auto offset = static_cast<std::uint64_t>(*constant) * size;
    if (is_remote) return at_address(bpf_.CreateAdd(base.value, bpf_.number(offset)), element);
    return part_of(base, static_cast<std::uint32_t>(offset), element);
  }
  llvm::Value* index = scalar(index_expression);
  if (count == 0 && is_remote) return at_address(bpf_.CreateAdd(base.value, bpf_.CreateMul(index, bpf_.number(size))), element);
  // An index beyond the end reads as zero; from far away it is an address that can not be read.
  llvm::Value* inside = bpf_.CreateICmpULT(index, bpf_.number(count));
  report_error_when(bpf_.CreateNot(inside), RunTimeError::index_out_of_bounds);
  if (is_remote) {
    llvm::Value* address = bpf_.CreateAdd(base.value, bpf_.CreateMul(index, bpf_.number(size)));
    return at_address(bpf_.CreateSelect(inside, address, bpf_.number(0)), element);
  }
  llvm::Value* offset = bpf_.CreateMul(bpf_.bounded(index, std::max(count, 1u)), bpf_.number(size));
  Operand place = from_memory(bpf_.at(base.value, offset), element, std::min(base.alignment, 1u << std::countr_zero(size)));
  if (place.place == Operand::Place::scalar) {
    place.value = bpf_.CreateSelect(inside, place.value, bpf_.number(0));
    return place;
  }
  place.padded = base.padded;
  const Type kept = element.is_string() ? stored(element) : element;
  Destination copy{temporary(kept.size()), kept, true};
  bpf_.choose(inside, [&] { store(place, copy); }, [&] { bpf_.clear(copy.memory, kept.size()); });
  return {Operand::Place::memory, copy.memory, kept};
}

// A pointer that is laid down in a map and taken up again is a plain number to the verifier, which allows any arithmetic on those.
Operand ProbeLowering::address_of(const Expression& operand, const Type& type) {
  const Facts& known = facts(operand);
  if (std::holds_alternative<Member>(operand.kind)) return {Operand::Place::scalar, address_of_member(operand), type};
  llvm::Value* pointer = known.map_reference ? static_cast<llvm::Value*>(map(known.index)) : variables_[known.index].value;
  llvm::Value* place = scratch(word);
  bpf_.CreateStore(bpf_.CreatePtrToInt(pointer, bpf_.getInt64Ty()), place, true);
  return {Operand::Place::scalar, bpf_.CreateLoad(bpf_.getInt64Ty(), place, true), type};
}

llvm::Value* ProbeLowering::address_of_member(const Expression& member) {
  const auto* node = std::get_if<Member>(&member.kind);
  const Expression& base = *node->base;
  llvm::Value* whole = facts(base).type.is_pointer() ? scalar(base) : address_of_member(base);
  return bpf_.CreateAdd(whole, bpf_.number(facts(member).member->offset));
}

Operand ProbeLowering::cast(const Cast& node, const Expression& expression) {
  const Type& type = facts(expression).type;
  const Type& from = facts(*node.operand).type;
  if (!type.is_scalar()) {
    if (!from.is_scalar()) return cast_memory(type.is_array() ? lower_bytes(*node.operand) : lower(*node.operand), type);
    llvm::Value* memory = temporary(type.size());
    bpf_.store(scalar(*node.operand), memory, type.size());
    return {Operand::Place::memory, memory, type};
  }
  if (!from.is_scalar()) {
    Operand array = lower(*node.operand);
    if (from.is_string()) {  // whether it has a first character
      const Type byte = Type::integer(1, false);
      Operand first = array.place == Operand::Place::remote ? at_address(array.value, byte.with_space(array.type.space())) : from_memory(array.value, byte, 1);
      return {Operand::Place::scalar, bpf_.from_bool(bpf_.to_bool(first.value)), type};
    }
    if (array.place == Operand::Place::remote) return at_address(array.value, type.with_space(array.type.space()));
    return from_memory(array.value, type, array.alignment);
  }
  llvm::Value* value = scalar(*node.operand);
  if (type.is(TypeKind::boolean)) return {Operand::Place::scalar, bpf_.from_bool(bpf_.to_bool(value)), type};
  return {Operand::Place::scalar, bpf_.narrow(value, type.size(), type.is_signed()), type};
}

// Between values that live in memory: the same bytes under another type, or a copy where sizes differ.
Operand ProbeLowering::cast_memory(const Operand& operand, const Type& type) {
  if (operand.type == type || type.is_structure()) return operand;
  if (type.is_array()) {
    Operand bytes = content_of(operand);
    bytes.type = type.with_space(operand.type.space());
    return bytes;
  }
  Destination copy{temporary(type.size()), type, true};
  store(operand, copy);
  return {Operand::Place::memory, copy.memory, type};
}

}  // namespace fathom::codegen
