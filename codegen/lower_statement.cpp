// Statements.
#include "ast/walk.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

using namespace ast;

void ProbeLowering::block(const Block& block) {
  for (const StatementPtr& child : block.statements) statement(*child);
}

void ProbeLowering::statement(const Statement& node) {
  bpf_.SetCurrentDebugLocation(program_.object().location(function_, node.range));
  Pieces before = pieces_;
  current_ = node.range;
  match(
      node.kind,
      [&](const ExpressionStatement& n) {
        const Facts& known = facts(*n.expression);
        if (known.type.is_aggregation()) {
          for (std::size_t i = 0; i < program_.checked().maps.size(); ++i) {
            if (program_.checked().maps[i].name.empty()) aggregation(*n.expression, static_cast<std::uint32_t>(i), {});
          }
        } else {
          unused_ = n.discarded ? nullptr : n.expression.get();
          lower(*n.expression);
          unused_ = nullptr;
        }
      },
      [&](const Assignment& n) { assignment(n); },
      [&](const If& n) {
        llvm::Value* condition = this->condition(*n.condition);
        if (n.otherwise) {
          bpf_.choose(condition, [&] { block(n.then); }, [&] { block(*n.otherwise); });
        } else {
          bpf_.when(condition, [&] { block(n.then); });
        }
      },
      [&](const Return& n) { return_statement(n); }, [&](const Unroll& n) { unroll(n); }, [&](const Block& n) { block(n); },
      [&](const While& n) { while_loop(n, node.range); }, [&](const For& n) { for_loop(n, node.range); },
      [&](const Break&) { go(loops_.back().end); }, [&](const Continue&) { go(loops_.back().next); },
      [&](const Declaration& n) { declaration(n); });
  pieces_ = before;
}

void ProbeLowering::assignment(const Assignment& node) {
  if (const auto* target = std::get_if<MapAccess>(&node.target->kind)) {
    assign_map(node, *target);
  } else {
    assign_variable(node);
  }
}

void ProbeLowering::aggregation(const Expression& call, std::uint32_t map, const Expressions& keys) {
  llvm::Value* key = this->key(map, keys);
  const auto* node = std::get_if<Call>(&call.kind);
  CallLowering lowering(*this, call, node->arguments, nullptr);
  lowering.set_target(map, key);
  facts(call).builtin->lower(lowering);
}

void ProbeLowering::assign_map(const Assignment& node, const MapAccess& target) {
  std::uint32_t index = facts(*node.target).index;
  if (facts(*node.value).type.is_aggregation()) {
    aggregation(*node.value, index, target.keys);
    return;
  }
  const MapPlan& plan = map_plan(index);
  if (node.op) {
    llvm::Value* amount = scalar(*node.value);
    if (plan.value.is_pointer()) amount = pointer_step(plan.value, amount);
    change_map(index, key(index, target.keys), *node.op, amount, facts(*node.target).is_signed);
    return;
  }
  // The value first, then the key: scripts read the old element in the value.
  Operand value;
  if (plan.value.is_scalar()) {
    value = {Operand::Place::scalar, scalar(*node.value), plan.value};
  } else if (plan.keyed) {
    value = {Operand::Place::memory, in_memory(*node.value, plan.value), plan.value};
  } else {
    value = lower(*node.value);
    if (value.place == Operand::Place::nothing) value = {Operand::Place::memory, in_memory(*node.value, plan.value), plan.value};
  }
  assign(index, key(index, target.keys), value);
}

void ProbeLowering::set_variable(std::uint32_t index, const Operand& value) {
  const Operand& slot = variables_[index];
  given_.insert(index);
  if (slot.place == Operand::Place::memory) {
    store(value, {slot.value, slot.type, true});
  } else {
    bpf_.CreateStore(value.value, slot.value);
  }
}

void ProbeLowering::declaration(const Declaration& node) {
  const Operand& slot = variables_[facts(*node.variable).index];
  given_.insert(facts(*node.variable).index);
  if (node.value) {
    set_variable(slot, *node.value);
  } else if (slot.place == Operand::Place::memory) {
    bpf_.clear(slot.value, slot.type.size());
  } else {
    bpf_.CreateStore(bpf_.number(0), slot.value);
  }
}

void ProbeLowering::assign_variable(const Assignment& node) {
  const Operand& slot = variables_[facts(*node.target).index];
  given_.insert(facts(*node.target).index);
  if (!node.op) {
    set_variable(slot, *node.value);
    return;
  }
  llvm::Value* value = scalar(*node.value);
  llvm::Value* old = bpf_.CreateLoad(bpf_.getInt64Ty(), slot.value);
  if (slot.type.is_pointer()) value = pointer_step(slot.type, value);
  value = arithmetic(*node.op, old, value, facts(*node.target).is_signed);
  bpf_.CreateStore(fitted(value, slot.type), slot.value);
}

// A scalar as a variable of this type holds it.
llvm::Value* ProbeLowering::fitted(llvm::Value* value, const Type& type) {
  return type.is_integer() ? bpf_.narrow(value, type.size(), type.is_signed()) : value;
}

void ProbeLowering::set_variable(const Operand& slot, const Expression& value) {
  if (slot.place == Operand::Place::scalar) {
    bpf_.CreateStore(fitted(scalar(value), slot.type), slot.value);
    return;
  }
  // Through a copy where the value reads the variable itself.
  Operand lowered = lower(value);
  if (lowered.value == slot.value) return;
  if (lowered.place == Operand::Place::nothing) {
    store(value, {slot.value, slot.type, true});
  } else {
    store(lowered, {slot.value, slot.type, true});
  }
}

}  // namespace fathom::codegen
