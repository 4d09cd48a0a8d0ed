// Maps: keys, reading, writing, atomic change, and per-CPU aggregation.
#include "codegen/lowering.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;
// Of an operation that the machine has no atomic form for; each that fails means that another CPU got through.
constexpr std::uint64_t max_attempts = 64;

}  // namespace

llvm::GlobalVariable* ProbeLowering::map(std::uint32_t index) { return program_.object().map(map_plan(index).object_name); }

llvm::Value* ProbeLowering::key(std::uint32_t map, const ast::Expressions& keys) {
  const MapPlan& plan = map_plan(map);
  if (!plan.keyed) return array_key_;
  llvm::Value* memory = temporary(plan.key.size());
  if (keys.size() == 1) {
    store(*keys.front(), {memory, plan.key, true});
    return memory;
  }
  std::vector<std::uint32_t> offsets = tuple_offsets(plan.key.parts());
  std::uint32_t used = 0;
  for (const Type& part : plan.key.parts()) used += part.size();
  if (used != plan.key.size()) bpf_.clear(memory, plan.key.size());
  for (std::size_t i = 0; i < keys.size(); ++i) store(*keys[i], {bpf_.at(memory, offsets[i]), plan.key.parts()[i], true});
  return memory;
}

void ProbeLowering::mark_written(std::uint32_t map, llvm::Value* value) {
  const MapPlan& plan = map_plan(map);
  if (!plan.keyed) bpf_.store(bpf_.number(1), bpf_.at(value, layout::scalar_written_offset(plan.value)), word);
}

void ProbeLowering::assign(std::uint32_t map, llvm::Value* key, const Operand& value) {
  const MapPlan& plan = map_plan(map);
  if (!plan.keyed) {
    llvm::Value* place = bpf_.lookup(this->map(map), key);
    bpf_.when(bpf_.CreateIsNotNull(place), [&] {
      store(value, {place, plan.value, true});
      mark_written(map, place);
    });
    return;
  }
  Destination copy{value.value, plan.value, true};
  bool ready = value.place == Operand::Place::memory && value.type == plan.value && value.alignment == word && value.padded;
  if (!ready) {
    copy.memory = temporary(plan.value.size());
    store(value, copy);
  }
  llvm::Value* result = bpf_.update(this->map(map), key, copy.memory, UpdateFlag::any);
  bpf_.when(bpf_.CreateICmpNE(bpf_.CreateTrunc(result, bpf_.getInt32Ty()), bpf_.getInt32(0)),
            [&] { report_error(RunTimeError::map_full, plan.name, "map_update_elem", result); });
}

Operand ProbeLowering::read_map(std::uint32_t map, const ast::Expressions& keys, const Type& type) {
  return read_element(map, key(map, keys), type);
}

Operand ProbeLowering::read_element(std::uint32_t map, llvm::Value* key, const Type& type) {
  const MapPlan& plan = map_plan(map);
  if (plan.value.is_aggregation()) return read_aggregation(map, key, type);
  llvm::Value* place = bpf_.lookup(this->map(map), key);
  if (plan.keyed && program_.checked().settings.helper_warnings) {
    report_error_when(bpf_.is_null(place), RunTimeError::missing_key, plan.name, "map_lookup_elem");
  }
  if (plan.value.is_scalar()) {
    llvm::AllocaInst* result = bpf_.word();
    bpf_.CreateStore(bpf_.number(0), result);
    bpf_.when(bpf_.CreateIsNotNull(place),
              [&] { bpf_.CreateStore(bpf_.load(place, plan.value.size(), plan.value.is_signed()), result); });
    return {Operand::Place::scalar, bpf_.CreateLoad(bpf_.getInt64Ty(), result), type};
  }
  // A copy: the element may change or go away while the rest of the program runs.
  llvm::Value* copy = temporary(plan.value.size());
  bpf_.choose(
      bpf_.CreateIsNotNull(place), [&] { bpf_.copy(copy, place, plan.value.size()); }, [&] { bpf_.clear(copy, plan.value.size()); });
  return {Operand::Place::memory, copy, plan.value};
}

// Sums up what all CPUs hold.
Operand ProbeLowering::read_aggregation(std::uint32_t map, llvm::Value* key, const Type& type) {
  const Type& kind = map_plan(map).value;
  llvm::AllocaInst* total = bpf_.word();
  llvm::AllocaInst* count = bpf_.word();
  bpf_.CreateStore(bpf_.number(0), total);
  bpf_.CreateStore(bpf_.number(0), count);
  auto get = [&](llvm::Value* place) { return bpf_.CreateLoad(bpf_.getInt64Ty(), place); };
  auto add = [&](llvm::AllocaInst* sum, llvm::Value* place) { bpf_.CreateStore(bpf_.CreateAdd(get(sum), get(place)), sum); };
  bpf_.repeat(program_.checked().possible_cpus, [&](llvm::Value* cpu, llvm::BasicBlock*) {
    llvm::Value* place = bpf_.call(Helper::map_lookup_percpu_elem, {this->map(map), key, cpu});
    bpf_.when(bpf_.CreateIsNotNull(place), [&] {
      switch (kind.aggregation()) {
        case Aggregation::count:
        case Aggregation::sum: add(total, place); break;
        case Aggregation::average:
        case Aggregation::stats:
          add(total, bpf_.at(place, offsetof(layout::AverageValue, total)));
          add(count, bpf_.at(place, offsetof(layout::AverageValue, count)));
          break;
        case Aggregation::min:
        case Aggregation::max: {
          llvm::Value* updated = bpf_.to_bool(get(bpf_.at(place, offsetof(layout::ExtremeValue, updated))));
          bpf_.when(updated, [&] {
            llvm::Value* value = get(place);
            bool wants_smaller = kind.aggregation() == Aggregation::min;
            llvm::Value* best = get(total);
            llvm::Value* better = kind.is_signed() ? (wants_smaller ? bpf_.CreateICmpSLT(value, best) : bpf_.CreateICmpSGT(value, best))
                                                   : (wants_smaller ? bpf_.CreateICmpULT(value, best) : bpf_.CreateICmpUGT(value, best));
            llvm::Value* first = bpf_.CreateICmpEQ(get(count), bpf_.number(0));
            bpf_.CreateStore(bpf_.CreateSelect(bpf_.CreateOr(first, better), value, best), total);
            bpf_.CreateStore(bpf_.number(1), count);
          });
          break;
        }
        case Aggregation::hist:
        case Aggregation::lhist:
        case Aggregation::series: break;  // check lets no script read these
      }
    });
  });
  llvm::Value* result = get(total);
  if (kind.aggregation() != Aggregation::average && kind.aggregation() != Aggregation::stats) return {Operand::Place::scalar, result, type};
  // A missing element is 0, and no division by zero of the script's.
  llvm::Value* values = get(count);
  llvm::Value* divisor = bpf_.CreateSelect(bpf_.CreateICmpEQ(values, bpf_.number(0)), bpf_.number(1), values);
  llvm::Value* average = divide(result, divisor, kind.is_signed(), false);
  if (kind.aggregation() == Aggregation::average) return {Operand::Place::scalar, average, type};
  llvm::Value* record = temporary(type.size());
  bpf_.store(values, record, word);
  bpf_.store(average, bpf_.at(record, std::uint64_t{word}), word);
  bpf_.store(result, bpf_.at(record, std::uint64_t{2 * word}), word);
  return {Operand::Place::memory, record, type};
}

void ProbeLowering::aggregate(std::uint32_t map, llvm::Value* key, const std::function<void(llvm::Value*)>& update) {
  const Type& kind = map_plan(map).value;
  with_element(map, key, layout::aggregation_size(kind.aggregation(), kind.buckets()), update);
}

void ProbeLowering::with_element(std::uint32_t map, llvm::Value* key, std::uint32_t size, const std::function<void(llvm::Value*)>& update) {
  const MapPlan& plan = map_plan(map);
  llvm::GlobalVariable* object = this->map(map);
  llvm::Value* place = bpf_.lookup(object, key);
  if (!plan.keyed) {
    bpf_.when(bpf_.CreateIsNotNull(place), [&] { update(place); });
    return;
  }
  llvm::BasicBlock* found_first = bpf_.GetInsertBlock();
  llvm::BasicBlock* missing = bpf_.block("missing");
  llvm::BasicBlock* found = bpf_.block("found");
  llvm::BasicBlock* full = bpf_.block("full");
  llvm::BasicBlock* end = bpf_.block("end");
  bpf_.CreateCondBr(bpf_.is_null(place), missing, found);
  // Another CPU, or an interrupt on this one, may make the element at the same time: only a new one is inserted, and whoever won, it is
  // looked up again and updated, so that nothing is lost.
  bpf_.SetInsertPoint(missing);
  llvm::Value* result = bpf_.update(object, key, program_.object().zeroes(size), UpdateFlag::only_new);
  llvm::Value* made = bpf_.lookup(object, key);
  bpf_.CreateCondBr(bpf_.is_null(made), full, found);
  llvm::BasicBlock* found_second = bpf_.GetInsertBlock();
  bpf_.SetInsertPoint(full);
  report_error(RunTimeError::map_full, plan.name, "map_update_elem", result);
  bpf_.CreateBr(end);
  bpf_.SetInsertPoint(found);
  llvm::PHINode* element = bpf_.CreatePHI(bpf_.getPtrTy(), 2);
  element->addIncoming(place, found_first);
  element->addIncoming(made, found_second);
  update(element);
  bpf_.CreateBr(end);
  bpf_.SetInsertPoint(end);
}

void ProbeLowering::replace_in_map(std::uint32_t map, llvm::Value* key, const std::function<llvm::Value*(llvm::Value*)>& change) {
  const MapPlan& plan = map_plan(map);
  with_element(map, key, plan.value.size(), [&](llvm::Value* place) {
    llvm::AllocaInst* seen = bpf_.word();
    llvm::AllocaInst* lost = bpf_.word();
    bpf_.CreateStore(bpf_.CreateLoad(bpf_.getInt64Ty(), place), seen);
    bpf_.CreateStore(bpf_.number(1), lost);
    bpf_.repeat(max_attempts, [&](llvm::Value*, llvm::BasicBlock* end) {
      llvm::Value* old = bpf_.CreateLoad(bpf_.getInt64Ty(), seen);
      auto* result = bpf_.CreateAtomicCmpXchg(place, old, change(old), llvm::Align(word), llvm::AtomicOrdering::Monotonic,
                                              llvm::AtomicOrdering::Monotonic);
      llvm::Value* found = bpf_.CreateExtractValue(result, 0);
      bpf_.CreateStore(found, seen);
      llvm::BasicBlock* done = bpf_.block("done");
      llvm::BasicBlock* again = bpf_.block("again");
      bpf_.CreateCondBr(bpf_.CreateICmpEQ(found, old), done, again);
      bpf_.SetInsertPoint(done);
      bpf_.CreateStore(bpf_.number(0), lost);
      bpf_.CreateBr(end);
      bpf_.SetInsertPoint(again);
    });
    bpf_.when(bpf_.to_bool(bpf_.CreateLoad(bpf_.getInt64Ty(), lost)), [&] { count_lost(layout::Counter::lost_updates); });
    mark_written(map, place);
  });
}

llvm::Value* ProbeLowering::change_at_once(std::uint32_t map, llvm::Value* key, llvm::AtomicRMWInst::BinOp op, llvm::Value* amount) {
  llvm::AllocaInst* before = bpf_.word();
  bpf_.CreateStore(bpf_.number(0), before);
  with_element(map, key, word, [&](llvm::Value* place) {
    llvm::Value* old = bpf_.CreateAtomicRMW(op, place, amount, llvm::Align(word), llvm::AtomicOrdering::Monotonic);
    bpf_.CreateStore(old, before);
    mark_written(map, place);
  });
  return bpf_.CreateLoad(bpf_.getInt64Ty(), before);
}

void ProbeLowering::change_map(std::uint32_t map, llvm::Value* key, ast::BinaryOperator op, llvm::Value* amount, bool is_signed) {
  switch (op) {
    case ast::BinaryOperator::add: change_at_once(map, key, llvm::AtomicRMWInst::Add, amount); return;
    case ast::BinaryOperator::subtract: change_at_once(map, key, llvm::AtomicRMWInst::Add, bpf_.CreateNeg(amount)); return;
    case ast::BinaryOperator::bitwise_and: change_at_once(map, key, llvm::AtomicRMWInst::And, amount); return;
    case ast::BinaryOperator::bitwise_or: change_at_once(map, key, llvm::AtomicRMWInst::Or, amount); return;
    case ast::BinaryOperator::bitwise_xor: change_at_once(map, key, llvm::AtomicRMWInst::Xor, amount); return;
    case ast::BinaryOperator::multiply:
    case ast::BinaryOperator::divide:
    case ast::BinaryOperator::remainder:
    case ast::BinaryOperator::shift_left:
    case ast::BinaryOperator::shift_right:
      // Of a divisor that it can work out, LLVM may make a comparison, and the verifier would follow both outcomes in each of the attempts.
      if (auto* known = llvm::dyn_cast<llvm::ConstantInt>(amount); known == nullptr || known->isNegative()) amount = bpf_.opaque(amount);
      break;
    case ast::BinaryOperator::less:
    case ast::BinaryOperator::less_equal:
    case ast::BinaryOperator::greater:
    case ast::BinaryOperator::greater_equal:
    case ast::BinaryOperator::equal:
    case ast::BinaryOperator::not_equal:
    case ast::BinaryOperator::logical_and:
    case ast::BinaryOperator::logical_or: return;  // the grammar has no such assignments
  }
  replace_in_map(map, key, [&](llvm::Value* old) { return arithmetic(op, old, amount, is_signed); });
}

Operand ProbeLowering::step_map(const ast::Step& node, const ast::MapAccess& target, const ast::Expression& expression) {
  std::uint32_t index = facts(expression).index;
  const Type& type = facts(expression).type;
  bool up = node.kind == ast::StepKind::pre_increment || node.kind == ast::StepKind::post_increment;
  bool before = node.kind == ast::StepKind::post_increment || node.kind == ast::StepKind::post_decrement;
  llvm::Value* amount = type.is_pointer() ? pointer_step(type, bpf_.number(1)) : bpf_.number(1);
  if (!up) amount = bpf_.CreateNeg(amount);
  llvm::Value* old = change_at_once(index, key(index, target.keys), llvm::AtomicRMWInst::Add, amount);
  return {Operand::Place::scalar, before ? old : bpf_.CreateAdd(old, amount), type};
}

}  // namespace fathom::codegen
