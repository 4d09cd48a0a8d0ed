// Rules of the type lattice.
#include "ast/passes/typing.h"

#include <algorithm>

namespace fathom {

using ast::BinaryOperator;

namespace {

bool is_comparison(BinaryOperator op) { return op >= BinaryOperator::less && op <= BinaryOperator::not_equal; }

bool is_equality(BinaryOperator op) { return op == BinaryOperator::equal || op == BinaryOperator::not_equal; }

bool is_logical(BinaryOperator op) { return op == BinaryOperator::logical_and || op == BinaryOperator::logical_or; }

// A constant that fits either sign leaves the decision to the other operand.
bool is_flexible(const Facts& facts) { return facts.constant && *facts.constant >= 0; }

bool arithmetic_signed(const Facts& left, const Facts& right) {
  if (is_flexible(left) && is_flexible(right)) return left.type.is_signed() && right.type.is_signed();
  if (is_flexible(left)) return right.type.is_signed();
  if (is_flexible(right)) return left.type.is_signed();
  return left.type.is_signed() || right.type.is_signed();
}

std::optional<Type> pointer_result(BinaryOperator op, const Type& left, const Type& right) {
  if (op == BinaryOperator::add) {
    if (left.is_pointer() && right.is_numeric()) return left;
    if (right.is_pointer() && left.is_numeric()) return right;
  }
  if (op == BinaryOperator::subtract && left.is_pointer() && right.is_numeric()) return left;
  // Masking tag bits of an address gives a number.
  if (op == BinaryOperator::bitwise_and && left.is_pointer() && right.is_numeric()) return Type::uint64();
  return std::nullopt;
}

std::optional<Type> comparison_result(BinaryOperator op, const Type& left, const Type& right) {
  if (left.is_string() || right.is_string()) {
    return left.is_string() && right.is_string() && is_equality(op) ? std::optional(Type::boolean()) : std::nullopt;
  }
  if (left.is_tuple() && right.is_tuple()) return is_equality(op) && unify(left, right) ? std::optional(Type::boolean()) : std::nullopt;
  if (left.is_scalar() && right.is_scalar()) return Type::boolean();
  return std::nullopt;
}

std::optional<Type> unify_tuples(const Type& a, const Type& b) {
  if (a.parts().size() != b.parts().size()) return std::nullopt;
  std::vector<Type> parts;
  for (std::size_t i = 0; i < a.parts().size(); ++i) {
    auto part = unify(a.parts()[i], b.parts()[i]);
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
  }
  return Type::tuple(std::move(parts));
}

Type unify_numbers(const Type& a, const Type& b) {
  if (a == b) return a;
  auto as_integer = [](const Type& type) {
    if (type.is(TypeKind::boolean)) return Type::integer(1, false);
    return type.is(TypeKind::enumeration) ? type.underlying() : type;
  };
  Type left = as_integer(a);
  Type right = as_integer(b);
  if (left.is_signed() == right.is_signed()) return Type::integer(std::max(left.size(), right.size()), left.is_signed());
  return Type::int64();
}

}  // namespace

std::optional<Type> unify(const Type& a, const Type& b) {
  if (a.is_none()) return b;
  if (b.is_none()) return a;
  if (a.is_numeric() && b.is_numeric()) return unify_numbers(a, b);
  if (a.kind() != b.kind()) return std::nullopt;
  if (a.is_string()) return Type::string(std::max(a.size(), b.size()), a.may_be_cut() || b.may_be_cut());
  if (a.is(TypeKind::buffer)) {
    return a == b ? a : Type::counted_buffer(std::max(a.buffer_capacity(), b.buffer_capacity()));
  }
  if (a.is_tuple()) return unify_tuples(a, b);
  if (a.is(TypeKind::aggregation)) {
    if (!(a.aggregation() == b.aggregation() && a.buckets() == b.buckets())) return std::nullopt;
    return a.is_signed() ? a : b;
  }
  if (a.is_pointer()) {
    if (a == b) return a;
    // Pointers of one address space to different things still hold addresses; the pointee is lost.
    return a.space() == b.space() ? std::optional(Type::pointer(Type::none(), a.space())) : std::nullopt;
  }
  return a == b ? std::optional(a) : std::nullopt;
}

std::optional<Type> binary_result(BinaryOperator op, const Facts& left, const Facts& right) {
  const Type& a = left.type;
  const Type& b = right.type;
  if (a.is_none() || b.is_none()) {  // not known yet: only what does not depend on it
    return is_logical(op) || is_comparison(op) ? Type::boolean() : Type::none();
  }
  if (is_logical(op)) return is_condition(a) && is_condition(b) ? std::optional(Type::boolean()) : std::nullopt;
  if (is_comparison(op)) return comparison_result(op, a, b);
  if (a.is_pointer() || b.is_pointer()) return pointer_result(op, a, b);
  if (!a.is_numeric() || !b.is_numeric()) return std::nullopt;
  if (op == BinaryOperator::subtract) return Type::int64();
  if (op == BinaryOperator::shift_left || op == BinaryOperator::shift_right) return a.is_signed() ? Type::int64() : Type::uint64();
  return arithmetic_signed(left, right) ? Type::int64() : Type::uint64();
}

bool compares_signed(const Facts& left, const Facts& right) {
  if (!left.type.is_numeric() || !right.type.is_numeric()) return false;  // addresses
  return arithmetic_signed(left, right);
}

std::optional<std::int64_t> fold(BinaryOperator op, const Facts& left, const Facts& right, bool is_signed) {
  if (!left.constant || !right.constant) return std::nullopt;
  auto a = static_cast<std::uint64_t>(*left.constant);
  auto b = static_cast<std::uint64_t>(*right.constant);
  std::int64_t sa = *left.constant;
  std::int64_t sb = *right.constant;
  auto wrapped = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  switch (op) {
    case BinaryOperator::multiply: return wrapped(a * b);
    case BinaryOperator::add: return wrapped(a + b);
    case BinaryOperator::subtract: return wrapped(a - b);
    case BinaryOperator::divide:
      if (b == 0 || (is_signed && sb == -1)) return std::nullopt;
      return is_signed ? sa / sb : wrapped(a / b);
    case BinaryOperator::remainder:
      if (b == 0 || (is_signed && sb == -1)) return std::nullopt;
      return is_signed ? sa % sb : wrapped(a % b);
    case BinaryOperator::shift_left: return b < 64 ? std::optional(wrapped(a << b)) : std::nullopt;
    case BinaryOperator::shift_right:
      if (b >= 64) return std::nullopt;
      return is_signed ? sa >> b : wrapped(a >> b);
    case BinaryOperator::bitwise_and: return wrapped(a & b);
    case BinaryOperator::bitwise_or: return wrapped(a | b);
    case BinaryOperator::bitwise_xor: return wrapped(a ^ b);
    case BinaryOperator::less: return is_signed ? sa < sb : a < b;
    case BinaryOperator::less_equal: return is_signed ? sa <= sb : a <= b;
    case BinaryOperator::greater: return is_signed ? sa > sb : a > b;
    case BinaryOperator::greater_equal: return is_signed ? sa >= sb : a >= b;
    case BinaryOperator::equal: return a == b;
    case BinaryOperator::not_equal: return a != b;
    case BinaryOperator::logical_and: return a != 0 && b != 0;
    case BinaryOperator::logical_or: return a != 0 || b != 0;
  }
  return std::nullopt;
}

bool is_condition(const Type& type) { return type.is_none() || type.is_numeric() || type.is_pointer(); }

bool can_cast(const Type& from, const Type& to) {
  if (from.is_none()) return true;
  bool from_word = from.is_scalar();
  switch (to.kind()) {
    case TypeKind::integer:
    case TypeKind::boolean:
    case TypeKind::enumeration: return from_word;
    case TypeKind::pointer: return from.is_pointer() || from.is_integer();
    case TypeKind::structure: return from.is_structure() && from == to;
    case TypeKind::none:
    case TypeKind::string:
    case TypeKind::buffer:
    case TypeKind::array:
    case TypeKind::tuple:
    case TypeKind::stack:
    case TypeKind::symbol:
    case TypeKind::timestamp:
    case TypeKind::inet:
    case TypeKind::macaddr:
    case TypeKind::username:
    case TypeKind::cgroup_path:
    case TypeKind::context:
    case TypeKind::aggregation: return false;
  }
  return false;
}

}  // namespace fathom
