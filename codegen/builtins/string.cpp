// Strings and what prints as text.
#include <cstring>

#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t error_text_size = 56;  // the longest text of the C library has 49 characters
constexpr int last_error = 133;                // EHWPOISON

void check_str(CallCheck& call) {
  const Type& type = call.type(0);
  if (std::holds_alternative<ast::Positional>(call.argument(0).kind)) {
    // A parameter is text, whatever it looks like.
    call.result().text = call.facts(0).text;
    call.result().type = Type::string(static_cast<std::uint32_t>(call.result().text->size() + 1));
    return;
  }
  std::uint32_t capacity = type.is_string() ? type.size() : call.settings().max_strlen;
  if (call.count() > 1 && call.facts(1).constant) {
    std::int64_t length = *call.facts(1).constant;
    if (length < 1) {
      call.diagnostics()
          .report<DiagnosticId::argument_value>(call.argument(1).range, fmt::format("the length of `str` must be at least 1, not {}", length))
          .with_help("the length counts the terminating NUL: `str(p, 5)` has at most 4 characters");
      return;
    }
    capacity = static_cast<std::uint32_t>(std::min<std::int64_t>(length, capacity));
  }
  // A length that was asked for is no accident.
  bool may_be_cut = type.is_string() ? type.may_be_cut() : call.count() < 2;
  call.result().type = Type::string(capacity, may_be_cut);
}

void lower_str(CallLowering& call) {
  const Type& type = call.facts(0).type;
  Destination memory = call.result_memory();
  if (type.is_string()) {
    call.probe().store(call.argument(0), memory);
    call.give_memory(memory.memory);
    return;
  }
  bool constant_length = call.count() < 2 || call.facts(1).constant.has_value();
  llvm::Value* address = call.scalar(0);
  llvm::Value* length = constant_length ? nullptr : call.scalar(1);
  AddressSpace space = type.is_pointer() ? type.space() : AddressSpace::kernel;
  call.probe().read_string(memory, address, space, length);
  call.give_memory(memory.memory);
}

// The C library's texts as a table of strings; numbers without one share the last row.
void lower_strerror(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  std::string table;
  for (int error = 0; error <= last_error + 1; ++error) {
    const char* text = error <= last_error ? strerrordesc_np(error) : nullptr;
    table += text != nullptr ? text : "Unknown error";
    table.resize(static_cast<std::size_t>(error + 1) * error_text_size);
  }
  llvm::Value* error = call.scalar(0);
  llvm::Value* unknown = bpf.number(last_error + 1);
  llvm::Value* known = bpf.CreateICmpULE(error, unknown);
  llvm::Value* row = bpf.bounded(bpf.CreateSelect(known, error, unknown), last_error + 2);
  Destination memory = call.result_memory();
  bpf.copy(memory.memory, bpf.at(call.program().object().bytes(table), bpf.CreateMul(row, bpf.number(error_text_size))), error_text_size);
  call.give_memory(memory.memory);
}

}  // namespace

BuiltinFamily string_builtins() {
  static const Builtin rows[] = {
      {.prototype = "auto str(pointer|int|string address, [int length])",
       .doc = "The NUL-terminated string at an address, at most max_strlen or `length` bytes with its NUL; also makes a positional parameter a string.",
       .check = check_str, .lower = lower_str, .writes_in_place = true},
      {.prototype = "auto strerror(int error)", .doc = "The text of an error number: strerror(2) is \"No such file or directory\".",
       .check = [](CallCheck& call) { call.result().type = Type::string(error_text_size); }, .lower = lower_strerror, .writes_in_place = true},
  };
  return {"Strings", rows};
}

}  // namespace fathom::codegen
