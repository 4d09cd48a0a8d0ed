// Strings and what prints as text.
#include <algorithm>
#include <limits>

#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

#include "ast/number.h"
#include "ast/text.h"

namespace fathom::codegen {

namespace {

// What the NUL adds to a length, where old versions did not count it.
std::int64_t uncounted(const Settings& settings) { return settings.text_form.lengths_without_nul ? 1 : 0; }

bool is_length(CallCheck& call, std::int64_t length) {
  if (length >= 0) return true;
  call.diagnostics()
      .report<DiagnosticId::argument_value>(call.argument(1).range, fmt::format("the length of `str` can not be {}", length))
      .with_help("the length counts the terminating NUL: `str(p, 5)` has at most 4 characters");
  return false;
}

// A text that is known now, cut to the length that is asked for.
bool cut_text(CallCheck& call) {
  const auto& length = call.facts(1).constant;
  if (!length) {
    if (call.final()) call.diagnostics().report<DiagnosticId::argument_not_constant>(call.argument(1).range, "length", "str");
    return false;
  }
  if (!is_length(call, *length)) return false;
  call.result().text = call.result().text->substr(0, static_cast<std::size_t>(std::max<std::int64_t>(*length - 1 + uncounted(call.settings()), 0)));
  return true;
}

void check_str(CallCheck& call) {
  const Type& type = call.type(0);
  // str($1 + n): what is left of the parameter's text.
  const auto* sum = std::get_if<ast::Binary>(&call.argument(0).kind);
  const auto* parameter = sum != nullptr && sum->op == ast::BinaryOperator::add ? std::get_if<ast::Positional>(&sum->left->kind) : nullptr;
  const auto& parameters = call.settings().parameters;
  if (parameter != nullptr && parameter->index <= parameters.size() && std::holds_alternative<ast::IntegerLiteral>(sum->right->kind)) {
    call.result().text = suffix(parameters[parameter->index - 1], static_cast<std::int64_t>(std::get<ast::IntegerLiteral>(sum->right->kind).value));
    if (call.count() > 1 && !cut_text(call)) return;
    call.result().type = Type::string(static_cast<std::uint32_t>(call.result().text->size() + 1));
    return;
  }
  if (std::holds_alternative<ast::Positional>(call.argument(0).kind)) {
    // A parameter is text, whatever it looks like.
    call.result().text = call.facts(0).text;
    if (call.count() > 1 && !cut_text(call)) return;
    call.result().type = Type::string(static_cast<std::uint32_t>(call.result().text->size() + 1));
    return;
  }
  std::uint32_t capacity = type.is_string() ? stored(type).size() : call.settings().max_strlen;
  if (call.count() > 1 && call.facts(1).constant) {
    std::int64_t length = *call.facts(1).constant;
    if (!is_length(call, length)) return;
    length = std::min<std::int64_t>(length, std::numeric_limits<std::int32_t>::max()) + uncounted(call.settings());
    if (length > capacity && call.final()) {
      call.diagnostics()
          .report<DiagnosticId::length_shortened>(call.argument(1).range, length - uncounted(call.settings()), capacity)
          .with_help(type.is_string() ? "the string is no longer" : "set BPFTRACE_MAX_STRLEN to a larger number");
    }
    capacity = static_cast<std::uint32_t>(std::clamp<std::int64_t>(length, 1, capacity));  // of none there is the NUL
  }
  // A length that was asked for is no accident.
  bool may_be_cut = type.is_string() ? type.may_be_cut() : call.count() < 2;
  call.result().type = Type::string(capacity, may_be_cut);
}

void lower_str(CallLowering& call) {
  const Type& type = call.facts(0).type;
  Destination memory = call.result_memory();
  bool constant_length = call.count() < 2 || call.facts(1).constant.has_value();
  if (call.facts().text) {
    call.probe().store_literal(*call.facts().text, memory);
    return call.give_memory(memory.memory);
  }
  if (type.is_string() && constant_length) {
    call.probe().store(call.argument(0), memory);
    return call.give_memory(memory.memory);
  }
  auto given_length = [&] { return call.bpf().CreateAdd(call.scalar(1), call.bpf().number(static_cast<std::uint64_t>(uncounted(call.program().checked().settings)))); };
  if (type.is_string()) {
    llvm::Value* length = given_length();
    llvm::Value* whole = call.probe().in_memory(call.argument(0), stored(type));
    call.probe().read_string(memory, call.bpf().CreatePtrToInt(whole, call.bpf().getInt64Ty()), AddressSpace::kernel, length);
    return call.give_memory(memory.memory);
  }
  llvm::Value* address = call.scalar(0);
  llvm::Value* length = constant_length ? nullptr : given_length();
  AddressSpace space = type.is_pointer() ? type.space() : call.probe().probe().type->pointers;
  call.probe().read_string(memory, address, space, length);
  call.give_memory(memory.memory);
}

}  // namespace

BuiltinFamily string_builtins() {
  static const Builtin rows[] = {
      {.prototype = "auto str(pointer|int|string address, [int length])",
       .doc = "The NUL-terminated string at an address, at most max_strlen or `length` bytes with its NUL; also makes a positional parameter a string.",
       .check = check_str, .lower = lower_str, .writes_in_place = true},
  };
  return {"Strings", rows};
}

}  // namespace fathom::codegen
