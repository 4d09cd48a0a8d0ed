// The parent and the thread group leader of the current task, or of one that a pointer names. Where the kernel keeps them is asked of BTF.
#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

#include "ast/target.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;

// The task that the member `link` of a task points to has the member `leaf`.
void check_related(CallCheck& call, std::string_view link, std::string_view leaf) {
  auto task = call.target().find_type("struct task_struct");
  auto layout = task ? call.target().layout(*task) : nullptr;
  auto via = layout ? member_of(*layout, link, call.target()) : std::nullopt;
  auto member = layout ? member_of(*layout, leaf, call.target()) : std::nullopt;
  if (!via || !member) {
    call.diagnostics()
        .report<DiagnosticId::target_unavailable>(call.range(), fmt::format("`{}` needs the kernel's type information (BTF)", call.name()))
        .with_help("this kernel has no /sys/kernel/btf/vmlinux: it is built without CONFIG_DEBUG_INFO_BTF");
    return;
  }
  call.result().index = via->offset;
  call.result().type = member->type.is_string() ? member->type : Type::integer(member->type.size(), false);
  call.result().member = std::move(*member);
}

// The address of the leaf member.
llvm::Value* related_member(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  llvm::Value* task = call.count() > 0 ? call.scalar(0) : bpf.call(Helper::get_current_task, {});
  llvm::Value* place = call.probe().temporary(word);
  call.probe().read(place, bpf.CreateAdd(task, bpf.number(call.facts().index)), word, AddressSpace::kernel);
  return bpf.CreateAdd(bpf.load(place, word, false), bpf.number(call.facts().member->offset));
}

void lower_number(CallLowering& call) {
  llvm::Value* address = related_member(call);
  llvm::Value* place = call.probe().temporary(word);
  std::uint32_t size = call.facts().type.size();
  call.probe().read(place, address, size, AddressSpace::kernel);
  call.give(call.bpf().load(place, size, false));
}

void lower_name(CallLowering& call) {
  llvm::Value* address = related_member(call);
  Destination memory = call.result_memory();
  call.probe().read_string(memory, address, AddressSpace::kernel);
  call.give_memory(memory.memory);
}

}  // namespace

BuiltinFamily task_builtins() {
  static const Builtin rows[] = {
      {.prototype = "auto pcomm([pointer task])", .doc = "Name of the parent of the current task, or of the task that a pointer names.",
       .form = Form::variable, .check = [](CallCheck& call) { check_related(call, "real_parent", "comm"); }, .lower = lower_name,
       .writes_in_place = true},
      {.prototype = "auto ppid([pointer task])", .doc = "Process id of the parent of the current task, or of the task that a pointer names.",
       .form = Form::variable, .check = [](CallCheck& call) { check_related(call, "real_parent", "tgid"); }, .lower = lower_number},
      {.prototype = "auto leader_comm([pointer task])",
       .doc = "Name of the leading thread of the current task's process, or of the task that a pointer names.", .form = Form::variable,
       .check = [](CallCheck& call) { check_related(call, "group_leader", "comm"); }, .lower = lower_name, .writes_in_place = true},
      {.prototype = "auto leader_tid([pointer task])",
       .doc = "Thread id of the leading thread of the current task's process, or of the task that a pointer names.", .form = Form::variable,
       .check = [](CallCheck& call) { check_related(call, "group_leader", "pid"); }, .lower = lower_number},
  };
  return {"Related tasks", rows};
}

}  // namespace fathom::codegen
