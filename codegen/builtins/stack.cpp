// Stacks and symbols. A stack is kept once, under the hash of its frames; its value is that key. What a process has mapped is read by the
// session when a program first has something of it, so that the names of processes that end stay known.
#include "ast/text.h"
#include "codegen/builtins/list.h"
#include "codegen/builtins/unwind.h"
#include "codegen/call_lowering.h"
#include "codegen/kernel_frames.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::uint32_t frames_at_a_time = 16;
constexpr std::uint64_t user_stack = 1u << 8;       // BPF_F_USER_STACK
constexpr std::uint64_t user_build_id = 1u << 11;   // BPF_F_USER_BUILD_ID
// What such kernels have above the tracepoint itself: the helper, within it and the program, and two steps on the way there.
constexpr std::uint64_t frames_of_program = 5;
// Multiplier and start of the 64-bit FNV-1a hash.
constexpr std::uint64_t hash_prime = 0x100000001b3;
constexpr std::uint64_t hash_start = 0xcbf29ce484222325;

struct NamedMode {
  std::string_view name;
  StackMode mode;
};
constexpr NamedMode modes[] = {
    {"bpftrace", StackMode::bpftrace}, {"perf", StackMode::perf}, {"raw", StackMode::raw}, {"build_id", StackMode::build_id}};

// Who collects the addresses of a stack.
enum class Walker : std::uint8_t { kernel_stack, user_stack, unwinder };

// The mode that the argument names, or the one that is set for all.
std::optional<StackMode> mode_of(CallCheck& call, Walker walker) {
  const std::optional<std::string>& word_given = call.facts(0).text;
  for (const NamedMode& known : modes) {
    if (known.name != word_given.value_or("")) continue;
    if (known.mode != StackMode::build_id || walker == Walker::user_stack) return known.mode;
    call.diagnostics()
        .report<DiagnosticId::argument_value>(call.argument(0).range,
                                              walker == Walker::unwinder ? "`dw_ustack` gives no build ids" : "kernel stacks have no build ids")
        .with_help(fmt::format("the modes of `{}` are bpftrace, perf and raw", call.name()));
    return std::nullopt;
  }
  call.diagnostics()
      .report<DiagnosticId::argument_value>(call.argument(0).range, fmt::format("`{}` is not a stack mode", word_given.value_or("")))
      .with_help(walker == Walker::user_stack ? "the modes are bpftrace, perf, raw and build_id" : "the modes are bpftrace, perf and raw");
  return std::nullopt;
}

// ([mode,] [frames])
void check_stack(CallCheck& call, Walker walker) {
  StackMode mode = call.settings().stack_mode;
  if (mode == StackMode::build_id && walker != Walker::user_stack) mode = StackMode::bpftrace;
  const std::uint32_t most = call.target().most_stack_frames();
  std::int64_t frames = std::min(default_stack_frames, most);
  std::size_t next = 0;
  if (call.count() > 0 && !call.facts(0).constant) {
    const auto named = mode_of(call, walker);
    if (!named) return;
    mode = *named;
    next = 1;
  }
  if (next < call.count() && call.facts(next).constant) {
    frames = call.facts(next).constant.value_or(0);
    if (frames < 1 || frames > most) {
      call.diagnostics()
          .report<DiagnosticId::argument_value>(call.argument(next).range, fmt::format("`{}` takes 1 to {} frames, not {}", call.name(), most, frames))
          .with_help("the kernel's limit is `sysctl kernel.perf_event_max_stack`");
      return;
    }
    ++next;
  }
  if (next < call.count()) {
    call.diagnostics()
        .report<DiagnosticId::argument_value>(call.argument(next).range, fmt::format("`{}` takes a mode, then a number of frames", call.name()))
        .with_help(fmt::format("write it as `{}(perf, 5)`", call.name()));
    return;
  }
  const SymbolSpace space = walker == Walker::kernel_stack ? SymbolSpace::kernel : SymbolSpace::user;
  call.result().type = Type::stack(space, static_cast<std::uint32_t>(frames), mode);
  if (space == SymbolSpace::kernel) call.result().addresses = ways_to_program(call);
}

// Unwinding wants tables of the processes, which the session can make only of those it knows from the start.
void check_unwound_stack(CallCheck& call) {
#ifndef __x86_64__
  call.diagnostics()
      .report<DiagnosticId::target_unavailable>(call.range(), fmt::format("`{}` is made for x86_64 only", call.name()))
      .with_help("`ustack` follows frame pointers on every machine");
#endif
  const Settings& settings = call.settings();
  if (!settings.process && !settings.has_command && settings.dwarf_processes.empty()) {
    call.diagnostics()
        .report<DiagnosticId::target_unavailable>(call.range(), fmt::format("`{}` must know the processes whose stacks it unwinds", call.name()))
        .with_help("name them with -p PID, -c COMMAND or --dwarf-pid PID; `ustack` follows the frame pointers of any process");
    return;
  }
  check_stack(call, Walker::unwinder);
}

// FNV over whole words, stopping with the last block of them that is in use.
llvm::Value* hash_of(BpfBuilder& bpf, llvm::Value* frames, llvm::Value* count, std::uint32_t capacity) {
  llvm::AllocaInst* hash = bpf.word();
  bpf.CreateStore(bpf.number(hash_start), hash);
  llvm::BasicBlock* end = bpf.block("hashed");
  for (std::uint32_t first = 0; first < capacity; first += frames_at_a_time) {
    llvm::BasicBlock* more = bpf.block("hash");
    bpf.CreateCondBr(bpf.CreateICmpUGT(count, bpf.number(first)), more, end);
    bpf.SetInsertPoint(more);
    for (std::uint32_t i = first; i < std::min(first + frames_at_a_time, capacity); ++i) {
      llvm::Value* frame = bpf.load(bpf.at(frames, std::uint64_t{i} * word), word, false);
      llvm::Value* mixed = bpf.CreateXor(bpf.CreateLoad(bpf.getInt64Ty(), hash), frame);
      bpf.CreateStore(bpf.CreateMul(mixed, bpf.number(hash_prime)), hash);
    }
  }
  bpf.CreateBr(end);
  bpf.SetInsertPoint(end);
  return bpf.CreateLoad(bpf.getInt64Ty(), hash);
}

// The current process, of which the session hears when it is a new one.
llvm::Value* known_process(CallLowering& call) {
  llvm::Value* process = call.bpf().CreateLShr(call.probe().task_ids(false), 32);
  call.probe().announce_process(process);
  return process;
}

// Memory for the addresses. What an earlier stack left there must not count.
llvm::Value* frames_memory(CallLowering& call) {
  const std::uint32_t bytes = call.program().plan().stack_words * word;
  llvm::Value* frames = call.probe().temporary(bytes);
  call.bpf().clear(frames, bytes);
  return frames;
}

// The call's value: the key under which the stack of so many bytes is kept, or an empty one.
void give_stack(CallLowering& call, llvm::Value* frames, llvm::Value* bytes, llvm::Value* process) {
  using layout::StackValue;
  BpfBuilder& bpf = call.bpf();
  const std::uint32_t frame_words = layout::stack_frame_words(call.facts().type);
  Destination value = call.result_memory();
  bpf.clear(value.memory, sizeof(StackValue));
  bpf.when(bpf.CreateICmpSGT(bytes, bpf.number(0)), [&] {
    llvm::Value* words = bpf.CreateLShr(bytes, 3);
    bpf.store(hash_of(bpf, frames, words, call.facts().type.count() * frame_words), bpf.at(value.memory, offsetof(StackValue, hash)), word);
    llvm::Value* count = frame_words == 1 ? words : bpf.CreateUDiv(words, bpf.number(frame_words));
    bpf.store(count, bpf.at(value.memory, offsetof(StackValue, frames)), sizeof(std::uint32_t));
    bpf.store(process, bpf.at(value.memory, offsetof(StackValue, process)), sizeof(std::uint32_t));
    llvm::GlobalVariable* stacks = call.program().object().map(object_names::stacks);
    bpf.when(bpf.is_null(bpf.lookup(stacks, value.memory)), [&] {
      llvm::Value* result = bpf.update(stacks, value.memory, frames, UpdateFlag::any);
      bpf.when(bpf.CreateICmpNE(bpf.CreateTrunc(result, bpf.getInt32Ty()), bpf.getInt32(0)),
               [&] { call.probe().count_lost(layout::Counter::lost_stacks); });
    });
  });
  call.give_memory(value.memory);
}

void lower_stack(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  ProbeLowering& probe = call.probe();
  const Type& type = call.facts().type;
  const bool of_user = type.symbol_space() == SymbolSpace::user;
  const std::uint32_t limit = type.count() * layout::stack_frame_words(type);
  llvm::Value* process = of_user ? known_process(call) : bpf.number(0);
  llvm::Value* frames = frames_memory(call);
  llvm::Value* skipped = of_user ? bpf.number(0) : frames_of_tracing(probe, call.facts().addresses);
  const std::uint64_t flags = (of_user ? user_stack : 0) | (type.stack_mode() == StackMode::build_id ? user_build_id : 0);
  llvm::Value* bytes = bpf.call(Helper::get_stack, {probe.context(), frames, bpf.getInt32(limit * word), bpf.CreateOr(skipped, bpf.number(flags))});
  if (!of_user && probe.probe().type->program == ProgramKind::tracepoint) {
    // Kernels before 6.7 or so take the stack of a system call's tracepoint from the registers of the process, where it is none.
    llvm::AllocaInst* length = bpf.word();
    bpf.CreateStore(bytes, length);
    bpf.when(bpf.CreateICmpSLT(bytes, bpf.number(1)), [&] {
      llvm::Value* task = bpf.call(Helper::get_current_task_btf, {});
      bpf.CreateStore(bpf.call(Helper::get_task_stack, {task, frames, bpf.getInt32(limit * word), bpf.number(frames_of_program)}), length);
    });
    bytes = bpf.CreateLoad(bpf.getInt64Ty(), length);
  }
  // A sample of user code has no stack in the kernel, and a kernel thread none of its own: their value stays empty.
  const bool always_has_one = !of_user && probe.probe().type->program != ProgramKind::perf_event;
  if (always_has_one) bpf.when(bpf.CreateICmpSLT(bytes, bpf.number(1)), [&] { probe.count_lost(layout::Counter::lost_stacks); });
  give_stack(call, frames, bytes, process);
}

void lower_unwound_stack(CallLowering& call) {
  llvm::Value* process = known_process(call);
  llvm::Value* frames = frames_memory(call);
  give_stack(call, frames, unwound_stack(call, frames, process, call.facts().type.count()), process);
}

void lower_usym(CallLowering& call) {
  llvm::Value* address = call.scalar(0);
  call.give_symbol(address);
}

}  // namespace

BuiltinFamily stack_builtins() {
  static const Builtin rows[] = {
      {.prototype = "auto kstack([literal|word mode], [literal|word frames])",
       .doc = "The kernel stack: at most 127 frames or as many as given, shown in one of the modes bpftrace, perf and raw.",
       .form = Form::variable, .check = [](CallCheck& call) { check_stack(call, Walker::kernel_stack); }, .lower = lower_stack},
      {.prototype = "auto ustack([literal|word mode], [literal|word frames])",
       .doc = "The stack of the process in user mode, as kstack; the mode build_id shows build ids and offsets in files.",
       .form = Form::variable, .check = [](CallCheck& call) { check_stack(call, Walker::user_stack); }, .lower = lower_stack,
       .reads_context = true},
      {.prototype = "auto dw_ustack([literal|word mode], [literal|word frames])",
       .doc = "The user stack of a process of -p, -c or --dwarf-pid, unwound by DWARF (.eh_frame): whole also where programs keep no frame pointers.",
       .form = Form::variable, .check = check_unwound_stack, .lower = lower_unwound_stack, .needs = Feature::loop,
       .instead = "`ustack` follows frame pointers without it", .unstable = &Settings::unstable_dw_ustack},
      {.prototype = "symbol ksym(int|pointer address)", .doc = "A kernel address that prints as the name of its function or variable.",
       .lower = [](CallLowering& call) { call.give(call.scalar(0)); }},
      {.prototype = "auto usym(int|pointer address)",
       .doc = "An address of the current process that prints as the name of its function or variable.",
       .check = [](CallCheck& call) { call.result().type = Type::symbol(SymbolSpace::user); }, .lower = lower_usym,
       .reads_context = true},
  };
  return {"Stacks and symbols", rows};
}

}  // namespace fathom::codegen
