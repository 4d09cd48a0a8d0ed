// What the probe itself offers: its arguments, registers and names.
#include <charconv>
#include <map>

#include "ast/registers.h"
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
    const bool by_debug_info = call.probe_type().named_fields != nullptr;
    call.diagnostics()
        .report<DiagnosticId::no_fields>(call.range(), call.probe_type().name)
        .with_help(by_debug_info ? "a function's parameters have names at its beginning, where the file has debugging information: build it with `-g`"
                                  : "it is there in tracepoint, rawtracepoint, fentry and fexit probes, and in uprobe probes of files with debugging information");
    return;
  }
  call.result().type = Type::context();
}

void check_argument(CallCheck& call) {
  std::uint32_t number = argument_number(call.name());
  const std::vector<ContextField>& arguments = call.context().arguments;
  if (number < arguments.size() && arguments[number].type.is_none()) {
    call.diagnostics().report<DiagnosticId::floating_point_argument>(call.range(), call.name()).with_help("BPF programs can not read floating-point registers");
    return;
  }
  if (number < arguments.size()) {
    call.result().index = number;
    call.result().type = arguments[number].type;
    call.result().is_object = arguments[number].is_object();
    return;
  }
  std::string help = arguments.size() == 1            ? "its only argument is `arg0`"
                     : !arguments.empty()             ? fmt::format("its arguments are `arg0` to `arg{}`", arguments.size() - 1)
                     : !call.context().fields.empty() ? "its fields are `args.NAME`; `fathom -lv` lists them"
                     : call.context().return_value    ? "arguments are there when the function is called: keep them for its return, as in `@argument[tid] = arg0`"
                                                      : "";
  call.diagnostics().report<DiagnosticId::no_such_argument>(call.range(), call.name(), call.probe_type().name).with_help(help);
}

void lower_argument(CallLowering& call) {
  if (call.wants_object()) return call.give(call.probe().object_argument(call.probe().probe().context.arguments[call.facts().index]));
  call.give(call.probe().context_field(call.probe().probe().context.arguments[call.facts().index]).value);
}

void check_retval(CallCheck& call) {
  if (call.context().return_value) {
    call.result().type = call.context().return_value->type;
    call.result().is_object = call.context().return_value->is_object();
    return;
  }
  call.diagnostics()
      .report<DiagnosticId::not_available>(call.range(), "retval", call.probe_type().name)
      .with_help("it is there in kretprobe, uretprobe and fexit probes; system calls return in `tracepoint:syscalls:sys_exit_NAME`, as `args.ret`");
}

void lower_retval(CallLowering& call) {
  if (call.wants_object()) return call.give(call.probe().object_argument(*call.probe().probe().context.return_value));
  call.give(call.probe().context_field(*call.probe().probe().context.return_value).value);
}

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
  llvm::Value* index = bpf.bounded(call.probe().point(), points.size());
  llvm::Value* name = bpf.at(call.program().object().bytes(table), bpf.CreateMul(index, bpf.number(size)));
  bpf.copy(memory.memory, name, size);
  call.give_memory(memory.memory);
}

// One literal, known to check.
void give_text(CallLowering& call) {
  Destination memory = call.result_memory();
  call.probe().store_literal(call.facts().text.value_or(""), memory);
  call.give_memory(memory.memory);
}

void check_probetype(CallCheck& call) {
  const Moment moment = call.probe_type().moment;
  const std::string_view name = moment == Moment::begin || moment == Moment::end ? "special" : call.probe_type().name;
  call.result().text = name;
  call.result().type = Type::string(static_cast<std::uint32_t>(name.size() + 1));
}

void refuse(CallCheck& call, std::string help) {
  call.diagnostics().report<DiagnosticId::not_available>(call.range(), call.name(), call.probe_type().name).with_help(std::move(help));
}

constexpr char register_help[] = "registers are there in kprobe, kretprobe, uprobe, uretprobe, usdt, profile, interval, software, hardware and watchpoint probes";

void check_reg(CallCheck& call) {
  if (!call.context().has_registers) return refuse(call, register_help);
  const std::string name = call.facts(0).text.value_or("");
  if (const auto offset = register_offset(name)) {
    call.result().index = *offset;
    return;
  }
  std::string help = did_you_mean(name, register_names());
  if (help.empty()) help = fmt::format("the registers are {}", fmt::join(register_names(), ", "));
  call.diagnostics().report<DiagnosticId::argument_value>(call.argument(0).range, fmt::format("there is no register `{}`", name)).with_help(help);
}

void lower_reg(CallLowering& call) { call.give(call.bpf().load_context(call.probe().context(), call.facts().index, sizeof(std::uint64_t), false)); }

// Without registers it is known beforehand: what fathom starts itself it starts from user mode, and the rest is code of the kernel's.
void check_usermode(CallCheck& call) {
  call.result().type = Type::integer(1, false);
  if (!call.context().has_registers) call.result().constant = call.probe_type().moment == Moment::attached ? 0 : 1;
}

// The privilege level stands in the low two bits of the code segment.
void lower_usermode(CallLowering& call) {
  if (call.facts().constant) return give_constant(call);
  constexpr std::uint64_t user_level = 3;
  BpfBuilder& bpf = call.bpf();
  llvm::Value* level = bpf.CreateAnd(bpf.load_context(call.probe().context(), segment_register(), sizeof(std::uint64_t), false), user_level);
  call.give(bpf.from_bool(bpf.CreateICmpEQ(level, bpf.number(user_level))));
}

void check_stack_argument(CallCheck& call) {
  if (!call.context().stack_argument) return refuse(call, "arguments are on the stack at the first instruction of a function: in kprobe and uprobe probes without an offset");
  call.result().index = argument_number(call.name());
}

void lower_stack_argument(CallLowering& call) {
  ContextField field = *call.probe().probe().context.stack_argument;
  field.displacement += std::int64_t{call.facts().index} * static_cast<std::int64_t>(sizeof(std::uint64_t));
  call.give(call.probe().context_field(field).value);
}

void check_func(CallCheck& call) {
  if (!call.context().function) return refuse(call, "`probe` is the name of the attach point");
  const ContextField& function = *call.context().function;
  if (call.final() && function.source == ContextSource::function && !call.target().has(Feature::function_address)) {
    call.diagnostics()
        .report<DiagnosticId::missing_feature>(call.range(), "`func` of a function that returns", absence_of(Feature::function_address))
        .with_help("`probe` is the name of the attach point");
  }
  call.result().type = function.type;
}

void lower_func(CallLowering& call) {
  llvm::Value* address = call.probe().context_field(*call.probe().probe().context.function).value;
  if (call.facts().type.symbol_space() == SymbolSpace::user) return call.give_symbol(address);
  call.give(address);
}

void check_ctx(CallCheck& call) {
  Type raw = call.context().raw;
  if (raw.is_structure() && raw.type_id() == 0) raw = call.target().find_type("struct " + raw.name()).value_or(raw);
  call.result().type = Type::pointer(raw, AddressSpace::kernel);
  call.result().is_object = call.probe_type().program == ProgramKind::iterator;
}

void lower_ctx(CallLowering& call) {
  if (call.wants_object()) return call.give(call.probe().context());
  call.give(call.bpf().untyped(call.bpf().CreatePtrToInt(call.probe().context(), call.bpf().getInt64Ty())));
}

void check_has_cpid(CallCheck& call) { call.result().constant = call.settings().has_command ? 1 : 0; }
void lower_has_cpid(CallLowering& call) { call.give(call.bpf().number(static_cast<std::uint64_t>(call.facts().constant.value_or(0)))); }

void check_cpid(CallCheck& call) {
  if (call.settings().has_command || !call.final()) return;
  call.diagnostics().report<DiagnosticId::no_command>(call.range(), call.name()).with_help("run the script with `-c COMMAND`, or ask `has_cpid` first");
}

void lower_cpid(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  call.give(bpf.load(bpf.at(call.program().run_state(), offsetof(layout::RunState, child)), sizeof(std::uint64_t), false));
}

// The symbol in the file of each attach point, and how far it is from the place of the probe.
const ExecutableSymbol* symbol_beside(const Target& target, const AttachPoint& point, std::string_view name, bool& fixed) {
  const auto executable = target.executable(point.target);
  if (!executable) return nullptr;
  fixed = !(*executable)->position_independent;
  return (*executable)->find(name);
}

void check_uaddr(CallCheck& call) {
  if (!call.context().has_registers || call.probe_type().pointers != AddressSpace::user) {
    return refuse(call, "it names a symbol of the traced program: in uprobe, uretprobe and usdt probes");
  }
  const std::string name = call.facts(0).text.value_or("");
  std::uint64_t size = 0;
  std::vector<std::uint64_t> distances;
  for (const AttachPoint& point : call.attach_points()) {
    bool fixed = false;
    const ExecutableSymbol* symbol = symbol_beside(call.target(), point, name, fixed);
    if (symbol == nullptr) {
      call.diagnostics().report<DiagnosticId::argument_value>(call.argument(0).range, fmt::format("{} has no symbol `{}`", point.target, name))
          .with_help(fmt::format("`nm {0}` and `nm -D {0}` list the symbols", point.target));
      return;
    }
    size = symbol->size;
    distances.push_back(symbol->address - (fixed ? 0 : point.address));
    call.result().is_signed = fixed;
  }
  call.result().addresses = std::move(distances);
  const bool whole = size == 1 || size == 2 || size == 4 || size == 8;
  call.result().type = Type::pointer(Type::integer(whole ? static_cast<std::uint32_t>(size) : 8, false), AddressSpace::user);
}

// A program is loaded anywhere, but its parts keep their distances.
void lower_uaddr(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  const std::vector<std::uint64_t>& distances = call.facts().addresses;
  llvm::Value* distance = bpf.number(distances.front());
  if (distances.size() > 1) {
    std::string table(reinterpret_cast<const char*>(distances.data()), distances.size() * sizeof(std::uint64_t));
    llvm::Value* index = bpf.bounded(bpf.call(Helper::get_attach_cookie, {call.probe().context()}), distances.size());
    distance = bpf.load(bpf.at(call.program().object().bytes(table), bpf.CreateShl(index, 3)), sizeof(std::uint64_t), false);
  }
  const bool fixed = call.facts().is_signed;
  call.give(fixed ? distance : bpf.CreateAdd(distance, call.probe().context_field(*call.probe().probe().context.function).value));
}

void check_override(CallCheck& call) {
  if (!call.probe_type().can_override) refuse(call, "only kprobe probes can make a function return at once, where the kernel allows it (CONFIG_BPF_KPROBE_OVERRIDE)");
}

void lower_override(CallLowering& call) { call.bpf().call(Helper::override_return, {call.probe().context(), call.scalar(0)}); }

void lower_unwatch(CallLowering& call) {
  call.probe().control(layout::ControlKind::unwatch, 0, call.scalar(0), call.bpf().number(0));
}

}  // namespace

BuiltinFamily probe_builtins() {
  static const Builtin rows[] = {
      {.prototype = "auto args", .doc = "The probe's arguments by name: args.filename.", .form = Form::variable, .check = check_args,
       .lower = [](CallLowering&) {}, .reads_context = true, .gives_fields = true},
      {.prototype = "uint64 argN", .doc = "The probe's arguments by number, from arg0.", .form = Form::variable, .check = check_argument,
       .lower = lower_argument, .reads_context = true},
      {.prototype = "auto retval", .doc = "What the traced function returned.", .form = Form::variable, .check = check_retval,
       .lower = lower_retval, .reads_context = true},
      {.prototype = "auto probe", .doc = "The full name of the attach point that fired.", .form = Form::variable, .check = check_probe,
       .lower = lower_probe_name, .reads_cookie = true, .writes_in_place = true},
      {.prototype = "auto probetype", .doc = "The probe's type: kprobe, tracepoint, …; `special` in begin and end.", .form = Form::variable,
       .check = check_probetype, .lower = give_text, .writes_in_place = true},
      {.prototype = "auto func", .doc = "The traced function, which prints as its name.", .form = Form::variable, .check = check_func,
       .lower = lower_func, .reads_context = true},
      {.prototype = "auto ctx", .doc = "The program's raw context: a struct pt_regs, or the object that an iter probe has come to.",
       .form = Form::variable, .check = check_ctx, .lower = lower_ctx, .reads_context = true},
      {.prototype = "uint64 reg(text name)", .doc = "A register of the interrupted code, by its name: reg(\"ip\").", .check = check_reg,
       .lower = lower_reg, .reads_context = true},
      {.prototype = "auto usermode", .doc = "1 if the probe interrupted user mode, 0 if the kernel; 1 in begin, end and self.", .form = Form::variable,
       .check = check_usermode, .lower = lower_usermode, .reads_context = true},
      {.prototype = "uint64 sargN", .doc = "The arguments that are passed on the stack, from sarg0.", .form = Form::variable,
       .check = check_stack_argument, .lower = lower_stack_argument, .reads_context = true},
      {.prototype = "uint64 cpid", .doc = "Process id of the command of -c; 0 without one.", .form = Form::variable, .check = check_cpid,
       .lower = lower_cpid},
      {.prototype = "bool has_cpid", .doc = "Whether there is a command of -c.", .form = Form::variable, .check = check_has_cpid,
       .lower = lower_has_cpid},
      {.prototype = "auto uaddr(text symbol)", .doc = "The address of a symbol of the traced program, a pointer to its value.",
       .check = check_uaddr, .lower = lower_uaddr, .reads_context = true, .reads_cookie = true},
      {.prototype = "none override(int value)", .doc = "Makes the traced kernel function return the value at once.", .check = check_override,
       .lower = lower_override, .unsafe = true, .needs = Feature::override_return, .instead = "`signal` can stop the process that called it"},
      {.prototype = "none unwatch(int|pointer address)", .doc = "Takes away the watchpoint on an address.", .lower = lower_unwatch},
  };
  return {"Probe", rows};
}

}  // namespace fathom::codegen
