// Who caused the event, and where it runs.
#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

constexpr std::uint64_t low_half = 0xffffffff;

// Two u32 in one u64: process or group in the high half, thread or user in the low one.
void high(CallLowering& call, Helper helper) { call.give(call.bpf().CreateLShr(call.bpf().call(helper, {}), 32)); }
void low(CallLowering& call, Helper helper) { call.give(call.bpf().CreateAnd(call.bpf().call(helper, {}), low_half)); }

void check_curtask(CallCheck& call) {
  Type task = call.target().find_type("struct task_struct").value_or(Type::none());
  call.result().type = Type::pointer(task, AddressSpace::kernel);
  call.result().is_object = true;
}

void check_ncpus(CallCheck& call) { call.result().constant = call.target().possible_cpus(); }

constexpr std::string_view initial_namespace = "init";
constexpr std::string_view own_namespace = "curr_ns";

void check_namespace(CallCheck& call) {
  if (call.count() == 0) return;
  std::string_view name = call.facts(0).text ? *call.facts(0).text : std::string_view();
  if (name == initial_namespace || name == own_namespace) return;
  call.diagnostics()
      .report<DiagnosticId::argument_value>(call.argument(0).range, fmt::format("`{}` knows no PID namespace `{}`", call.name(), name))
      .with_help(fmt::format("`{0}(init)` is the id in the initial namespace, `{0}(curr_ns)` or `{0}` in that of fathom", call.name()));
}

llvm::Value* ids(CallLowering& call) { return call.probe().task_ids(call.count() > 0 && *call.facts(0).text == initial_namespace); }

constexpr auto plain = [](CallLowering& call, Helper helper) { call.give(call.bpf().call(helper, {})); };

}  // namespace

BuiltinFamily process_builtins() {
  static const Builtin rows[] = {
      {.prototype = "uint32 pid([word namespace])",
       .doc = "Process id (thread group id) of the current task, in the PID namespace of fathom; pid(init): in the initial one.",
       .form = Form::variable, .check = check_namespace, .lower = [](CallLowering& call) { call.give(call.bpf().CreateLShr(ids(call), 32)); }},
      {.prototype = "uint32 tid([word namespace])",
       .doc = "Thread id of the current task, in the PID namespace of fathom; tid(init): in the initial one.", .form = Form::variable,
       .check = check_namespace, .lower = [](CallLowering& call) { call.give(call.bpf().CreateAnd(ids(call), low_half)); }},
      {.prototype = "uint64 uid", .doc = "User id of the current task.", .form = Form::variable,
       .lower = [](CallLowering& call) { low(call, Helper::get_current_uid_gid); }},
      {.prototype = "uint64 gid", .doc = "Group id of the current task.", .form = Form::variable,
       .lower = [](CallLowering& call) { high(call, Helper::get_current_uid_gid); }},
      {.prototype = "auto curtask", .doc = "The current task, a pointer to its struct task_struct.", .form = Form::variable,
       .check = check_curtask, .lower = [](CallLowering& call) { plain(call, call.wants_object() ? Helper::get_current_task_btf : Helper::get_current_task); }},
      {.prototype = "username username", .doc = "Name of the user whose id the current task has; looked up in /etc/passwd when it is printed.",
       .form = Form::variable, .lower = [](CallLowering& call) { low(call, Helper::get_current_uid_gid); }},
      {.prototype = "uint64 cpu", .doc = "Number of the CPU that the probe runs on.", .form = Form::variable,
       .lower = [](CallLowering& call) { call.give(call.bpf().CreateAnd(call.bpf().call(Helper::get_smp_processor_id, {}), low_half)); }},
      {.prototype = "uint64 ncpus", .doc = "Number of CPUs that the kernel can use.", .form = Form::variable, .check = check_ncpus,
       .lower = [](CallLowering& call) { call.give(call.bpf().number(static_cast<std::uint64_t>(call.facts().constant.value_or(0)))); }},
      {.prototype = "uint64 numaid", .doc = "Number of the NUMA node that the probe runs on.", .form = Form::variable,
       .lower = [](CallLowering& call) { plain(call, Helper::get_numa_node_id); }},
      {.prototype = "uint64 jiffies", .doc = "Ticks of the kernel's timer since it started, with its offset.", .form = Form::variable,
       .lower = [](CallLowering& call) { plain(call, Helper::jiffies64); }},
      {.prototype = "uint32 rand", .doc = "A random number.", .form = Form::variable,
       .lower = [](CallLowering& call) { call.give(call.bpf().CreateAnd(call.bpf().call(Helper::get_prandom_u32, {}), low_half)); }},
  };
  return {"Process and machine", rows};
}

}  // namespace fathom::codegen
