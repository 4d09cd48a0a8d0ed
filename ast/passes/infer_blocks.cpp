// Type inference: blocks and what stands in them: declarations, loops, return, blocks that are values.
#include <fmt/format.h>

#include <algorithm>

#include "ast/passes/infer.h"
#include "ast/passes/typing.h"
#include "ast/walk.h"

namespace fathom {

using namespace ast;

namespace {

// `string` or `buffer` without a number: as large as what comes to be kept there.
bool takes_any_size(const Type& type) {
  return (type.is_string() && type.size() == 0) || (type.is_counted() && type.buffer_capacity() == 0);
}

constexpr char without_loop[] = "`unroll (N) { … }` repeats a body up to 100 times without it";

}  // namespace

void Inference::block(const Block& node) {
  scopes_.emplace_back();
  statements(node);
  scopes_.pop_back();
}

void Inference::statements(const Block& node) {
  bool left = false;
  for (const StatementPtr& child : node.statements) {
    if (left && final_) {
      diagnostics_.report<DiagnosticId::unreachable_code>(child->range);
      left = false;
    }
    statement(*child);
    bool leaves = std::holds_alternative<Return>(child->kind) || std::holds_alternative<Break>(child->kind) ||
                  std::holds_alternative<Continue>(child->kind);
    left = leaves && child != node.statements.back();
  }
}

// A number that a declared variable can not hold is a mistake; what is computed is cut, as in C.
void Inference::check_literal(const CheckedVariable& variable, const Expression& value) {
  if (!final_ || !variable.declared || !variable.type.is_integer()) return;
  const auto* minus = std::get_if<Unary>(&value.kind);
  const bool is_negated = minus != nullptr && minus->op == ast::UnaryOperator::negate;
  const auto* literal = std::get_if<IntegerLiteral>(&(is_negated ? *minus->operand : value).kind);
  if (literal == nullptr) return;
  const std::uint32_t bits = 8 * variable.type.size();
  const std::uint64_t most = ~0ull >> (64 - bits + (variable.type.is_signed() ? 1 : 0));
  const std::uint64_t least = variable.type.is_signed() ? most + 1 : 0;  // its magnitude
  if (literal->value <= (is_negated ? least : most)) return;
  const std::string text(program_.source->text(value.range));
  diagnostics_.report<DiagnosticId::variable_type>(value.range, written_name(variable.name), to_string(variable.type), text)
      .with_help(fmt::format("{} holds {}{} to {}; `({}){}` keeps the lowest bits", to_string(variable.type), least != 0 ? "-" : "", least, most,
                             to_string(variable.type), text));
}

void Inference::declaration(const Declaration& node, Range range) {
  const std::string& name = std::get<Variable>(node.variable->kind).name;
  // The value first: it can not name the variable.
  Type type = node.value ? value(*node.value) : Type::none();
  std::optional<Type> declared;
  if (node.type) declared = resolve(*node.type);
  if (declared && declared->is_aggregation()) {
    diagnostics_.report<DiagnosticId::not_storable>(node.type->range, to_string(*declared), "scratch variable")
        .with_help(fmt::format("keep it in a map: `@{} = {}(…)`", name, aggregation_name(declared->aggregation())));
    declared.reset();
  }
  if (declared && declared->may_lack_nul()) declared = stored(*declared);
  // A type does not say which memory it points into, its value does.
  if (declared && declared->is_pointer() && type.is_pointer()) declared = declared->with_space(type.space());
  bool is_hoisted = std::ranges::find(probe_.hoisted, name) != probe_.hoisted.end();
  if (find_variable(name) && !is_hoisted && final_) {
    diagnostics_.report<DiagnosticId::variable_redeclared>(range, written_name(name)).with_help("assign to it without `let`, or take another name");
  }
  let_names_.insert(name);
  std::uint32_t index = declare_variable(name);
  facts(*node.variable).index = index;
  if (node.value) note_value(index, node.value.get());
  CheckedVariable& variable = probe_.variables[index];
  if (declared && takes_any_size(*declared)) {
    merge_variable(index, declared->is_string() ? Type::string(1) : *declared, node.type->range);
  } else if (declared && storable(*declared, node.type->range, "scratch variable")) {
    if (variable.type != *declared) changed_ = true;
    variable.type = *declared;
    variable.declared = true;
  }
  if (node.value) check_literal(variable, *node.value);
  if (node.value && storable(type, node.value->range, "scratch variable")) merge_variable(index, type, node.value->range);
  facts(*node.variable).type = probe_.variables[index].type;
}

void Inference::leave(const Return& node) {
  Type type = node.value ? value(*node.value) : Type::none();
  if (returns_.empty()) {
    if (node.value && final_ && !type.is_none() && !type.is_numeric()) {
      diagnostics_.report<DiagnosticId::operand_type>(node.value->range, "return", to_string(type)).with_help("a probe returns a number, or nothing");
    }
    return;
  }
  auto merged = unify(returns_.back(), type.may_lack_nul() ? stored(type) : type);
  if (merged) {
    returns_.back() = *merged;
  } else {
    diagnostics_.report<DiagnosticId::return_types>(node.value->range, to_string(returns_.back()), to_string(type));
  }
}

void Inference::leave_loop(Range range, const char* what) {
  if (loops_ == 0) diagnostics_.report<DiagnosticId::outside_loop>(range, what);
}

void Inference::loop_body(const Block& body, Range range) {
  constexpr std::uint32_t max_outlined = 4;
  probe_.has_loops = true;
  if (outlined_ == max_outlined && final_) {
    Range head{range.begin, std::min(range.end, body.range.begin)};
    diagnostics_.report<DiagnosticId::loops_too_deep>(head, max_outlined).with_help("BPF programs have a small stack: put the inner loop into a probe of its own, or use `unroll`");
  }
  ++loops_;
  ++outlined_;
  statements(body);
  --outlined_;
  --loops_;
}

void Inference::need(Feature feature, Range range, std::string_view construct, std::string_view instead) {
  if (final_ && !target_.has(feature)) diagnostics_.report<DiagnosticId::missing_feature>(range, construct, absence_of(feature)).with_help(std::string(instead));
}

void Inference::while_loop(const While& node) {
  need(Feature::loop, node.condition->range, "`while`", without_loop);
  scopes_.emplace_back();
  condition(*node.condition);
  loop_body(node.body, {node.condition->range.begin, node.body.range.end});
  scopes_.pop_back();
}

void Inference::for_loop(const For& node) {
  Type type;
  if (node.last) {
    for (const ExpressionPtr* bound : {&node.sequence, &node.last}) {
      const Type& one = value(**bound);
      if (!one.is_none() && !one.is_numeric()) {
        diagnostics_.report<DiagnosticId::operand_type>((*bound)->range, "..", to_string(one)).with_help("a range goes from one number to another: `0..10`");
      }
    }
    need(Feature::loop, {node.sequence->range.begin, node.last->range.end}, "`for` over a range", without_loop);
    type = Type::int64();
  } else {
    need(Feature::for_each_map, node.sequence->range, "`for` over a map", "print the map and let a program go over its lines, or keep what is looked for in a map of its own");
    type = sequence_element(*node.sequence);
  }
  scopes_.emplace_back();
  const std::string& name = std::get<Variable>(node.variable->kind).name;
  let_names_.insert(name);
  std::uint32_t index = declare_variable(name);
  facts(*node.variable).index = index;
  note_value(index, nullptr);
  merge_variable(index, type, node.variable->range);
  facts(*node.variable).type = probe_.variables[index].type;
  loop_body(node.body, {node.variable->range.begin, node.body.range.end});
  scopes_.pop_back();
}

Type Inference::sequence_element(const Expression& sequence) {
  const auto* access = std::get_if<MapAccess>(&sequence.kind);
  if (access == nullptr || !access->keys.empty()) {
    const Type& type = value(sequence);
    std::string help = type.is_numeric() ? "a range has two ends: `0..10`" : "";
    if (!type.is_none() || access != nullptr) diagnostics_.report<DiagnosticId::not_iterable>(sequence.range, to_string(type)).with_help(help);
    return Type::none();
  }
  CheckedMap& map = map_of(*access, sequence.range);
  Facts& known = facts(sequence);
  known.index = static_cast<std::uint32_t>(std::distance(maps_.begin(), maps_.find(access->name)));
  known.map_reference = true;
  if (map.value.is_none()) {
    undefined_map(map, sequence.range);
    return Type::none();
  }
  if (!map.keyed) {
    diagnostics_.report<DiagnosticId::not_iterable>(sequence.range, fmt::format("map `@{}`, which has no keys,", access->name));
    return Type::none();
  }
  Type element = element_value(map, sequence.range);
  if (map.key.is_none() || element.is_none()) return Type::none();
  return Type::tuple({map.key, stored(element)});
}

Type Inference::block_expression(const BlockExpression& node, Facts& facts) {
  scopes_.emplace_back();
  std::uint32_t loops = loops_;
  if (node.catches_return) {
    returns_.emplace_back();
    loops_ = 0;  // a function's `break` does not leave the loop around its call
  }
  statements(node.body);
  Type type;
  if (node.value) {
    type = infer(*node.value);
    const Facts& value = this->facts(*node.value);
    facts.no_value = value.no_value;
    facts.is_signed = value.is_signed;
    if (node.body.statements.empty() && !node.catches_return) facts.constant = value.constant;
  }
  if (node.catches_return) {
    type = returns_.back();
    returns_.pop_back();
    loops_ = loops;
    if (node.result) type = result_of(*node.result, type, node.body.range);
  }
  scopes_.pop_back();
  return type;
}

// The type that a function says it returns, if what it does return can become that.
Type Inference::result_of(const TypeName& name, const Type& returned, Range range) {
  auto declared = resolve(name);
  if (!declared) return Type::none();
  if (!final_ && (returned.is_none() || !takes_any_size(*declared))) return *declared;
  if (returned.is_none() && final_ && !diagnostics_.has_errors()) {
    diagnostics_.report<DiagnosticId::block_without_value>(range).with_help(fmt::format("its `: {}` says that it gives one, with `return`", to_string(*declared)));
  }
  const auto both = unify(*declared, returned);
  if (!both) diagnostics_.report<DiagnosticId::return_types>(range, to_string(*declared), to_string(returned));
  return both && takes_any_size(*declared) ? *both : *declared;
}

// Called where the block is wanted as a value.
void Inference::require_value(const BlockExpression& node, Range range) {
  if (node.value) {
    value(*node.value);
  } else if (final_) {
    diagnostics_.report<DiagnosticId::block_without_value>(range).with_help(
        node.catches_return ? "a function gives a value with `return`" : "end it with an expression without a `;`: `{ …; $x }`");
  }
}

Type Inference::comptime(const Comptime& node, Facts& facts) {
  Type type = value(*node.operand);
  const Facts& operand = this->facts(*node.operand);
  facts.constant = operand.constant;
  facts.text = operand.text;
  if (final_ && !operand.constant && !operand.text && !type.is_none()) {
    diagnostics_.report<DiagnosticId::not_comptime>(node.operand->range).with_help("numbers, strings, parameters (`$1`), sizeof and the like are known before the script runs");
  }
  return type;
}

}  // namespace fathom
