// Control groups.
#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

#include "ast/target.h"

namespace fathom::codegen {

namespace {

void check_id(CallCheck& call) {
  auto id = call.target().cgroup_id(*call.facts(0).text);
  if (!id) {
    call.diagnostics()
        .report<DiagnosticId::argument_value>(call.argument(0).range, id.error().message)
        .with_help("give the path of its directory, such as \"/sys/fs/cgroup/system.slice\"");
    return;
  }
  call.result().constant = static_cast<std::int64_t>(*id);
}

void lower_path(CallLowering& call) {
  using layout::CgroupPathValue;
  BpfBuilder& bpf = call.bpf();
  llvm::Value* id = call.scalar(0);
  std::string pattern = call.count() > 1 ? *call.facts(1).text : "";
  Destination memory = call.result_memory();
  bpf.store(id, bpf.at(memory.memory, offsetof(CgroupPathValue, id)), sizeof(std::uint64_t));
  bpf.store(bpf.number(call.program().cgroup_pattern(pattern)), bpf.at(memory.memory, offsetof(CgroupPathValue, pattern)), sizeof(std::uint64_t));
  call.give_memory(memory.memory);
}

}  // namespace

BuiltinFamily cgroup_builtins() {
  static const Builtin rows[] = {
      {.prototype = "uint64 cgroup", .doc = "Id of the current task's cgroup in the version 2 hierarchy.", .form = Form::variable,
       .lower = [](CallLowering& call) { call.give(call.bpf().call(Helper::get_current_cgroup_id, {})); }},
      {.prototype = "uint64 cgroupid(text path)", .doc = "Id of the cgroup with this directory.", .check = check_id, .lower = give_constant},
      {.prototype = "cgroup_path cgroup_path(int id, [text hierarchies])",
       .doc = "Paths of the cgroup with this id, as hierarchy:path; only of the hierarchies that a wildcard matches (`unified` is version 2).",
       .lower = lower_path},
  };
  return {"Control groups", rows};
}

}  // namespace fathom::codegen
