// Type inference: the fixed point over the program, and statements.
#include "ast/passes/infer.h"

#include <fmt/format.h>

#include <algorithm>

#include "ast/passes/infer_left_out.h"
#include "ast/passes/typing.h"
#include "ast/text.h"
#include "ast/walk.h"

namespace fathom {

using namespace ast;

namespace {

// Types only grow (none, then wider and wider); more rounds than this mean a bug, and the last one still reports what is unknown.
constexpr int max_rounds = 16;
constexpr std::int64_t max_unroll = 100;
// Of tseries() in a map with keys: the kernel allocates at most 4 MiB for one of its elements.
constexpr std::int64_t max_keyed_intervals = 150'000;
// Branches of BPF reach 32767 instructions; one unit of cost is about three.
constexpr std::uint64_t max_cost = 8000;

// Closer than ==, which is about values: also whether a sign is still open.
bool same(const Type& a, const Type& b) { return a == b && a.is_signed() == b.is_signed() && a.is_open() == b.is_open(); }

bool same_maps(const Inference::Maps& a, const Inference::Maps& b) {
  if (a.size() != b.size()) return false;
  for (auto left = a.begin(), right = b.begin(); left != a.end(); ++left, ++right) {
    if (!same(left->second.key, right->second.key) || !same(left->second.value, right->second.value)) return false;
  }
  return true;
}

// What helps where two types do not become one.
std::string mismatch_help(const Type& a, const Type& b) {
  if (a.is_pointer() && b.is_numeric()) return fmt::format("if it is an address, cast it: `({})…`", to_string(a));
  if (!a.is_pointer() || !b.is_pointer()) return "";
  if (a.space() != b.space()) return "one points into the kernel's memory, the other into a process's: `kptr()` and `uptr()` say which";
  return fmt::format("cast it: `({})…`", to_string(a));
}

bool run_round(CheckedProgram& program, Inference::Maps& maps, const Catalog& catalog, const Target& target, Diagnostics& diagnostics,
               Inference::Round round) {
  bool changed = false;
  Inference::Maps before = maps;
  for (CheckedProbe& probe : program.probes) {
    probe.facts.assign(probe.probe->end_node - probe.probe->first_node, {});
    changed |= Inference(program, probe, maps, catalog, target, diagnostics, round).run();
  }
  return changed || !same_maps(before, maps);
}

}  // namespace

void settle_types(CheckedProgram& program, Inference::Maps& maps, const Catalog& catalog, const Target& target, bool complete) {
  for (int round = 0; round < max_rounds; ++round) {
    Diagnostics ignored;
    if (!run_round(program, maps, catalog, target, ignored, {.complete = complete})) return;
  }
}

std::size_t count_mistakes(CheckedProgram program, Inference::Maps maps, const Catalog& catalog, const Target& target) {
  settle_types(program, maps, catalog, target, true);
  Diagnostics found;
  run_round(program, maps, catalog, target, found, {.is_final = true, .complete = false});
  return found.errors();
}

void infer_types(CheckedProgram& program, std::vector<LeftOutProbe> left_out, const Catalog& catalog, const Target& target, Diagnostics& diagnostics) {
  Inference::Maps maps;
  const bool complete = !diagnostics.has_errors();
  settle_types(program, maps, catalog, target, complete);
  if (complete && !left_out.empty()) {
    add_maps_of_left_out(program, maps, left_out, catalog, target, diagnostics);
    if (diagnostics.has_errors()) return;
  }
  // A map that is written only from itself, as in `@x = @x + 1`, starts as a number.
  bool added = false;
  for (auto& [name, map] : maps) {
    if (!map.written || !map.value.is_none()) continue;
    map.value = Type::int64();
    added = true;
  }
  if (added) settle_types(program, maps, catalog, target, complete);
  // Map numbers follow the names' order; they are final only now.
  run_round(program, maps, catalog, target, diagnostics, {.is_final = true, .complete = complete});
  for (auto& [name, map] : maps) program.maps.push_back(std::move(map));
}

bool Inference::run() {
  scopes_.emplace_back();
  declare_hoisted();
  if (probe_.probe->predicate) condition(*probe_.probe->predicate);
  block(probe_.probe->body);
  if (final_ && cost_ > max_cost) {
    diagnostics_.report<DiagnosticId::probe_too_large>(probe_.probe->attach_points.front().range).with_help("split it into several probes, or unroll less");
  }
  return changed_;
}

void Inference::statement(const Statement& node) {
  match(
      node.kind, 
      [&](const ExpressionStatement& n) {
        if (n.discarded) {
          discard(*n.expression);
        } else {
          expression_statement(*n.expression);
        }
      }, [&](const Assignment& n) { assignment(node, n); },
      [&](const If& n) {
        condition(*n.condition);
        const auto known = facts(*n.condition).constant;
        branch(n.then, known && *known == 0);
        if (n.otherwise) branch(*n.otherwise, known && *known != 0);
      },
      [&](const Return& n) { leave(n); }, [&](const Unroll& n) { unroll(n); }, [&](const While& n) { while_loop(n); },
      [&](const For& n) { for_loop(n); }, [&](const Break&) { leave_loop(node.range, "break"); },
      [&](const Continue&) { leave_loop(node.range, "continue"); }, [&](const Declaration& n) { declaration(n, node.range); },
      [&](const Block& n) { block(n); });
}

void Inference::branch(const Block& node, bool never_taken) {
  unreachable_ += never_taken ? 1 : 0;
  block(node);
  unreachable_ -= never_taken ? 1 : 0;
}

void Inference::expression_statement(const Expression& expression) {
  Type type = infer(expression);
  // An aggregation that stands alone is kept in the map `@`.
  const Facts& known = facts(expression);
  if (known.builtin != nullptr && known.builtin->aggregation) {
    MapAccess anonymous;
    CheckedMap& map = map_of(anonymous, expression.range);
    if (map.keyed) {
      diagnostics_.report<DiagnosticId::map_needs_key>(expression.range, "").with_help("a bare aggregation is kept in `@`; name another map for one of the two");
    }
    merge_value(map, type, expression.range);
    return;
  }
  bool has_effect = std::holds_alternative<Call>(expression.kind) || std::holds_alternative<Step>(expression.kind);
  bool is_void_name = known.builtin != nullptr && type.is_none();
  if (const auto* choice = std::get_if<Ternary>(&expression.kind)) {  // `c ? printf("a") : printf("b")`
    has_effect = type.is_none() || (choice->then && std::holds_alternative<Call>(choice->then->kind));
  }
  has_effect = has_effect || std::holds_alternative<BlockExpression>(expression.kind);
  if (final_ && !has_effect && !is_void_name && !type.is_none()) diagnostics_.report<DiagnosticId::unused_value>(expression.range);
}

// Of what has no value there is nothing to discard, which is no mistake.
void Inference::discard(const Expression& expression) {
  const auto* call = std::get_if<Call>(&expression.kind);
  const Builtin* row = call != nullptr ? find_builtin(catalog_.builtins, call->name) : nullptr;
  if (row != nullptr && !row->aggregation) {
    infer(expression);
  } else {
    value(expression);
  }
}

void Inference::condition(const Expression& expression) {
  const Type& type = value(expression);
  if (is_condition(type)) return;
  std::string help = type.is_string() ? "compare it: `x != \"\"`" : "";
  diagnostics_.report<DiagnosticId::condition_type>(expression.range, to_string(type)).with_help(help);
}

void Inference::unroll(const Unroll& node) {
  value(*node.count);
  const auto& count = facts(*node.count).constant;
  if (!count) {
    if (final_) diagnostics_.report<DiagnosticId::argument_not_constant>(node.count->range, "count", "unroll");
  } else if (*count < 1 || *count > max_unroll) {
    diagnostics_.report<DiagnosticId::argument_value>(node.count->range, fmt::format("`unroll` repeats 1 to {} times, not {}", max_unroll, *count));
  }
  std::uint64_t outer = repeat_;
  repeat_ = std::min(repeat_ * static_cast<std::uint64_t>(std::clamp<std::int64_t>(count.value_or(1), 1, max_unroll)), max_cost);
  ++loops_;
  block(node.body);
  --loops_;
  repeat_ = outer;
}

void Inference::assignment(const Statement& statement, const Assignment& node) {
  if (const auto* map = std::get_if<MapAccess>(&node.target->kind)) {
    assign_map(node, *map, statement.range);
  } else if (const auto* target = std::get_if<Variable>(&node.target->kind)) {
    assign_variable(node, *target, statement.range);
  } else {
    infer(*node.target);
    value(*node.value);
    diagnostics_.report<DiagnosticId::not_assignable>(node.target->range);
  }
}

void Inference::assign_map(const Assignment& node, const MapAccess& target, Range range) {
  CheckedMap& map = map_of(target, node.target->range);
  map.written = true;
  Facts& target_facts = facts(*node.target);
  target_facts.index = static_cast<std::uint32_t>(std::distance(maps_.begin(), maps_.find(target.name)));
  keys(target, node.target->range, map);
  Type type = infer(*node.value);
  const Facts& known = facts(*node.value);
  bool aggregation = known.builtin != nullptr && known.builtin->aggregation.has_value();
  if (aggregation && node.op) {
    diagnostics_.report<DiagnosticId::operand_type>(range, fmt::format("{}=", spelling(*node.op)), to_string(type))
        .with_help("aggregations accumulate by themselves: write `=`");
    return;
  }
  if (aggregation) {
    target_facts.type = type;
    merge_value(map, type, range);
    check_intervals(map, type, node.value->range);
    return;
  }
  type = value(*node.value);
  if (node.op) {
    check_right_side(*node.op, *node.value);
    Facts left;
    left.type = map.value;
    // A map that is only ever changed by `op=` starts as a number.
    if (left.type.is_none()) left.type = type.is_pointer() ? type : Type::literal();
    if (left.type.is_aggregation()) {
      diagnostics_.report<DiagnosticId::map_value_type>(range, map.name, to_string(map.value), to_string(type));
      return;
    }
    auto result = binary_result(*node.op, left, facts(*node.value));
    if (!result) {
      diagnostics_.report<DiagnosticId::operand_types>(range, fmt::format("{}=", spelling(*node.op)), to_string(left.type), to_string(type));
      return;
    }
    target_facts.is_signed = operates_signed(*node.op, left, facts(*node.value));
    bool keeps_type = left.type.is_pointer() || (left.type.is_integer() && !left.type.is_signed());
    type = keeps_type ? left.type : *result;
  }
  merge_value(map, type, node.value->range);
  target_facts.type = map.value;
}

void Inference::assign_variable(const Assignment& node, const Variable& target, Range range) {
  Type type = value(*node.value);
  auto index = find_variable(target.name);
  if (node.op) {
    if (!index) {
      if (final_) diagnostics_.report<DiagnosticId::undefined_variable>(node.target->range, written_name(target.name)).with_help("give it a value first");
      return;
    }
    check_right_side(*node.op, *node.value);
    Facts left;
    left.type = probe_.variables[*index].type;
    auto result = binary_result(*node.op, left, facts(*node.value));
    if (!result) {
      diagnostics_.report<DiagnosticId::operand_types>(range, fmt::format("{}=", spelling(*node.op)), to_string(left.type), to_string(type));
      return;
    }
    facts(*node.target).is_signed = operates_signed(*node.op, left, facts(*node.value));
    type = *result;
  }
  if (!index) index = declare_variable(target.name);
  note_value(*index, node.op ? nullptr : node.value.get());
  Facts& target_facts = facts(*node.target);
  target_facts.index = *index;
  if (type.is(TypeKind::context)) type = stored(type);
  if (!node.op) check_literal(probe_.variables[*index], *node.value);
  if (storable(type, node.value->range, "scratch variable")) merge_variable(*index, type, node.value->range);
  target_facts.type = probe_.variables[*index].type;
}

void Inference::undefined_map(const CheckedMap& map, Range range) {
  if (!final_ || !complete_) return;
  std::vector<std::string> names;
  for (const auto& [name, other] : maps_) {
    if (!other.value.is_none()) names.push_back(name);
  }
  std::string near = nearest(map.name, names);
  diagnostics_.report<DiagnosticId::undefined_map>(range, map.name).with_help(near.empty() ? "" : fmt::format("did you mean `@{}`?", near));
}

CheckedMap& Inference::map_of(const MapAccess& node, Range range) {
  auto [place, inserted] = maps_.try_emplace(node.name);
  CheckedMap& map = place->second;
  if (inserted) {
    map.name = node.name;
    map.first_use = range;
  }
  return map;
}

void Inference::keys(const MapAccess& node, Range range, CheckedMap& map) {
  std::vector<Type> types;
  bool known = true;
  for (const ExpressionPtr& key : node.keys) {
    Type type = value(*key);
    known = known && !type.is_none();
    if (!storable(type, key->range, "map key")) known = false;
    types.push_back(std::move(type));
  }
  if (node.keys.empty()) {
    if (map.keyed) diagnostics_.report<DiagnosticId::map_needs_key>(range, map.name);
    return;
  }
  Type key = types.size() == 1 ? types.front() : Type::tuple(std::move(types));
  merge_key(map, known ? key : Type::none(), range);
}

void Inference::merge_key(CheckedMap& map, const Type& type, Range range) {
  if (!map.keyed && !map.value.is_none()) {
    diagnostics_.report<DiagnosticId::map_key_shape>(range, map.name).label(map.first_use, "first used here");
    return;
  }
  map.keyed = true;
  Type key = stored(type);
  auto merged = unify(map.key, key);
  if (!merged) {
    diagnostics_.report<DiagnosticId::map_key_type>(range, map.name, to_string(map.key), to_string(key))
        .label(map.first_use, "first used here")
        .with_help(mismatch_help(map.key, key));
    return;
  }
  map.key = stored(*merged);
  map.key_is_list = map.key.is_tuple() && !map.key.is_record();
}

void Inference::merge_value(CheckedMap& map, const Type& type, Range range) {
  if (!storable(type, range, "map")) return;
  Type value = stored(type);
  auto merged = unify(map.value, value);
  if (!merged) {
    diagnostics_.report<DiagnosticId::map_value_type>(range, map.name, to_string(map.value), to_string(value))
        .label(map.first_use, "first used here")
        .with_help(mismatch_help(map.value, value));
    return;
  }
  map.value = stored(*merged);
}

void Inference::check_intervals(const CheckedMap& map, const Type& type, Range range) {
  const bool too_many = type.aggregation() == Aggregation::series && map.keyed && type.buckets().max > max_keyed_intervals;
  if (!too_many || !final_) return;
  diagnostics_.report<DiagnosticId::argument_value>(range, fmt::format("with keys `tseries` keeps 1 to {} intervals, not {}", max_keyed_intervals, type.buckets().max))
      .with_help("the kernel has 4 MiB at most for an element of such a map: take longer intervals, or a map without keys for each series");
}

bool Inference::storable(const Type& type, Range range, const char* where) {
  bool is_composite = type.is_structure() || type.is(TypeKind::context);
  bool is_empty = (is_composite || type.is_array()) && type.size() == 0;
  if (!is_empty && !(is_composite && type.layout() == nullptr)) return true;
  diagnostics_.report<DiagnosticId::not_storable>(range, to_string(type), where)
      .with_help(type.is_array() ? "take one of its elements" : "take one of its members");
  return false;
}

std::optional<std::uint32_t> Inference::find_variable(const std::string& name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    auto found = scope->names.find(name);
    if (found != scope->names.end()) return found->second;
  }
  return std::nullopt;
}

std::uint32_t Inference::declare_variable(const std::string& name) {
  std::uint32_t index = declared_++;
  if (index == probe_.variables.size()) probe_.variables.push_back({name, Type::none(), false});
  scopes_.back().names[name] = index;
  return index;
}

void Inference::declare_hoisted() {
  if (probe_.variables_outdated) probe_.variables.clear();
  probe_.variables_outdated = false;
  for (const std::string& name : probe_.hoisted) declare_variable(name);
}

bool Inference::hoist(const std::string& name) {
  if (let_names_.contains(name)) return false;
  for (std::uint32_t i = 0; i < declared_; ++i) {
    if (probe_.variables[i].name != name) continue;
    if (std::ranges::find(probe_.hoisted, name) == probe_.hoisted.end()) probe_.hoisted.push_back(name);
    probe_.variables_outdated = changed_ = true;
    return true;
  }
  return false;
}

void Inference::note_value(std::uint32_t index, const Expression* value) {
  CheckedVariable& variable = probe_.variables[index];
  variable.changes = variable.changes || value == nullptr || (variable.value != nullptr && variable.value != value);
  variable.value = value;
}

void Inference::merge_variable(std::uint32_t index, const Type& type, Range range) {
  Type& known = probe_.variables[index].type;
  auto merged = unify(known, type.is_string() ? stored(type) : type);
  bool outgrows = probe_.variables[index].declared && merged && merged->is_string() && merged->size() > known.size();
  if (!merged || outgrows) {
    diagnostics_.report<DiagnosticId::variable_type>(range, written_name(probe_.variables[index].name), to_string(known), to_string(type))
        .with_help(mismatch_help(known, type));
    return;
  }
  if (probe_.variables[index].declared) return;
  if (!same(*merged, known)) changed_ = true;
  known = *merged;
}

}  // namespace fathom
