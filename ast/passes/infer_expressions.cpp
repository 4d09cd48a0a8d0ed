// Type inference: literals, names of values, operators.
#include <fmt/format.h>

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
        return n.value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ? Type::uint64() : Type::int64();
      },
      [&](const StringLiteral& n) {
        known.text = n.value;
        return Type::string(static_cast<std::uint32_t>(n.value.size() + 1));
      },
      [&](const BooleanLiteral& n) {
        known.constant = n.value;
        return Type::boolean();
      },
      [&](const Positional& n) { return positional(n, expression.range, known); },
      [&](const PositionalCount&) {
        known.constant = static_cast<std::int64_t>(program_.settings.parameters.size());
        return Type::int64();
      },
      [&](const Identifier& n) { return identifier(n, expression, known); }, [&](const Variable& n) { return variable(n, expression.range, known); },
      [&](const MapAccess& n) { return map_read(n, expression.range, known); }, [&](const Call& n) { return call(n, expression, known); },
      [&](const Unary& n) { return unary(n, expression.range, known); }, [&](const Step& n) { return step(n, expression.range, known); },
      [&](const Binary& n) { return binary(n, expression.range, known); }, [&](const Ternary& n) { return ternary(n, expression.range, known); },
      [&](const Member& n) { return member(n, known); }, [&](const Subscript& n) { return subscript(n, expression.range, known); },
      [&](const Cast& n) { return cast(n, expression.range, known); }, [&](const ast::Tuple& n) { return tuple(n, expression.range); },
      [&](const Record&) {
        diagnostics_.report<DiagnosticId::unsupported_feature>(expression.range, "a record");
        return Type::none();
      },
      [&](const SizeOf& n) { return size_of(n, known); },
      [&](const OffsetOf&) {
        diagnostics_.report<DiagnosticId::unsupported_feature>(expression.range, "`offsetof`");
        return Type::none();
      },
      [&](const TypeOf&) {
        diagnostics_.report<DiagnosticId::type_as_value>(expression.range);
        return Type::none();
      },
      [&](const Comptime& n) { return comptime(n, known); }, [&](const BlockExpression& n) { return block_expression(n, known); });
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
  } else if (known.builtin != nullptr && type.is_none() && known.no_value) {
    auto prototype = parse_prototype(known.builtin->prototype);
    diagnostics_.report<DiagnosticId::no_value>(expression.range, prototype ? prototype->name : "");
  }
  return type;
}

Type Inference::positional(const Positional& node, Range range, Facts& facts) {
  const auto& parameters = program_.settings.parameters;
  if (node.index > parameters.size()) {
    if (final_) diagnostics_.report<DiagnosticId::missing_parameter>(range, node.index).with_help("it is 0 as a number and \"\" as a string");
    facts.constant = 0;
    facts.text = "";
    return Type::int64();
  }
  facts.text = parameters[node.index - 1];
  if (auto number = parse_parameter(*facts.text)) {
    facts.constant = static_cast<std::int64_t>(number->value);
    return number->is_negative || *facts.constant >= 0 ? Type::int64() : Type::uint64();
  }
  return Type::string(static_cast<std::uint32_t>(facts.text->size() + 1));
}

Type Inference::variable(const Variable& node, Range range, Facts& facts) {
  auto index = find_variable(node.name);
  if (!index) {
    if (!final_ && hoist(node.name)) return Type::none();
    std::vector<std::string> names;
    for (const Scope& scope : scopes_) {
      for (const auto& [name, unused] : scope.names) names.push_back(name);
    }
    std::string near = nearest(node.name, names);
    std::string help = near.empty() ? "" : fmt::format("did you mean `${}`?", near);
    diagnostics_.report<DiagnosticId::undefined_variable>(range, node.name).with_help(help);
    return Type::none();
  }
  facts.index = *index;
  return probe_.variables[*index].type;
}

Type Inference::map_read(const MapAccess& node, Range range, Facts& facts) {
  CheckedMap& map = map_of(node, range);
  facts.index = static_cast<std::uint32_t>(std::distance(maps_.begin(), maps_.find(node.name)));
  keys(node, range, map);
  if (map.value.is_none()) {
    undefined_map(map, range);
    return Type::none();
  }
  if (!map.value.is_aggregation()) return map.value;
  switch (map.value.aggregation()) {
    case Aggregation::count: return Type::int64();
    case Aggregation::sum:
    case Aggregation::min:
    case Aggregation::max:
    case Aggregation::average: return map.value.is_signed() ? Type::int64() : Type::uint64();
    case Aggregation::stats:
    case Aggregation::hist:
    case Aggregation::lhist:
    case Aggregation::series: break;
  }
  diagnostics_.report<DiagnosticId::aggregation_read>(range, aggregation_name(map.value.aggregation()))
      .with_help("it can be printed with `print()` and emptied with `clear()`");
  return Type::none();
}

Type Inference::unary(const Unary& node, Range range, Facts& facts) {
  if (node.op == UnaryOperator::address_of) {
    diagnostics_.report<DiagnosticId::unsupported_feature>(range, "taking an address with `&`");
    return Type::none();
  }
  const Type& type = value(*node.operand);
  const Facts& operand = this->facts(*node.operand);
  if (type.is_none()) return node.op == UnaryOperator::logical_not ? Type::boolean() : Type::none();
  switch (node.op) {
    case UnaryOperator::dereference:
      if (type.is_pointer() || type.is_integer()) return dereference(type);
      break;
    case UnaryOperator::logical_not:
      if (!is_condition(type)) break;
      if (operand.constant) facts.constant = *operand.constant == 0;
      return Type::boolean();
    case UnaryOperator::negate:
      if (!type.is_numeric()) break;
      if (operand.constant) facts.constant = static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(*operand.constant));
      return Type::int64();
    case UnaryOperator::bitwise_not:
      if (!type.is_numeric()) break;
      if (operand.constant) facts.constant = ~*operand.constant;
      return type.is_signed() ? Type::int64() : Type::uint64();
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
  } else {
    infer(*node.operand);
    diagnostics_.report<DiagnosticId::not_assignable>(node.operand->range);
    return Type::none();
  }
  if (!type.is_none() && !type.is_integer() && !type.is_pointer()) {
    diagnostics_.report<DiagnosticId::operand_type>(range, op, to_string(type));
    return Type::none();
  }
  facts.index = this->facts(*node.operand).index;
  return type;
}

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
    }
    return Type::none();
  }
  facts.is_signed = compares_signed(left, right);
  check_divisor(node.op, *node.right);
  bool shifts = node.op == BinaryOperator::shift_left || node.op == BinaryOperator::shift_right;
  if (shifts) facts.is_signed = left.type.is_signed();
  if (shifts && right.constant && (*right.constant < 0 || *right.constant > 63)) {
    diagnostics_.report<DiagnosticId::shift_too_large>(node.right->range, *right.constant).with_help("shift by 0 to 63");
  }
  if (left.type.is_numeric() && right.type.is_numeric()) facts.constant = fold(node.op, left, right, facts.is_signed);
  if (final_ && left.type.is_string() && right.type.is_string()) {
    const Facts& literal = left.text ? left : right;
    const Facts& other = left.text ? right : left;
    if (literal.text && !other.text && literal.text->size() >= other.type.size()) {
      diagnostics_.report<DiagnosticId::incomparable_strings>(range, node.op == BinaryOperator::equal ? "false" : "true", literal.text->size(),
                                                              to_string(other.type));
    }
  }
  return *result;
}

void Inference::check_divisor(BinaryOperator op, const Expression& divisor) {
  bool divides = op == BinaryOperator::divide || op == BinaryOperator::remainder;
  if (divides && facts(divisor).constant == 0 && final_) diagnostics_.report<DiagnosticId::division_by_zero>(divisor.range);
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

Type Inference::cast(const Cast& node, Range range, Facts& facts) {
  const Type& from = value(*node.operand);
  auto to = resolve(node.type);
  if (!to) return Type::none();
  if (!can_cast(from, *to)) {
    diagnostics_.report<DiagnosticId::invalid_cast>(range, to_string(from), to_string(*to));
    return Type::none();
  }
  // A pointer keeps pointing into the memory it came from.
  if (to->is_pointer() && from.is_pointer()) to = to->with_space(from.space());
  if (to->is_integer() && this->facts(*node.operand).constant) {
    std::uint32_t unused_bits = 64 - to->size() * 8;
    auto bits = static_cast<std::uint64_t>(*this->facts(*node.operand).constant) << unused_bits;
    facts.constant = to->is_signed() ? static_cast<std::int64_t>(bits) >> unused_bits : static_cast<std::int64_t>(bits >> unused_bits);
  }
  return *to;
}

Type Inference::tuple(const ast::Tuple& node, Range range) {
  std::vector<Type> parts;
  bool known = true;
  for (const ExpressionPtr& element : node.elements) {
    Type type = value(*element);
    known = known && !type.is_none() && storable(type, element->range, "tuple");
    parts.push_back(stored(type));
  }
  if (node.elements.empty()) {
    diagnostics_.report<DiagnosticId::unsupported_feature>(range, "an empty tuple");
    return Type::none();
  }
  return known ? Type::tuple(std::move(parts)) : Type::none();
}

Type Inference::size_of(const SizeOf& node, Facts& facts) {
  Type type = node.type ? resolve(*node.type).value_or(Type::none()) : value(*node.operand);
  facts.constant = type.size();
  return Type::uint64();
}

}  // namespace fathom
