// Text that comes from elsewhere: files, commands, and lists of strings in the traced process.
#include "codegen/builtins/format.h"
#include "codegen/builtins/list.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;

template <FormatStyle style>
void lower_formatted(CallLowering& call) {
  send_formatted(call, style);
}

void check_join(CallCheck& call) {
  const Type& type = call.type(0);
  if (!type.is_pointer() || type.pointee().is_none() || type.pointee().is_pointer()) return;
  call.diagnostics()
      .report<DiagnosticId::argument_type>(call.argument(0).range, "join", "a pointer to pointers", "strings", to_string(type))
      .with_help("`join` wants a list of strings like `args.argv` of sys_enter_execve");
}

// Reads the strings one behind the other until a null pointer, the end of the room, or a string that can not be read.
void read_strings(CallLowering& call, llvm::Value* pointers, llvm::Value* joined, llvm::AllocaInst* used) {
  using namespace layout;
  BpfBuilder& bpf = call.bpf();
  const Type& type = call.facts(0).type;
  AddressSpace space = type.is_pointer() ? type.space() : AddressSpace::kernel;
  llvm::AllocaInst* pointer = bpf.word();
  llvm::Value* texts = bpf.at(joined, sizeof(JoinedValue));
  llvm::BasicBlock* done = bpf.block("joined");
  auto go_on = [&](llvm::Value* condition) {
    llvm::BasicBlock* more = bpf.block("more");
    bpf.CreateCondBr(condition, more, done);
    bpf.SetInsertPoint(more);
  };
  auto cut = [&](llvm::Value* value) { bpf.store(value, bpf.at(joined, offsetof(JoinedValue, cut)), sizeof(std::uint32_t)); };
  bpf.repeat(joined_strings, [&](llvm::Value* index, llvm::BasicBlock*) {
    bpf.CreateStore(bpf.number(0), pointer);
    call.probe().read(pointer, bpf.CreateAdd(pointers, bpf.CreateShl(index, 3)), word, space);
    llvm::Value* address = bpf.CreateLoad(bpf.getInt64Ty(), pointer);
    go_on(bpf.to_bool(address));
    cut(bpf.number(1));
    llvm::Value* offset = bpf.opaque(bpf.CreateLoad(bpf.getInt64Ty(), used));
    go_on(bpf.CreateICmpULT(offset, bpf.number(joined_room)));
    cut(bpf.number(0));
    Helper helper = space == AddressSpace::user ? Helper::probe_read_user_str : Helper::probe_read_kernel_str;
    llvm::Value* read = bpf.opaque(bpf.call(helper, {bpf.at(texts, offset), bpf.getInt32(joined_string_room), address}));
    go_on(bpf.CreateICmpSGE(read, bpf.number(0)));
    // Kernels before 6.13 do not count the end of an empty string. Without a branch, which would double what the verifier follows, string by string.
    llvm::Value* is_zero = bpf.CreateLShr(bpf.opaque(bpf.CreateSub(read, bpf.number(1))), 63);
    llvm::Value* length = bpf.CreateAdd(read, is_zero);
    bpf.CreateStore(bpf.CreateAdd(offset, length), used);
  });
  bpf.CreateBr(done);
  bpf.SetInsertPoint(done);
}

void lower_join(CallLowering& call) {
  using layout::JoinedValue;
  BpfBuilder& bpf = call.bpf();
  constexpr std::uint32_t head = layout::record_header + sizeof(JoinedValue);
  constexpr std::uint32_t room = layout::joined_room + layout::joined_string_room;
  llvm::Value* pointers = call.scalar(0);
  llvm::Value* record = call.probe().temporary(head + room);
  llvm::Value* joined = bpf.at(record, layout::record_header);
  llvm::AllocaInst* used = bpf.word();
  bpf.CreateStore(bpf.number(0), used);
  bpf.store(bpf.number(0), joined, word);
  read_strings(call, pointers, joined, used);
  std::string separator = call.count() > 1 ? *call.facts(1).text : " ";
  bpf.store(bpf.number(call.program().format({FormatStyle::join, separator, {}})), record, word);
  llvm::Value* bytes = bpf.bounded(bpf.CreateLoad(bpf.getInt64Ty(), used), room);
  bpf.store(bytes, bpf.at(joined, offsetof(JoinedValue, bytes)), sizeof(std::uint32_t));
  llvm::GlobalVariable* ring = call.program().object().map(object_names::data_ring);
  llvm::Value* result = bpf.call(Helper::ringbuf_output, {ring, record, bpf.CreateAdd(bytes, bpf.number(head)), bpf.number(0)});
  bpf.when(bpf.CreateICmpNE(bpf.CreateTrunc(result, bpf.getInt32Ty()), bpf.getInt32(0)),
           [&] { call.probe().count_lost(layout::Counter::lost_events); });
}

}  // namespace

BuiltinFamily command_builtins() {
  static const Builtin rows[] = {
      {.prototype = "none join(pointer|int strings, [text separator])",
       .doc = "Prints a null-terminated list of strings such as an argv, with a blank or `separator` between them.", .check = check_join,
       .lower = lower_join, .writes_records = true},
      {.prototype = "none cat(text format, ...)",
       .doc = "Prints a file, at most max_cat_bytes of it; its name is given by a printf(3) format.", .check = check_printf,
       .lower = lower_formatted<FormatStyle::cat>, .writes_records = true},
      {.prototype = "none system(text format, ...)",
       .doc = "Runs a command of the shell, given by a printf(3) format, and prints what it prints; one that fails is told of. Needs --unsafe.", .check = check_printf,
       .lower = lower_formatted<FormatStyle::system>, .writes_records = true, .unsafe = true},
  };
  return {"Files, commands, lists", rows};
}

}  // namespace fathom::codegen
