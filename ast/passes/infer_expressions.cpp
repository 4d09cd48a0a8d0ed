// Type inference: literals, names of values, operators.
#include <fmt/format.h>

#include <algorithm>

#include "ast/number.h"
#include "ast/passes/infer.h"
#include "ast/passes/typing.h"
#include "ast/text.h"
#include "ast/c_types.h"
#include "ast/walk.h"

namespace fathom {

using namespace ast;

const Type& Inference::infer(const Expression& expression) {
  Facts& known = facts(expression);
  constexpr std::uint64_t call_cost = 6;
  bool is_call = std::holds_alternative<Call>(expression.kind) || std::holds_alternative<MapAccess>(expression.kind);
  cost_ += repeat_ * (is_call ? call_cost : 1);
  known.type = match(
      expression.kind,
      [&](const IntegerLiteral& n) {
        known.constant = static_cast<std::int64_t>(n.value);
        return n.value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ? Type::uint64() : Type::literal();
      },
      [&](const StringLiteral& n) {
        known.text = n.value.substr(0, n.value.find('\0'));  // where a string ends for all that works with it
        std::size_t longest = std::max(program_.settings.max_strlen, 1u) - 1;
        if (n.value.size() > longest && !format_follows_) {
          diagnostics_.report<DiagnosticId::string_too_long>(expression.range, n.value.size(), longest)
              .with_help("the setting `max_strlen` counts the NUL at the end too");
        }
        return Type::string(static_cast<std::uint32_t>(n.value.size() + 1));
      },
      [&](const BooleanLiteral& n) {
        known.constant = n.value;
        return Type::boolean();
      },
      [&](const Positional& n) { return positional(n, expression.range, known); },
      [&](const PositionalCount&) {
        known.constant = static_cast<std::int64_t>(program_.settings.parameters.size());
        return Type::literal();
      },
      [&](const Identifier& n) { return identifier(n, expression, known); }, [&](const Variable& n) { return variable(n, expression.range, known); },
      [&](const MapAccess& n) { return map_read(n, expression.range, known); }, [&](const Call& n) { return call(n, expression, known); },
      [&](const Unary& n) { return unary(n, expression.range, known); }, [&](const Step& n) { return step(n, expression.range, known); },
      [&](const Binary& n) { return binary(n, expression.range, known); }, [&](const Ternary& n) { return ternary(n, expression.range, known); },
      [&](const Member& n) { return member(n, known); }, [&](const Subscript& n) { return subscript(n, expression.range, known); },
      [&](const Cast& n) { return cast(n, expression.range, known); }, [&](const ast::Tuple& n) { return tuple(n); },
      [&](const Record& n) { return record(n); }, [&](const SizeOf& n) { return size_of(n, known); },
      [&](const OffsetOf& n) { return offset_of(n, known); },
      [&](const TypeOf&) {
        diagnostics_.report<DiagnosticId::type_as_value>(expression.range);
        return Type::none();
      },
      [&](const Comptime& n) { return comptime(n, known); }, [&](const BlockExpression& n) { return block_expression(n, known); });
  if (known.type.is_pointer()) known.type = with_sized_pointee(known.type);
  return known.type;
}

const Type& Inference::value(const Expression& expression) {
  const Type& type = infer(expression);
  const Facts& known = facts(expression);
  if (const auto* block = std::get_if<BlockExpression>(&expression.kind); block != nullptr && type.is_none()) require_value(*block, expression.range);
  if (known.builtin != nullptr && known.builtin->aggregation) {
    diagnostics_.report<DiagnosticId::aggregation_misplaced>(expression.range, aggregation_name(*known.builtin->aggregation))
        .with_help(fmt::format("keep it in a map: `@x = {}(…)`", aggregation_name(*known.builtin->aggregation)));
    facts(expression).type = Type::none();
  } else if (type.is_none() && known.no_value) {
    auto prototype = known.builtin != nullptr ? parse_prototype(known.builtin->prototype) : std::nullopt;
    diagnostics_.report<DiagnosticId::no_value>(expression.range, prototype ? prototype->name : std::string(program_.source->text(expression.range)));
  }
  return type;
}

Type Inference::positional(const Positional& node, Range range, Facts& facts) {
  const auto& parameters = program_.settings.parameters;
  if (node.index > parameters.size()) {
    if (final_) diagnostics_.report<DiagnosticId::missing_parameter>(range, node.index).with_help("it is 0 as a number and \"\" as a string");
    facts.constant = 0;
    facts.text = "";
    return Type::literal();
  }
  facts.text = parameters[node.index - 1];
  if (auto number = parse_parameter(*facts.text)) {
    facts.constant = static_cast<std::int64_t>(number->value);
    if (*facts.constant >= 0) return Type::literal();
    return number->is_negative ? Type::int64() : Type::uint64();
  }
  return Type::string(static_cast<std::uint32_t>(facts.text->size() + 1));
}

Type Inference::variable(const Variable& node, Range range, Facts& facts) {
  auto index = find_variable(node.name);
  if (!index) {
    if (!final_ && hoist(node.name)) return Type::none();
    std::vector<std::string> names;
    for (const Scope& scope : scopes_) {
      for (const auto& [name, unused] : scope.names) names.emplace_back(written_name(name));
    }
    std::string near = nearest(node.name, names);
    std::string help = near.empty() ? "" : fmt::format("did you mean `${}`?", near);
    diagnostics_.report<DiagnosticId::undefined_variable>(range, written_name(node.name)).with_help(help);
    return Type::none();
  }
  facts.index = *index;
  const CheckedVariable& known = probe_.variables[*index];
  const bool has_value = *index >= probe_.hoisted.size();  // the others may never get theirs
  facts.is_object = has_value && known.value != nullptr && !known.changes && this->facts(*known.value).is_object;
  if (facts.is_object) facts.source = known.value;
  const Type& type = known.type;
  if (final_ && type.is_none() && !diagnostics_.has_errors()) {
    diagnostics_.report<DiagnosticId::undefined_variable>(range, written_name(node.name)).with_help("give it a value first");
  }
  return type;
}

Type Inference::map_read(const MapAccess& node, Range range, Facts& facts) {
  CheckedMap& map = map_of(node, range);
  facts.index = static_cast<std::uint32_t>(std::distance(maps_.begin(), maps_.find(node.name)));
  keys(node, range, map);
  if (map.value.is_none()) {
    undefined_map(map, range);
    return Type::none();
  }
  return element_value(map, range);
}

Type Inference::element_value(const CheckedMap& map, Range range) {
  if (auto type = read_type(map.value)) {
    if (map.value.is_aggregation()) need(Feature::percpu_lookup, range, fmt::format("the value of `{}`", aggregation_name(map.value.aggregation())), "print the map instead, or count with `++`");
    return *type;
  }
  diagnostics_.report<DiagnosticId::aggregation_read>(range, aggregation_name(map.value.aggregation()))
      .with_help(fmt::format("the whole map can be printed, `print(@{0})`, and emptied, `clear(@{0})`", map.name));
  return Type::none();
}

Type Inference::unary(const Unary& node, Range range, Facts& facts) {
  if (node.op == UnaryOperator::address_of) return address_of(*node.operand, facts);
  const Type& type = value(*node.operand);
  const Facts& operand = this->facts(*node.operand);
  if (type.is_none()) return node.op == UnaryOperator::logical_not ? Type::boolean() : Type::none();
  switch (node.op) {
    case UnaryOperator::dereference:
      facts.is_object = operand.is_object && type.is_pointer() && type.pointee().is_structure();
      if (type.is_pointer() || type.is_integer()) return dereference(type, range);
      break;
    case UnaryOperator::logical_not:
      if (!is_condition(type)) break;
      if (operand.constant) facts.constant = *operand.constant == 0;
      return Type::boolean();
    case UnaryOperator::negate:
      if (!type.is_numeric()) break;
      if (operand.constant) facts.constant = static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(*operand.constant));
      return Type::int64();
    case UnaryOperator::bitwise_not: {  // a mask is as wide as what it is made from
      if (!type.is_numeric()) break;
      bool is_plain = type.is_integer() && !type.is_open();
      Type result = is_plain ? type : Type::integer(sizeof(std::uint64_t), type.is_signed());
      if (operand.constant) facts.constant = narrowed(~*operand.constant, result);
      return result;
    }
    case UnaryOperator::address_of: break;
  }
  diagnostics_.report<DiagnosticId::operand_type>(range, spelling(node.op), to_string(type));
  return Type::none();
}

Type Inference::step(const Step& node, Range range, Facts& facts) {
  const char* op = node.kind == StepKind::pre_increment || node.kind == StepKind::post_increment ? "++" : "--";
  Type type;
  if (const auto* access = std::get_if<MapAccess>(&node.operand->kind)) {
    CheckedMap& map = map_of(*access, node.operand->range);
    Facts& target = this->facts(*node.operand);
    target.index = static_cast<std::uint32_t>(std::distance(maps_.begin(), maps_.find(access->name)));
    keys(*access, node.operand->range, map);
    if (map.value.is_none()) merge_value(map, Type::int64(), range);
    type = target.type = map.value;
  } else if (std::holds_alternative<Variable>(node.operand->kind)) {
    type = infer(*node.operand);
    if (!type.is_none()) note_value(this->facts(*node.operand).index, nullptr);
  } else {
    infer(*node.operand);
    diagnostics_.report<DiagnosticId::not_assignable>(node.operand->range);
    return Type::none();
  }
  if (!type.is_none() && !type.is_integer() && !type.is_pointer()) {
    diagnostics_.report<DiagnosticId::operand_type>(range, op, to_string(type));
    return Type::none();
  }
  // What counts on is a number like the result of `+ 1`.
  if (type.is_integer() && std::holds_alternative<Variable>(node.operand->kind)) {
    std::uint32_t index = this->facts(*node.operand).index;
    bool is_signed = type.is_signed() || node.kind == StepKind::pre_decrement || node.kind == StepKind::post_decrement;
    merge_variable(index, Type::integer(sizeof(std::uint64_t), is_signed), range);
    type = this->facts(*node.operand).type = probe_.variables[index].type;
  }
  facts.index = this->facts(*node.operand).index;
  return type;
}

namespace {

// What looks like text in the output and is a number until then.
bool is_printed_later(const Type& type) {
  return type.is(TypeKind::symbol) || type.is(TypeKind::username) || type.is(TypeKind::inet) || type.is(TypeKind::macaddr) || type.is(TypeKind::timestamp);
}

}  // namespace

Type Inference::binary(const Binary& node, Range range, Facts& facts) {
  value(*node.left);
  value(*node.right);
  const Facts& left = this->facts(*node.left);
  const Facts& right = this->facts(*node.right);
  // str($1 + n): what is left of the parameter's text.
  if (node.op == BinaryOperator::add && std::holds_alternative<Positional>(node.left->kind) && left.type.is_string() && right.constant) {
    facts.text = suffix(*left.text, *right.constant);
    return Type::string(static_cast<std::uint32_t>(facts.text->size() + 1));
  }
  auto result = binary_result(node.op, left, right);
  if (!result) {
    Diagnostic& diagnostic =
        diagnostics_.report<DiagnosticId::operand_types>(range, spelling(node.op), to_string(left.type), to_string(right.type));
    if (left.type.is_string() != right.type.is_string() && (left.type.is_pointer() || right.type.is_pointer())) {
      diagnostic.with_help("`str(pointer)` reads the string that a pointer points to");
    } else if (left.type.is_string() != right.type.is_string() && (left.type.is_numeric() || right.type.is_numeric())) {
      diagnostic.with_help("one side is a string, the other a number: numbers stand without quotes, text in quotes");
    } else if (left.type.is_string() != right.type.is_string() && (is_printed_later(left.type) || is_printed_later(right.type))) {
      diagnostic.with_help("it becomes text only when it is printed: compare the number behind it, such as `uid` or an address");
    } else if (left.type.is_structure() || right.type.is_structure()) {
      diagnostic.with_help(left.type == right.type ? "compare their members one by one" : "take one of its members");
    } else if (left.type.is_pointer() || right.type.is_pointer()) {
      diagnostic.with_help("for arithmetic on an address as such cast it to a number: `(uint64)p`");
    } else if (left.type.is_string() && right.type.is_string()) {
      diagnostic.with_help(node.op == BinaryOperator::add ? "`str_concat(a, b)` joins two strings" : "strings are only compared by `==` and `!=`");
    } else if (left.type.is(TypeKind::stack) && right.type.is(TypeKind::stack)) {
      diagnostic.with_help("stacks are only compared by `==` and `!=`, with ones of the same kind, mode and number of frames");
    } else if (left.type.kind() == right.type.kind() && is_comparable(left.type) && !left.type.is_scalar()) {
      diagnostic.with_help("they are only compared by `==` and `!=`, with as many elements on both sides");
    }
    return Type::none();
  }
  facts.is_signed = operates_signed(node.op, left, right);
  check_right_side(node.op, *node.right);
  if (final_ && mixes_signs(node.op, left, right)) {
    diagnostics_.report<DiagnosticId::mixed_signs>(range, to_string(left.type), to_string(right.type))
        .with_help("those above 9223372036854775807 count as negative: cast one side, `(uint64)x` or `(int64)x`, to say what is meant");
  }
  if (left.type.is_numeric() && right.type.is_numeric()) facts.constant = fold(node.op, left, right, facts.is_signed);
  if (left.type.is_string() && left.text && right.text) facts.constant = (*left.text == *right.text) == (node.op == BinaryOperator::equal);
  if (final_ && left.type.is_string() && right.type.is_string()) {
    const Facts& literal = left.text ? left : right;
    const Facts& other = left.text ? right : left;
    if (literal.text && !other.text && literal.text->size() >= stored(other.type).size()) {
      diagnostics_.report<DiagnosticId::incomparable_strings>(range, node.op == BinaryOperator::equal ? "false" : "true", literal.text->size(),
                                                              to_string(other.type));
    }
  }
  bool literals = left.type.is_open() && right.type.is_open();
  if (literals && facts.constant && *facts.constant >= 0 && result->is_integer()) return Type::literal();
  return *result;
}

void Inference::check_right_side(BinaryOperator op, const Expression& right) {
  const auto& constant = facts(right).constant;
  if (!constant) return;
  bool divides = op == BinaryOperator::divide || op == BinaryOperator::remainder;
  if (divides && *constant == 0 && final_) diagnostics_.report<DiagnosticId::division_by_zero>(right.range);
  bool shifts = op == BinaryOperator::shift_left || op == BinaryOperator::shift_right;
  if (shifts && (*constant < 0 || *constant > 63)) {
    diagnostics_.report<DiagnosticId::shift_too_large>(right.range, *constant).with_help("shift by 0 to 63");
  }
}

Type Inference::ternary(const Ternary& node, Range range, Facts& facts) {
  condition(*node.condition);
  const Expression& then = node.then ? *node.then : *node.condition;
  Type first = node.then ? infer(then) : this->facts(then).type;
  Type second = infer(*node.otherwise);
  const Facts& then_facts = this->facts(then);
  const Facts& otherwise_facts = this->facts(*node.otherwise);
  if (then_facts.no_value && otherwise_facts.no_value) {
    facts.no_value = true;
    return Type::none();
  }
  auto unified = unify(first, second);
  if (then_facts.no_value != otherwise_facts.no_value) unified = std::nullopt;
  if (!unified) {
    diagnostics_.report<DiagnosticId::branch_types>(range, to_string(first), to_string(second));
    return Type::none();
  }
  if (auto known = this->facts(*node.condition).constant) facts.constant = *known != 0 ? then_facts.constant : otherwise_facts.constant;
  return stored(*unified);
}

std::optional<std::vector<Type>> Inference::elements(const Expressions& expressions, const char* where) {
  std::vector<Type> parts;
  bool known = true;
  for (const ExpressionPtr& element : expressions) {
    Type type = value(*element);
    known = known && !type.is_none() && storable(type, element->range, where);
    parts.push_back(stored(type));
  }
  return known ? std::optional(std::move(parts)) : std::nullopt;
}

Type Inference::tuple(const ast::Tuple& node) {
  auto parts = elements(node.elements, "tuple");
  return parts ? Type::tuple(std::move(*parts)) : Type::none();
}

Type Inference::record(const Record& node) {
  for (std::size_t i = 1; i < node.names.size(); ++i) {
    if (std::find(node.names.begin(), node.names.begin() + static_cast<std::ptrdiff_t>(i), node.names[i]) == node.names.begin() + static_cast<std::ptrdiff_t>(i)) continue;
    if (final_) diagnostics_.report<DiagnosticId::repeated_field>(node.name_ranges[i], node.names[i]);
  }
  auto parts = elements(node.elements, "record");
  return parts ? Type::record(node.names, std::move(*parts)) : Type::none();
}

}  // namespace fathom
