// One round of bpf_loop() is one frame: the code that its address lies in is looked for among the process's places, the rule for the address
// in the table of that place, and the rule gives the registers of the caller. All that changes from round to round stands in memory whose
// values the verifier does not follow, so that it looks at one round only.
#include "codegen/builtins/unwind.h"

namespace fathom::codegen {

namespace {

using layout::UnwindPlace;
using layout::UnwindRow;

constexpr std::uint32_t word = 8;

// Why a walk ended.
enum class End : std::uint64_t { limit, outermost, no_rule, unknown_code, unreadable };

struct WalkState {
  std::uint64_t registers[layout::registers_count];  // struct pt_regs
  std::uint64_t process;
  std::uint64_t frames;   // so far
  std::uint64_t limit;
  std::uint64_t back;     // bytes from the address to the instruction that it is about: 1 where it is the one behind a call
  std::uint64_t low, high;  // of a search
  std::uint64_t word;     // read from the stack
  std::uint64_t end;      // an End
};

// On the stack, where the verifier keeps knowing pointers.
struct WalkContext {
  std::uint64_t frames, state;
};

constexpr std::uint64_t offset_of_register(std::uint32_t index) { return offsetof(WalkState, registers) + std::uint64_t{index} * word; }

// long round(index, context): walks one frame. Returns 1 when the walk is over.
class RoundBuilder {
 public:
  RoundBuilder(ProgramLowering& program, llvm::Function* function)
      : program_(program), bpf_(program.object(), function), function_(function) {}

  void build() {
    bpf_.SetInsertPoint(&function_->getEntryBlock());
    key_ = bpf_.word();
    over_ = bpf_.block("over");
    context_ = bpf_.CreateIntToPtr(function_->getArg(1), bpf_.getPtrTy());
    state_ = pointer(offsetof(WalkContext, state));
    note_frame();
    find_place();
    bpf_.choose(
        bpf_.CreateICmpEQ(table_, bpf_.number(0)), [&] { use_frame_pointer(); }, [&] { use_table(); });
    bpf_.CreateRet(bpf_.number(0));
    bpf_.SetInsertPoint(over_);
    bpf_.CreateRet(bpf_.number(1));
  }

 private:
  llvm::Value* pointer(std::uint64_t offset) { return bpf_.CreateLoad(bpf_.getPtrTy(), bpf_.at(context_, offset)); }
  llvm::Value* get(std::uint64_t offset) { return bpf_.opaque(bpf_.load(bpf_.at(state_, offset), word, false)); }
  void set(std::uint64_t offset, llvm::Value* value) { bpf_.store(value, bpf_.at(state_, offset), word); }
  llvm::Value* get_register(std::uint32_t index) { return get(offset_of_register(index)); }

  // Goes on where the condition holds, and ends the walk where it does not.
  void need(llvm::Value* condition, End otherwise) {
    llvm::BasicBlock* next = bpf_.block("next");
    llvm::BasicBlock* end = bpf_.block("end");
    bpf_.CreateCondBr(condition, next, end);
    bpf_.SetInsertPoint(end);
    set(offsetof(WalkState, end), bpf_.number(static_cast<std::uint64_t>(otherwise)));
    bpf_.CreateBr(over_);
    bpf_.SetInsertPoint(next);
  }

  void note_frame() {
    const std::uint64_t capacity = program_.plan().stack_words;
    llvm::Value* count = get(offsetof(WalkState, frames));
    need(bpf_.CreateICmpULT(count, get(offsetof(WalkState, limit))), End::limit);
    llvm::Value* address = get_register(layout::registers_ip);
    llvm::Value* place = bpf_.CreateShl(bpf_.bounded(count, capacity), 3);
    bpf_.store(address, bpf_.at(pointer(offsetof(WalkContext, frames)), place), word);
    set(offsetof(WalkState, frames), bpf_.CreateAdd(count, bpf_.number(1)));
    innermost_ = bpf_.CreateICmpEQ(count, bpf_.number(0));
    at_ = bpf_.CreateSub(address, get(offsetof(WalkState, back)));
  }

  llvm::Value* element(llvm::Value* array, llvm::Value* index, End otherwise) {
    bpf_.store(index, key_, sizeof(std::uint32_t));
    llvm::Value* found = bpf_.lookup(array, key_);
    need(bpf_.CreateNot(bpf_.is_null(found)), otherwise);
    return found;
  }

  // The last of `count` rows that begins at `wanted` or before; the first does.
  llvm::Value* search(llvm::Value* rows, llvm::Value* count, llvm::Value* wanted, std::uint32_t bytes, End otherwise) {
    set(offsetof(WalkState, low), bpf_.number(0));
    set(offsetof(WalkState, high), bpf_.CreateSub(count, bpf_.number(1)));
    bpf_.repeat(layout::unwind_search_steps, [&](llvm::Value*, llvm::BasicBlock* end) {
      llvm::Value* low = get(offsetof(WalkState, low));
      llvm::Value* high = get(offsetof(WalkState, high));
      llvm::BasicBlock* halve = bpf_.block("halve");
      bpf_.CreateCondBr(bpf_.CreateICmpULT(low, high), halve, end);
      bpf_.SetInsertPoint(halve);
      llvm::Value* middle = bpf_.CreateLShr(bpf_.CreateAdd(bpf_.CreateAdd(low, high), bpf_.number(1)), 1);
      llvm::Value* row = element(rows, middle, otherwise);
      llvm::Value* behind = bpf_.CreateICmpULE(bpf_.load(row, bytes, false), wanted);
      set(offsetof(WalkState, low), bpf_.CreateSelect(behind, middle, low));
      set(offsetof(WalkState, high), bpf_.CreateSelect(behind, high, bpf_.CreateSub(middle, bpf_.number(1))));
    });
    return element(rows, get(offsetof(WalkState, low)), otherwise);
  }

  void find_place() {
    llvm::Value* processes = program_.object().map(object_names::unwind_places);
    llvm::Value* places = element(processes, get(offsetof(WalkState, process)), End::unknown_code);
    llvm::Value* header = element(places, bpf_.number(0), End::unknown_code);
    llvm::Value* count = bpf_.load(bpf_.at(header, offsetof(UnwindPlace, end)), word, false);
    llvm::Value* place = search(places, count, at_, sizeof UnwindPlace::begin, End::unknown_code);
    need(bpf_.CreateICmpNE(bpf_.load(place, word, false), bpf_.number(0)), End::unknown_code);
    need(bpf_.CreateICmpULT(at_, bpf_.load(bpf_.at(place, offsetof(UnwindPlace, end)), word, false)), End::unknown_code);
    base_ = bpf_.load(bpf_.at(place, offsetof(UnwindPlace, base)), word, false);
    table_ = bpf_.load(bpf_.at(place, offsetof(UnwindPlace, table)), sizeof(std::uint32_t), false);
    rows_ = bpf_.load(bpf_.at(place, offsetof(UnwindPlace, rows)), sizeof(std::uint32_t), false);
  }

  // Reads the word at a user address to the state.
  void read(llvm::Value* address, std::uint64_t to, End otherwise = End::unreadable) {
    llvm::Value* result = bpf_.call(Helper::probe_read_user, {bpf_.at(state_, to), bpf_.getInt32(word), address});
    need(bpf_.CreateICmpEQ(bpf_.CreateTrunc(result, bpf_.getInt32Ty()), bpf_.getInt32(0)), otherwise);
  }

  // `push bp; mov bp, sp` is all that is known of code that compilers make at run time, if they care.
  void use_frame_pointer() {
    llvm::Value* frame = get_register(layout::registers_bp);
    read(frame, offset_of_register(layout::registers_bp), End::no_rule);
    read(bpf_.CreateAdd(frame, bpf_.number(word)), offset_of_register(layout::registers_ip), End::no_rule);
    set(offset_of_register(layout::registers_sp), bpf_.CreateAdd(frame, bpf_.number(std::uint64_t{2} * word)));
    step(bpf_.getFalse());
  }

  llvm::Value* of_row(std::uint64_t offset, std::uint32_t size, bool is_signed) { return bpf_.opaque(bpf_.load(bpf_.at(row_, offset), size, is_signed)); }
  llvm::Value* has(std::uint8_t flag) { return bpf_.to_bool(bpf_.CreateAnd(flags_, bpf_.number(flag))); }

  void use_table() {
    llvm::Value* rows = element(program_.object().map(object_names::unwind_tables), table_, End::no_rule);
    row_ = search(rows, rows_, bpf_.CreateSub(at_, base_), sizeof UnwindRow::address, End::no_rule);
    flags_ = of_row(offsetof(UnwindRow, flags), 1, false);
    need(bpf_.CreateNot(has(layout::unwind_outermost)), End::outermost);
    llvm::Value* base = of_row(offsetof(UnwindRow, base), 1, false);
    need(bpf_.CreateICmpULT(base, bpf_.number(layout::registers_count)), End::no_rule);
    // Of functions that called others only these two are known.
    llvm::Value* is_kept = bpf_.CreateOr(bpf_.CreateICmpEQ(base, bpf_.number(layout::registers_sp)), bpf_.CreateICmpEQ(base, bpf_.number(layout::registers_bp)));
    need(bpf_.CreateOr(innermost_, is_kept), End::no_rule);
    llvm::Value* from = bpf_.load(bpf_.at(state_, bpf_.CreateShl(bpf_.bounded(base, layout::registers_count), 3)), word, false);
    set(offsetof(WalkState, word), bpf_.CreateAdd(from, of_row(offsetof(UnwindRow, cfa), 4, true)));
    bpf_.when(has(layout::unwind_follows), [&] { read(get(offsetof(WalkState, word)), offsetof(WalkState, word)); });
    llvm::Value* pushes = of_row(offsetof(UnwindRow, stub_pushes), 2, false);
    llvm::Value* in_stub = bpf_.CreateAnd(get_register(layout::registers_ip), bpf_.number(15));
    llvm::Value* has_pushed = bpf_.CreateAnd(bpf_.to_bool(pushes), bpf_.CreateICmpUGE(in_stub, pushes));
    llvm::Value* frame_address = bpf_.CreateAdd(get(offsetof(WalkState, word)), bpf_.CreateSelect(has_pushed, bpf_.number(word), bpf_.number(0)));
    llvm::Value* is_signal = has(layout::unwind_signal);
    llvm::Value* saved = bpf_.CreateSelect(is_signal, get_register(layout::registers_sp), frame_address);
    read(bpf_.CreateAdd(saved, of_row(offsetof(UnwindRow, return_at), 2, true)), offset_of_register(layout::registers_ip));
    bpf_.when(has(layout::unwind_saves_frame), [&] {
      read(bpf_.CreateAdd(saved, of_row(offsetof(UnwindRow, frame_at), 2, true)), offset_of_register(layout::registers_bp));
    });
    set(offset_of_register(layout::registers_sp), frame_address);
    step(is_signal);
  }

  // On to the caller.
  void step(llvm::Value* is_signal) {
    set(offsetof(WalkState, back), bpf_.from_bool(bpf_.CreateNot(is_signal)));
    need(bpf_.CreateICmpNE(get_register(layout::registers_ip), bpf_.number(0)), End::outermost);
  }

  ProgramLowering& program_;
  BpfBuilder bpf_;
  llvm::Function* function_;
  llvm::BasicBlock* over_ = nullptr;
  llvm::Value* context_ = nullptr;
  llvm::Value* state_ = nullptr;
  llvm::Value* row_ = nullptr;
  llvm::AllocaInst* key_ = nullptr;
  llvm::Value* innermost_ = nullptr;
  llvm::Value* at_ = nullptr;     // the instruction that the frame is about
  llvm::Value* base_ = nullptr;   // what UnwindPlace says
  llvm::Value* table_ = nullptr;
  llvm::Value* rows_ = nullptr;
  llvm::Value* flags_ = nullptr;  // of the rule
};

llvm::Function* walk_round(ProgramLowering& program) {
  constexpr char name[] = "unwind_frame";
  if (llvm::Function* known = program.object().module().getFunction(name)) return known;
  llvm::Function* function = program.object().callback(name, 2, {0, 0});
  RoundBuilder(program, function).build();
  return function;
}

// Lets the session look at the process again, though not for every address that a broken stack is full of.
void ask_for_code(CallLowering& call, llvm::Value* places, llvm::Value* process) {
  BpfBuilder& bpf = call.bpf();
  llvm::AllocaInst* key = bpf.word();
  bpf.CreateStore(bpf.number(0), key);
  llvm::Value* header = bpf.lookup(places, key);
  bpf.when(bpf.CreateNot(bpf.is_null(header)), [&] {
    llvm::Value* last = bpf.at(header, offsetof(UnwindPlace, base));
    llvm::Value* now = bpf.call(Helper::ktime_get_ns, {});
    llvm::Value* passed = bpf.CreateSub(now, bpf.load(last, word, false));
    bpf.when(bpf.CreateICmpUGT(passed, bpf.number(layout::unwind_patience)), [&] {
      bpf.store(now, last, word);
      call.probe().control(layout::ControlKind::unknown_code, 0, process, bpf.number(0));
    });
  });
}

}  // namespace

llvm::Value* unwound_stack(CallLowering& call, llvm::Value* frames, llvm::Value* process, std::uint32_t limit) {
  BpfBuilder& bpf = call.bpf();
  ProbeLowering& probe = call.probe();
  call.program().plan().unwinds = true;
  llvm::Value* state = probe.scratch(sizeof(WalkState));
  auto field = [&](std::uint64_t offset) { return bpf.at(state, offset); };
  bpf.store(bpf.number(0), field(offsetof(WalkState, frames)), word);
  llvm::AllocaInst* key = bpf.word();
  bpf.CreateStore(process, key);
  llvm::Value* places = bpf.lookup(call.program().object().map(object_names::unwind_places), key);
  bpf.when(bpf.CreateNot(bpf.is_null(places)), [&] {
    // What the process had in its registers when it entered the kernel.
    llvm::Value* task = bpf.call(Helper::get_current_task_btf, {});
    llvm::Value* registers = bpf.call(Helper::task_pt_regs, {task});
    bpf.call(Helper::probe_read_kernel, {state, bpf.getInt32(sizeof WalkState::registers), registers});
    bpf.store(process, field(offsetof(WalkState, process)), word);
    bpf.store(bpf.number(limit), field(offsetof(WalkState, limit)), word);
    bpf.store(bpf.number(0), field(offsetof(WalkState, back)), word);
    bpf.store(bpf.number(static_cast<std::uint64_t>(End::limit)), field(offsetof(WalkState, end)), word);
    llvm::Value* context = probe.loop_context(sizeof(WalkContext));
    bpf.CreateStore(frames, bpf.at(context, offsetof(WalkContext, frames)));
    bpf.CreateStore(state, bpf.at(context, offsetof(WalkContext, state)));
    bpf.call(Helper::loop, {bpf.getInt32(limit), walk_round(call.program()), context, bpf.number(0)});
    llvm::Value* end = bpf.load(field(offsetof(WalkState, end)), word, false);
    auto ended = [&](End reason) { return bpf.CreateICmpEQ(end, bpf.number(static_cast<std::uint64_t>(reason))); };
    bpf.when(bpf.CreateICmpUGT(end, bpf.number(static_cast<std::uint64_t>(End::outermost))), [&] { probe.count_lost(layout::Counter::cut_stacks); });
    bpf.when(ended(End::unknown_code), [&] { ask_for_code(call, places, process); });
  });
  return bpf.CreateShl(bpf.load(field(offsetof(WalkState, frames)), word, false), 3);
}

}  // namespace fathom::codegen
