// Statements that repeat or leave: loops, break and continue, return, blocks that are values.
#include <set>

#include "ast/walk.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

using namespace ast;

namespace {

constexpr std::uint32_t word = 8;

// A call that outline_loops() replaces by what the helper gives.
llvm::Value* marker(BpfBuilder& bpf, const char* name, llvm::Type* type) {
  llvm::FunctionCallee callee = bpf.function()->getParent()->getOrInsertFunction(name, llvm::FunctionType::get(type, false));
  return bpf.CreateCall(callee, {});
}

}  // namespace

// The verifier follows every value that a variable can have, round by round, and gives up where there are too many. Adding a zero that it
// does not know makes all rounds look alike to it.
void ProbeLowering::blur_variables(const Block& body, const Expression* condition) {
  std::set<std::uint32_t> changed;
  auto note = [&](const Expression& target) {
    if (std::holds_alternative<Variable>(target.kind)) changed.insert(facts(target).index);
  };
  std::function<void(const Expression&)> look = [&](const Expression& expression) {
    if (const auto* step = std::get_if<Step>(&expression.kind)) note(*step->operand);
    if (const auto* block = std::get_if<BlockExpression>(&expression.kind)) each_assigned(block->body, note);
    each_child(expression.kind, look);
  };
  each_assigned(body, note);
  each_expression(body, look);
  if (condition != nullptr) look(*condition);
  llvm::Value* zero = nullptr;
  for (std::uint32_t index : changed) {
    const Operand& slot = variables_[index];
    if (slot.place != Operand::Place::scalar || !given_.contains(index)) continue;
    if (zero == nullptr) zero = unknown_zero();
    bpf_.CreateStore(bpf_.CreateAdd(bpf_.CreateLoad(bpf_.getInt64Ty(), slot.value), zero), slot.value);
  }
}

llvm::Value* ProbeLowering::unknown_zero() { return bpf_.load(bpf_.at(program_.run_state(), offsetof(layout::RunState, zero)), word, false); }

void ProbeLowering::unroll(const Unroll& node) {
  llvm::BasicBlock* end = bpf_.block("unrolled");
  for (std::int64_t i = 0; i < facts(*node.count).constant.value_or(0); ++i) {
    llvm::BasicBlock* next = bpf_.block("next");
    loops_.push_back({next, end});
    block(node.body);
    loops_.pop_back();
    bpf_.CreateBr(next);
    bpf_.SetInsertPoint(next);
  }
  bpf_.CreateBr(end);
  bpf_.SetInsertPoint(end);
}

void ProbeLowering::outlined(LoopRegion loop, const std::function<void()>& body) {
  loop.next = bpf_.block("no_more");
  llvm::BasicBlock* end = bpf_.block("end");
  loop.entry = bpf_.block("round");
  bpf_.CreateCondBr(marker(bpf_, another_round, bpf_.getInt1Ty()), loop.entry, loop.next);
  bpf_.SetInsertPoint(loop.entry);
  loops_.push_back({loop.next, end});
  body();
  loops_.pop_back();
  bpf_.CreateBr(loop.next);
  bool inside = false;
  for (llvm::BasicBlock& block : *function_) {
    inside = inside || &block == loop.entry;
    if (inside) loop.blocks.push_back(&block);
  }
  bpf_.SetInsertPoint(loop.next);
  if (loop.limited != nullptr) bpf_.when(loop.limited, [&] { count_lost(layout::Counter::endless_loop); });
  bpf_.CreateBr(end);
  bpf_.SetInsertPoint(end);
  regions_.push_back(std::move(loop));
}

void ProbeLowering::while_loop(const While& node, Range range) {
  LoopRegion loop;
  loop.range = range;
  loop.count = bpf_.number(max_rounds);
  loop.limited = bpf_.getTrue();
  outlined(std::move(loop), [&] {
    blur_variables(node.body, node.condition.get());
    llvm::BasicBlock* body = bpf_.block("body");
    bpf_.CreateCondBr(condition(*node.condition), body, loops_.back().end);
    bpf_.SetInsertPoint(body);
    block(node.body);
  });
}

void ProbeLowering::for_loop(const For& node, Range range) {
  if (node.last) {
    range_loop(node, range);
  } else {
    map_loop(node, range);
  }
}

void ProbeLowering::range_loop(const For& node, Range range) {
  // The start is kept in memory, so that the body finds it where all variables are.
  llvm::Value* start = temporary(word);
  llvm::Value* first = scalar(*node.sequence);
  bpf_.CreateStore(first, start);
  llvm::Value* last = scalar(*node.last);
  llvm::Value* distance = bpf_.CreateSelect(bpf_.CreateICmpSGT(last, first), bpf_.CreateSub(last, first), bpf_.number(0));
  LoopRegion loop;
  loop.range = range;
  loop.limited = bpf_.CreateICmpUGT(distance, bpf_.number(max_rounds));
  loop.count = bpf_.CreateSelect(loop.limited, bpf_.number(max_rounds), distance);
  outlined(std::move(loop), [&] {
    blur_variables(node.body, nullptr);
    const Operand& slot = variables_[facts(*node.variable).index];
    llvm::Value* index = marker(bpf_, round_index, bpf_.getInt64Ty());
    bpf_.CreateStore(bpf_.CreateAdd(bpf_.CreateLoad(bpf_.getInt64Ty(), start), index), slot.value);
    block(node.body);
  });
}

void ProbeLowering::map_loop(const For& node, Range range) {
  std::uint32_t map = facts(*node.sequence).index;
  const MapPlan& plan = map_plan(map);
  LoopRegion loop;
  loop.range = range;
  loop.map = this->map(map);
  outlined(std::move(loop), [&] {
    blur_variables(node.body, nullptr);
    const Operand& slot = variables_[facts(*node.variable).index];
    std::vector<std::uint32_t> offsets = tuple_offsets(slot.type.parts());
    const Type& key_type = slot.type.parts()[0];
    const Type& value_type = slot.type.parts()[1];
    llvm::Value* key = marker(bpf_, element_key, bpf_.getPtrTy());
    llvm::Value* value = marker(bpf_, element_value, bpf_.getPtrTy());
    Operand element = plan.value.is_aggregation() ? read_aggregation(map, key, value_type) : from_memory(value, plan.value, plan.value.is_scalar() ? plan.value.size() : word);
    store(element, {bpf_.at(slot.value, offsets[1]), value_type, true});
    store(from_memory(key, plan.key, plan.key.is_scalar() ? plan.key.size() : word), {bpf_.at(slot.value, offsets[0]), key_type, true});
    block(node.body);
  });
}

void ProbeLowering::return_statement(const Return& node) {
  if (returns_.empty()) {
    if (node.value && verdict_ != nullptr && facts(*node.value).type.is_scalar()) {
      bpf_.store(scalar(*node.value), verdict_, word);
    } else if (node.value) {
      lower(*node.value);
    }
    leave();
    return;
  }
  const ReturnTarget& target = returns_.back();
  if (node.value && target.result.place == Operand::Place::scalar) {
    bpf_.CreateStore(fitted(scalar(*node.value), target.result.type), target.result.value);
  } else if (node.value && target.result.place == Operand::Place::memory) {
    store(*node.value, {target.result.value, target.result.type, true});
  } else if (node.value) {
    lower(*node.value);
  }
  go(returns_.back().end);
}

Operand ProbeLowering::block_expression(const BlockExpression& node, const Expression& expression, const Destination* hint) {
  if (!node.catches_return) {
    block(node.body);
    return node.value ? lower(*node.value, hint) : Operand{};
  }
  const Type& type = facts(expression).type;
  Operand result{Operand::Place::nothing, nullptr, type};
  if (type.is_scalar()) {
    result = {Operand::Place::scalar, temporary(word), type};
    bpf_.CreateStore(bpf_.number(0), result.value);
  } else if (!type.is_none()) {
    result = {Operand::Place::memory, temporary(type.size()), type};
    bpf_.clear(result.value, type.size());
  }
  llvm::BasicBlock* end = bpf_.block("returned");
  returns_.push_back({end, result});
  block(node.body);
  returns_.pop_back();
  bpf_.CreateBr(end);
  bpf_.SetInsertPoint(end);
  if (result.place == Operand::Place::scalar) result.value = bpf_.CreateLoad(bpf_.getInt64Ty(), result.value);
  return result;
}

}  // namespace fathom::codegen
