// Rules of the type lattice.
#include "ast/passes/typing.h"

#include <algorithm>

namespace fathom {

using ast::BinaryOperator;

namespace {

bool is_comparison(BinaryOperator op) { return op >= BinaryOperator::less && op <= BinaryOperator::not_equal; }

bool is_equality(BinaryOperator op) { return op == BinaryOperator::equal || op == BinaryOperator::not_equal; }

bool is_logical(BinaryOperator op) { return op == BinaryOperator::logical_and || op == BinaryOperator::logical_or; }

// A constant that fits either sign leaves the decision to the other operand, and so does what holds nothing but such constants.
bool is_flexible(const Facts& facts) { return facts.type.is_open() || (facts.constant && *facts.constant >= 0); }

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
  bool in_memory = !left.is_scalar() && is_comparable(left);
  if (in_memory) {
    bool alike = left.kind() == right.kind() && is_comparable(right) && unify(left, right);
    return alike && is_equality(op) ? std::optional(Type::boolean()) : std::nullopt;
  }
  if (left.is_scalar() && right.is_scalar()) return Type::boolean();
  return std::nullopt;
}

// Parts of records belong together by name, in the order of the first.
std::optional<Type> unify_tuples(const Type& a, const Type& b) {
  if (a.parts().size() != b.parts().size() || a.is_record() != b.is_record()) return std::nullopt;
  std::vector<Type> parts;
  for (std::size_t i = 0; i < a.parts().size(); ++i) {
    const auto other = a.is_record() ? b.part_named(a.names()[i]) : std::optional(static_cast<std::uint32_t>(i));
    auto part = other ? unify(a.parts()[i], b.parts()[*other]) : std::nullopt;
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
  }
  return a.is_record() ? Type::record(a.names(), std::move(parts)) : Type::tuple(std::move(parts));
}

// Of pointers to numbers the one to the wider; of two as wide the first.
std::optional<Type> unify_pointees(const Type& a, const Type& b) {
  const Type& first = a.pointee();
  const Type& second = b.pointee();
  if (first.is_integer() && second.is_integer()) return first.size() >= second.size() ? a : b;
  if (!first.is_pointer() || !second.is_pointer()) return std::nullopt;
  auto pointee = unify(first, second);
  return pointee ? std::optional(Type::pointer(std::move(*pointee), a.space())) : std::nullopt;
}

// A literal widens the other number and leaves its sign alone; one beside a bool or an enumerator makes a plain number of it.
Type unify_literal(const Type& other, const Type& literal) {
  if (other.is_integer() && !other.is_open()) return Type::integer(std::max(other.size(), literal.size()), other.is_signed());
  return other.is_open() ? literal : Type::int64();
}

Type unify_numbers(const Type& a, const Type& b) {
  if (b.is_open()) return unify_literal(a, b);
  if (a.is_open()) return unify_literal(b, a);
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

std::string_view field_name(std::string_view written) {
  constexpr std::string_view prefix = "data_loc_";
  return written.starts_with(prefix) ? written.substr(prefix.size()) : written;
}

std::optional<Type> unify(const Type& a, const Type& b) {
  if (a.is_none()) return b;
  if (b.is_none()) return a;
  if (a.is_numeric() && b.is_numeric()) return unify_numbers(a, b);
  if (a.kind() != b.kind()) return std::nullopt;
  if (a.is_string()) return Type::string(std::max(stored(a).size(), stored(b).size()), a.may_be_cut() || b.may_be_cut());
  if (a.is(TypeKind::buffer)) {
    return a == b ? a : Type::counted_buffer(std::max(a.buffer_capacity(), b.buffer_capacity()));
  }
  if (a.is_tuple()) return unify_tuples(a, b);
  if (a.is(TypeKind::aggregation)) {
    if (!(a.aggregation() == b.aggregation() && a.buckets() == b.buckets())) return std::nullopt;
    return a.is_signed() ? a : b;
  }
  if (a.is_pointer()) {
    if (a.space() != b.space()) return std::nullopt;
    if (b.pointee().is_none()) return a;
    return a.pointee().is_none() || a == b ? std::optional(b) : unify_pointees(a, b);
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

bool operates_signed(BinaryOperator op, const Facts& left, const Facts& right) {
  if (op == BinaryOperator::shift_left || op == BinaryOperator::shift_right) return left.type.is_signed();
  if (!left.type.is_numeric() || !right.type.is_numeric()) return false;  // addresses
  return arithmetic_signed(left, right);
}

bool mixes_signs(BinaryOperator op, const Facts& left, const Facts& right) {
  if (!is_comparison(op) || is_equality(op) || !left.type.is_integer() || !right.type.is_integer()) return false;
  if (left.type.is_signed() == right.type.is_signed() || is_flexible(left) || is_flexible(right)) return false;
  const Type& unsigned_side = left.type.is_signed() ? right.type : left.type;
  return unsigned_side.size() == sizeof(std::uint64_t);
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

std::int64_t narrowed(std::int64_t value, const Type& type) {
  std::uint32_t unused_bits = 64 - type.size() * 8;
  auto bits = static_cast<std::uint64_t>(value) << unused_bits;
  return type.is_signed() ? static_cast<std::int64_t>(bits) >> unused_bits : static_cast<std::int64_t>(bits >> unused_bits);
}

std::optional<std::uint32_t> written_size(const ast::Expression& expression, const Facts& facts) {
  const auto* unary = std::get_if<ast::Unary>(&expression.kind);
  const bool negated = unary != nullptr && unary->op == ast::UnaryOperator::negate && std::holds_alternative<ast::IntegerLiteral>(unary->operand->kind);
  if (!facts.type.is_open() && !negated) return std::nullopt;
  for (std::uint32_t size : {1u, 2u, 4u}) {
    if (facts.constant && narrowed(*facts.constant, Type::integer(size, true)) == *facts.constant) return size;
  }
  return static_cast<std::uint32_t>(sizeof(std::uint64_t));
}

bool is_condition(const Type& type) { return type.is_none() || type.is_numeric() || type.is_pointer(); }

namespace {

// An array of numbers, whose bytes may be read as other numbers.
bool holds_numbers(const Type& type) { return type.is_array() && type.element().is_numeric(); }

// From a number of as many bytes (any number of bytes that has an integer, for a literal), from another array of numbers, from text.
bool can_cast_to_array(const Type& from, const Type& to) {
  if (from == to) return true;
  if (!holds_numbers(to)) return false;
  if (from.is_string()) return to.element().size() == 1 && to.size() <= from.size();
  if (from.is(TypeKind::buffer)) return to.element().size() == 1 && to.size() <= from.buffer_capacity();
  if (holds_numbers(from)) return from.size() == to.size();
  if (from.is_open()) return to.size() == 1 || to.size() == 2 || to.size() == 4 || to.size() == 8;
  return from.is_numeric() && from.size() == to.size();
}

bool can_cast_tuple(const Type& from, const Type& to) {
  if (!from.is_tuple() || from.parts().size() != to.parts().size() || from.names() != to.names()) return false;
  for (std::size_t i = 0; i < to.parts().size(); ++i) {
    if (!can_cast(from.parts()[i], to.parts()[i])) return false;
  }
  return true;
}

}  // namespace

bool can_cast(const Type& from, const Type& to) {
  if (from.is_none()) return true;
  bool from_word = from.is_scalar();
  switch (to.kind()) {
    case TypeKind::integer: return from_word || (holds_numbers(from) && from.size() == to.size());
    case TypeKind::boolean: return from_word || from.is_string();
    case TypeKind::enumeration: return from_word;
    case TypeKind::pointer: return from.is_pointer() || from.is_numeric();
    case TypeKind::structure: return from.is_structure() && from == to;
    case TypeKind::string: return from.is_string();
    case TypeKind::buffer: return from.is(TypeKind::buffer);
    case TypeKind::array: return can_cast_to_array(from, to);
    case TypeKind::tuple: return can_cast_tuple(from, to);
    case TypeKind::none:
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
