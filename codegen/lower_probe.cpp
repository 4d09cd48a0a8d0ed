// One function: its frame, its scratch memory, and the events it sends.
//
//   entry   stack memory, stop flag, process filter
//   setup   claims scratch memory, where the body needs any
//   body    …
//   leave   gives the scratch memory back; returns 0
#include <algorithm>
#include <cstring>

#include "ast/walk.h"
#include "codegen/lowering.h"

namespace fathom::codegen {

using namespace ast;

namespace {

constexpr std::uint32_t word = 8;
// Larger pieces go to scratch memory at once; smaller ones as long as the frame has room for what the compiler itself spills.
constexpr std::uint32_t max_stack_total = 256;
// Loops are functions with frames of their own, and all share the 512 bytes.
constexpr std::uint32_t max_stack_with_loops = 96;
// Where many are inside each other, of four at most, every frame of theirs counts, and Linux 6.1 rounds each up to 32 bytes.
constexpr std::uint32_t max_stack_with_deep_loops = 32;
constexpr std::uint32_t deep_loops = 3;
// Further scratch variables live in memory: the compiler would spill them to a stack that is too small for all of them.
constexpr std::size_t max_register_variables = 12;

constexpr std::uint64_t ring_force_wakeup = 2;  // BPF_RB_FORCE_WAKEUP
constexpr std::uint64_t ring_producer_position = 3;  // BPF_RB_PROD_POS

std::uint32_t loop_depth(const Block& block);

// Expanded macros and functions are blocks inside expressions.
std::uint32_t loop_depth(const Expression& expression) {
  std::uint32_t depth = 0;
  const auto* block = std::get_if<BlockExpression>(&expression.kind);
  if (block != nullptr) depth = std::max(loop_depth(block->body), block->value ? loop_depth(*block->value) : 0);
  if (block == nullptr) each_child(expression.kind, [&](const Expression& child) { depth = std::max(depth, loop_depth(child)); });
  return depth;
}

// How many loops that become functions are inside each other.
std::uint32_t loop_depth(const Block& block) {
  std::uint32_t depth = 0;
  const auto in_expression = [&](const ExpressionPtr& one) { depth = std::max(depth, one ? loop_depth(*one) : 0); };
  const auto in_block = [&](const Block& one, std::uint32_t around) { depth = std::max(depth, loop_depth(one) + around); };
  for (const StatementPtr& statement : block.statements) {
    match(
        statement->kind, [&](const ExpressionStatement& node) { in_expression(node.expression); }, [&](const Assignment& node) { in_expression(node.value); },
        [&](const If& node) {
          in_expression(node.condition);
          in_block(node.then, 0);
          if (node.otherwise) in_block(*node.otherwise, 0);
        },
        [&](const Return& node) { in_expression(node.value); }, [&](const Unroll& node) { in_block(node.body, 0); },
        [&](const While& node) { in_block(node.body, 1); }, [&](const For& node) { in_block(node.body, 1); }, [](const Break&) {}, [](const Continue&) {},
        [&](const Declaration& node) { in_expression(node.value); }, [&](const Block& node) { in_block(node, 0); });
  }
  return depth;
}

}  // namespace

ProbeLowering::ProbeLowering(ProgramLowering& program, const CheckedProbe& probe, llvm::Function* function)
    : program_(program), probe_(probe), function_(function), bpf_(program.object(), function) {}

void ProbeLowering::run() {
  llvm::BasicBlock* entry = &function_->getEntryBlock();
  setup_ = bpf_.block("setup");
  llvm::BasicBlock* body = bpf_.block("body");
  leave_ = llvm::BasicBlock::Create(bpf_.getContext(), "leave", function_);
  bpf_.SetInsertPoint(entry);
  bpf_.SetCurrentDebugLocation(program_.object().location(function_, probe_.probe->range));
  array_key_ = bpf_.word();
  bpf_.CreateStore(bpf_.number(0), array_key_);
  if (probe_.place) check_place();
  // A pinned program outlives the script.
  if (probe_.type->moment == Moment::attached && !is_pinned(probe_.type->program, probe_.attach_points.front())) check_stop();
  check_process();
  check_object();
  enter_guard();
  bpf_.CreateBr(setup_);

  bpf_.SetInsertPoint(body);
  llvm::Value* verdict = bpf_.number(0);
  if (probe_.type->moment == Moment::test) {
    verdict_ = temporary(word);
    bpf_.store(bpf_.number(0), verdict_, word);
    llvm::IRBuilder<>::InsertPointGuard guard(bpf_);
    bpf_.SetInsertPoint(leave_);
    verdict = bpf_.load(verdict_, word, false);
  }
  for (const CheckedVariable& variable : probe_.variables) {
    Operand slot;
    slot.type = variable.type;
    bool is_scalar = variable.type.is_scalar();
    slot.place = is_scalar ? Operand::Place::scalar : Operand::Place::memory;
    bool in_register = is_scalar && variables_.size() < max_register_variables;
    slot.value = in_register && !probe_.has_loops ? bpf_.word() : in_register ? temporary(word) : is_scalar ? scratch(word) : temporary(variable.type.size());
    if (variables_.size() < probe_.hoisted.size()) {
      given_.insert(static_cast<std::uint32_t>(variables_.size()));
      if (is_scalar) {
        bpf_.CreateStore(bpf_.number(0), slot.value);
      } else {
        bpf_.clear(slot.value, variable.type.size());
      }
    }
    variables_.push_back(slot);
  }
  current_ = probe_.probe->range;
  if (probe_.probe->predicate) {
    llvm::BasicBlock* wanted = bpf_.block("wanted");
    bpf_.CreateCondBr(condition(*probe_.probe->predicate), wanted, leave_);
    bpf_.SetInsertPoint(wanted);
  }
  block(probe_.probe->body);
  if (bpf_.GetInsertBlock()->getTerminator() == nullptr) bpf_.CreateBr(leave_);
  size_arena();

  bpf_.SetInsertPoint(setup_);
  bpf_.SetCurrentDebugLocation(program_.object().location(function_, probe_.probe->range));
  if (scratch_ != nullptr) {
    claim_scratch();
  }
  bpf_.CreateBr(body);
  bpf_.SetInsertPoint(leave_);
  if (scratch_ != nullptr) bpf_.store(bpf_.number(0), scratch_, word);
  mark_progress();
  leave_guard();
  bpf_.CreateRet(verdict);
  outline_loops(program_.object(), function_, regions_);
}

void ProbeLowering::check_stop() {
  llvm::Value* flag = bpf_.load(bpf_.at(program_.run_state(), offsetof(layout::RunState, stop)), word, false);
  llvm::BasicBlock* go = bpf_.block("running");
  llvm::BasicBlock* stopped = bpf_.block("stopped");
  bpf_.CreateCondBr(bpf_.to_bool(flag), stopped, go);
  bpf_.SetInsertPoint(stopped);
  bpf_.CreateRet(bpf_.number(0));
  bpf_.SetInsertPoint(go);
}

// At a place that many events pass, a table says which attach point an event's number belongs to: 0 for none, 1 for the first.
void ProbeLowering::check_place() {
  constexpr std::uint32_t entry_size = 2;
  const SharedPlace& place = *probe_.place;
  std::string table(std::size_t{place.numbers} * entry_size, '\0');
  for (std::size_t i = 0; i < probe_.numbers.size(); ++i) {
    const auto entry = static_cast<std::uint16_t>(i + 1);
    std::memcpy(&table[std::size_t{probe_.numbers[i]} * entry_size], &entry, entry_size);
  }
  llvm::BasicBlock* other = bpf_.block("other_event");
  auto go_on_if = [&](llvm::Value* condition) {
    llvm::BasicBlock* next = bpf_.block("this_event");
    bpf_.CreateCondBr(condition, next, other);
    bpf_.SetInsertPoint(next);
  };
  llvm::Value* number = context_field(place.number).value;
  go_on_if(bpf_.CreateICmpULT(number, bpf_.number(place.numbers)));
  llvm::Value* entry = bpf_.at(program_.object().bytes(table), bpf_.CreateMul(number, bpf_.number(entry_size)));
  llvm::Value* found = bpf_.load(entry, entry_size, false);
  go_on_if(bpf_.to_bool(found));
  point_ = bpf_.CreateSub(found, bpf_.number(1));
  llvm::Value* flags = temporary(sizeof(std::uint32_t));
  llvm::Value* task = bpf_.call(Helper::get_current_task, {});
  read(flags, bpf_.CreateAdd(task, bpf_.number(place.foreign.task_offset)), sizeof(std::uint32_t), AddressSpace::kernel);
  llvm::Value* foreign = bpf_.CreateAnd(bpf_.load(flags, sizeof(std::uint32_t), false), place.foreign.mask);
  go_on_if(bpf_.CreateNot(bpf_.to_bool(foreign)));
  llvm::IRBuilder<>(other).CreateRet(bpf_.number(0));
}

llvm::Value* ProbeLowering::point() { return probe_.place ? point_ : bpf_.call(Helper::get_attach_cookie, {context()}); }

void ProbeLowering::check_process() {
  const auto& process = program_.checked().settings.process;
  if (!process || probe_.type->filters_process_at_attach) return;
  llvm::Value* current = bpf_.CreateLShr(task_ids(false), 32);
  llvm::BasicBlock* go = bpf_.block("right_process");
  llvm::BasicBlock* other = bpf_.block("other_process");
  bpf_.CreateCondBr(bpf_.CreateICmpEQ(current, bpf_.number(*process)), go, other);
  bpf_.SetInsertPoint(other);
  bpf_.CreateRet(bpf_.number(0));
  bpf_.SetInsertPoint(go);
}

llvm::Value* ProbeLowering::task_ids(bool initial_namespace) {
  const auto& space = program_.checked().pid_namespace;
  if (initial_namespace || !space) return bpf_.call(Helper::get_current_pid_tgid, {});
  // struct bpf_pidns_info: the thread's id, then the process's. Tasks that the namespace does not see stay 0.
  llvm::Value* ids = bpf_.word();
  bpf_.CreateStore(bpf_.number(0), ids);
  bpf_.call(Helper::get_ns_current_pid_tgid, {bpf_.number(space->device), bpf_.number(space->inode), ids, bpf_.getInt32(word)});
  return bpf_.load(ids, word, false);
}

llvm::Value* ProbeLowering::loop_context(std::uint32_t size) {
  bool is_larger = loop_context_ == nullptr || loop_context_->getAllocatedType()->getArrayNumElements() < size;
  if (is_larger) {
    llvm::AllocaInst* memory = bpf_.stack(size);
    if (loop_context_ != nullptr) {
      loop_context_->replaceAllUsesWith(memory);
      loop_context_->eraseFromParent();
    }
    loop_context_ = memory;
  }
  return loop_context_;
}

llvm::Value* ProbeLowering::temporary(std::uint32_t size) {
  std::uint32_t rounded = (size + word - 1) / word * word;
  std::uint32_t total = probe_.has_loops ? max_stack_with_loops : max_stack_total;
  const bool may_be_too_much = probe_.has_loops && pieces_.stack + rounded > max_stack_with_deep_loops;
  if (may_be_too_much && loop_depth(probe_.probe->body) >= deep_loops) total = max_stack_with_deep_loops;
  if (rounded > program_.checked().settings.on_stack_limit || pieces_.stack + rounded > total) return scratch(rounded);
  if (arena_ == nullptr) arena_ = bpf_.stack(max_stack_total);
  std::uint32_t offset = pieces_.stack;
  pieces_.stack += rounded;
  arena_used_ = std::max(arena_used_, pieces_.stack);
  return bpf_.at(arena_, offset);
}

// The stack is given in one piece, as large as the greediest statement needs.
void ProbeLowering::size_arena() {
  if (arena_ == nullptr) return;
  llvm::AllocaInst* exact = bpf_.stack(arena_used_);
  arena_->replaceAllUsesWith(exact);
  llvm::cast<llvm::AllocaInst>(arena_)->eraseFromParent();
}

llvm::Value* ProbeLowering::scratch(std::uint32_t size) {
  if (scratch_ == nullptr) {
    // The claim is made in `setup`, which dominates the whole body; its result arrives in `body` as this value.
    llvm::IRBuilder<> at_setup(setup_);
    scratch_ = at_setup.CreatePHI(at_setup.getPtrTy(), layout::scratch_slots);
  }
  std::uint32_t offset = word + pieces_.scratch;
  pieces_.scratch += size;
  program_.need_scratch(pieces_.scratch, current_);
  llvm::IRBuilder<>::InsertPointGuard guard(bpf_);
  return bpf_.at(scratch_, offset);
}

// Takes the first free one of this CPU's slots. A program that interrupts another finds that one's slot taken; an atomic exchange decides,
// since programs in preemptible context do not end in the order in which they began.
void ProbeLowering::claim_scratch() {
  auto* claimed = llvm::cast<llvm::PHINode>(scratch_);
  llvm::GlobalVariable* map = program_.object().map(object_names::scratch);
  llvm::AllocaInst* index = bpf_.word();
  llvm::BasicBlock* found = setup_;
  // `setup` begins with the PHI, so the attempts come before it.
  llvm::BasicBlock* attempt = bpf_.block("claim");
  setup_->replaceAllUsesWith(attempt);
  llvm::BasicBlock* none_left = bpf_.block("no_scratch");
  bpf_.SetInsertPoint(attempt);
  llvm::Value* cpu = bpf_.CreateAnd(bpf_.call(Helper::get_smp_processor_id, {}), 0xffffffff);
  llvm::Value* first = bpf_.CreateMul(cpu, bpf_.number(layout::scratch_slots));
  for (std::uint32_t slot = 0; slot < layout::scratch_slots; ++slot) {
    bpf_.CreateStore(bpf_.CreateAdd(first, bpf_.number(slot)), index);
    llvm::Value* memory = bpf_.lookup(map, index);
    llvm::BasicBlock* present = bpf_.block("slot");
    llvm::BasicBlock* next = slot + 1 < layout::scratch_slots ? bpf_.block("claim") : none_left;
    bpf_.CreateCondBr(bpf_.is_null(memory), none_left, present);
    bpf_.SetInsertPoint(present);
    llvm::Value* before = bpf_.CreateAtomicRMW(llvm::AtomicRMWInst::Xchg, memory, bpf_.number(1), llvm::Align(word),
                                               llvm::AtomicOrdering::Monotonic);
    bpf_.CreateCondBr(bpf_.to_bool(before), next, found);
    claimed->addIncoming(memory, present);
    bpf_.SetInsertPoint(next);
  }
  count_lost(layout::Counter::no_scratch);
  leave_guard();
  bpf_.CreateRet(bpf_.number(0));
  bpf_.SetInsertPoint(found);
}

void ProbeLowering::count_lost(layout::Counter counter) {
  program_.need_counters();
  llvm::Value* counters = bpf_.lookup(program_.object().map(object_names::counters), array_key_);
  bpf_.when(bpf_.CreateIsNotNull(counters), [&] {
    llvm::Value* place = bpf_.at(counters, static_cast<std::uint32_t>(counter) * word);
    bpf_.atomic_add(place, bpf_.number(1));
  });
}

void ProbeLowering::record(std::uint32_t format, const std::function<void(llvm::Value*, const layout::RecordLayout&)>& fill) {
  layout::RecordLayout layout = layout::record_layout(program_.plan().formats[format].fields);
  llvm::GlobalVariable* ring = program_.object().map(object_names::data_ring);
  llvm::Value* record = bpf_.call(Helper::ringbuf_reserve, {ring, bpf_.number(layout.size), bpf_.number(0)});
  bpf_.choose(
      bpf_.is_null(record), [&] { count_lost(layout::Counter::lost_events); },
      [&] {
        bpf_.store(bpf_.number(format), record, word);
        fill(record, layout);
        bpf_.call(Helper::ringbuf_submit, {record, bpf_.number(std::uint64_t{0})});
      });
}

void ProbeLowering::control(layout::ControlKind kind, std::uint32_t map, llvm::Value* first, llvm::Value* second) {
  control_about(kind, bpf_.number(map), first, second);
}

void ProbeLowering::control_about(layout::ControlKind kind, llvm::Value* subject, llvm::Value* first, llvm::Value* second) {
  using layout::ControlRecord;
  program_.need_control();
  llvm::Value* position = bpf_.number(0);
  if (program_.plan().uses_data_ring) {
    position = bpf_.call(Helper::ringbuf_query, {program_.object().map(object_names::data_ring), bpf_.number(ring_producer_position)});
  }
  llvm::GlobalVariable* ring = program_.object().map(object_names::control_ring);
  llvm::Value* record = bpf_.call(Helper::ringbuf_reserve, {ring, bpf_.number(sizeof(ControlRecord)), bpf_.number(0)});
  bpf_.choose(
      bpf_.is_null(record), [&] { count_lost(layout::Counter::lost_control); },
      [&] {
        bpf_.store(bpf_.number(static_cast<std::uint64_t>(kind)), bpf_.at(record, offsetof(ControlRecord, kind)), 4);
        bpf_.store(subject, bpf_.at(record, offsetof(ControlRecord, map)), 4);
        bpf_.store(position, bpf_.at(record, offsetof(ControlRecord, data_position)), word);
        bpf_.store(first, bpf_.at(record, offsetof(ControlRecord, first)), word);
        bpf_.store(second, bpf_.at(record, offsetof(ControlRecord, second)), word);
        bpf_.call(Helper::ringbuf_submit, {record, bpf_.number(ring_force_wakeup)});
      });
}

// The session reads at once what the process has mapped: it may soon be gone. It is told once for each process. Of the file that the probe
// is in it also learns where it was loaded, in case it comes too late.
void ProbeLowering::announce_process(llvm::Value* process) {
  program_.need_processes();
  llvm::GlobalVariable* known = program_.object().map(object_names::processes);
  llvm::AllocaInst* key = bpf_.word();
  bpf_.CreateStore(process, key);
  bpf_.when(bpf_.is_null(bpf_.lookup(known, key)), [&] {
    bpf_.update(known, key, key, UpdateFlag::any);
    const std::optional<ContextField>& function = probe_.context.function;
    const bool in_file = function && function->type.symbol_space() == SymbolSpace::user;
    llvm::Value* place = in_file ? context_field(*function).value : bpf_.number(0);
    llvm::Value* point = in_file && probe_.attach_points.size() > 1 ? bpf_.call(Helper::get_attach_cookie, {context()}) : bpf_.number(0);
    const auto program = static_cast<std::uint64_t>(program_.plan().programs.size() - 1);
    control_about(layout::ControlKind::process, bpf_.CreateOr(point, bpf_.number(program << layout::point_bits)), process, place);
  });
}

llvm::Value* ProbeLowering::sequence() {
  constexpr std::uint64_t meta_offset = 0, sequence_offset = 0;
  llvm::Value* meta = bpf_.CreateIntToPtr(bpf_.load_context(context(), meta_offset, word, false), bpf_.getPtrTy());
  return bpf_.load(bpf_.at(meta, sequence_offset), word, false);
}

// Reading an iterator ends when what its programs wrote fills the reader's buffer. A byte for each object that was shown gives the session
// the chance to empty the ring in between.
void ProbeLowering::mark_progress() {
  if (probe_.type->program != ProgramKind::iterator || !program_.plan().uses_data_ring) return;
  if (is_pinned(probe_.type->program, probe_.attach_points.front())) return;
  bpf_.call(Helper::seq_write, {sequence(), program_.object().bytes(std::string_view(".", 1)), bpf_.getInt32(1)});
}

// Behind the last object the kernel calls once more, without one.
void ProbeLowering::check_object() {
  constexpr std::uint64_t object_offset = 8;
  if (probe_.type->program != ProgramKind::iterator) return;
  llvm::Value* object = bpf_.load_context(context(), object_offset, word, false);
  llvm::BasicBlock* go = bpf_.block("object");
  llvm::BasicBlock* none = bpf_.block("no_object");
  bpf_.CreateCondBr(bpf_.to_bool(bpf_.untyped(object)), go, none);
  bpf_.SetInsertPoint(none);
  bpf_.CreateRet(bpf_.number(0));
  bpf_.SetInsertPoint(go);
}

// Where a script traces locks, a program that is interrupted may hold the lock that the interrupting one would wait for.
void ProbeLowering::enter_guard() {
  if (!program_.checked().one_at_a_time || probe_.type->moment != Moment::attached) return;
  guard_ = bpf_.lookup(program_.object().map(object_names::guard), array_key_);
  llvm::BasicBlock* present = bpf_.block("guard");
  llvm::BasicBlock* inside = bpf_.block("interrupts");
  llvm::BasicBlock* go = bpf_.block("alone");
  bpf_.CreateCondBr(bpf_.is_null(guard_), inside, present);
  bpf_.SetInsertPoint(present);
  llvm::Value* before = bpf_.CreateAtomicRMW(llvm::AtomicRMWInst::Xchg, guard_, bpf_.number(1), llvm::Align(word), llvm::AtomicOrdering::Monotonic);
  bpf_.CreateCondBr(bpf_.to_bool(before), inside, go);
  bpf_.SetInsertPoint(inside);
  bpf_.CreateRet(bpf_.number(0));
  bpf_.SetInsertPoint(go);
}

void ProbeLowering::leave_guard() {
  if (guard_ != nullptr) bpf_.store(bpf_.number(0), guard_, word);
}

void ProbeLowering::leave() {
  go(leave_);
}

void ProbeLowering::go(llvm::BasicBlock* target) {
  bpf_.CreateBr(target);
  bpf_.SetInsertPoint(bpf_.block("unreachable"));
}

}  // namespace fathom::codegen
