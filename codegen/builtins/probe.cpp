// What the probe itself offers: its arguments and its name.
#include <charconv>

#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

std::uint32_t argument_number(std::string_view name) {
  std::uint32_t number = 0;
  std::string_view digits = name.substr(name.find_first_of("0123456789"));
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

void check_args(CallCheck& call) {
  if (call.context().fields.empty()) {
    call.diagnostics().report<DiagnosticId::no_fields>(call.range(), call.probe_type().name);
    return;
  }
  call.result().type = Type::context();
}

void check_argument(CallCheck& call) {
  std::uint32_t number = argument_number(call.name());
  if (number < call.context().arguments) {
    call.result().index = number;
    return;
  }
  std::string help = call.context().arguments != 0  ? fmt::format("its arguments are `arg0` to `arg{}`", call.context().arguments - 1)
                     : !call.context().fields.empty() ? "its fields are `args.NAME`; `fathom -lv` lists them"
                                                      : "";
  call.diagnostics().report<DiagnosticId::no_such_argument>(call.range(), call.name(), call.probe_type().name).with_help(help);
}

void lower_argument(CallLowering& call) {
  ContextField field{"", Type::uint64(), ContextSource::argument, call.facts().index};
  call.give(call.probe().context_field(field).value);
}

void check_retval(CallCheck& call) {
  if (call.context().return_value) {
    call.result().type = call.context().return_value->type;
    return;
  }
  call.diagnostics()
      .report<DiagnosticId::not_available>(call.range(), "retval", call.probe_type().name)
      .with_help("system calls return in `tracepoint:syscalls:sys_exit_NAME`, as `args.ret`");
}

void lower_retval(CallLowering& call) { call.give(call.probe().context_field(*call.probe().probe().context.return_value).value); }

// As long as the longest name that one program can have to tell.
void check_probe(CallCheck& call) {
  std::size_t longest = 0;
  for (const AttachPoint& point : call.attach_points()) longest = std::max(longest, point.text.size());
  call.result().type = Type::string(static_cast<std::uint32_t>((longest + sizeof(std::uint64_t)) / sizeof(std::uint64_t) * sizeof(std::uint64_t)));
}

// One program serves all attach points; the cookie is the number of the name.
void lower_probe_name(CallLowering& call) {
  const auto& points = call.probe().probe().attach_points;
  Destination memory = call.result_memory();
  if (points.size() == 1) {
    call.probe().store_literal(points.front().text, memory);
    call.give_memory(memory.memory);
    return;
  }
  BpfBuilder& bpf = call.bpf();
  std::uint32_t size = call.facts().type.size();
  std::string table;
  for (const AttachPoint& point : points) {
    table += point.text;
    table.resize((table.size() + size) / size * size);
  }
  llvm::Value* cookie = bpf.call(Helper::get_attach_cookie, {call.probe().context()});
  llvm::Value* index = bpf.bounded(cookie, points.size());
  llvm::Value* name = bpf.at(call.program().object().bytes(table), bpf.CreateMul(index, bpf.number(size)));
  bpf.copy(memory.memory, name, size);
  call.give_memory(memory.memory);
}

}  // namespace

BuiltinFamily probe_builtins() {
  static const Builtin rows[] = {
      {.prototype = "auto args", .doc = "The probe's arguments by name: args.filename.", .form = Form::variable, .check = check_args,
       .lower = [](CallLowering&) {}, .reads_context = true},
      {.prototype = "uint64 argN", .doc = "The probe's arguments by number, from arg0.", .form = Form::variable, .check = check_argument,
       .lower = lower_argument, .reads_context = true},
      {.prototype = "auto retval", .doc = "What the traced function returned.", .form = Form::variable, .check = check_retval,
       .lower = lower_retval, .reads_context = true},
      {.prototype = "auto probe", .doc = "The full name of the attach point that fired.", .form = Form::variable, .check = check_probe,
       .lower = lower_probe_name, .reads_cookie = true, .writes_in_place = true},
  };
  return {"Probe", rows};
}

}  // namespace fathom::codegen
