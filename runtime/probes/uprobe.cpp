// uprobe: any instruction of a program or library, as a rule the first of a function. The kernel sets a breakpoint in the file itself, for all
// processes that have it mapped or for the one of -p.
#include "runtime/probes/user_function.h"

namespace fathom {

namespace {

Parsed parse(std::span<const std::string> parts) { return parse_user_function(parts, uprobe_probe, FunctionMoment::entry); }

// The arguments are where the calling convention puts them only at the function's first instruction.
Result<Context> context(const AttachPoint& point, const Target& target) {
  const auto binary = target.executable(point.target);
  const ExecutableSymbol* symbol = binary && !point.function.empty() ? (*binary)->find(point.function) : nullptr;
  const bool at_entry = symbol != nullptr && symbol->address == point.address;
  return register_context(at_entry ? FunctionMoment::entry : FunctionMoment::inside, SymbolSpace::user);
}

Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target& target, bool) {
  return list_user_functions(parts, target, uprobe_probe);
}

Result<std::vector<Link>> attach(const AttachRequest& request) { return attach_user_functions(request, FunctionMoment::entry); }

}  // namespace

const ProbeType uprobe_probe = {
    .name = "uprobe",
    .aliases = {"u"},
    .syntax = "uprobe:FILE:FUNCTION+OFFSET",
    .doc = "Runs when a function of a program or library is called; its arguments are arg0 … and `reg(\"…\")` reads any register.",
    .program = ProgramKind::kprobe,
    .moment = Moment::attached,
    .filters_process_at_attach = true,
    .pointers = AddressSpace::user,
    .last_runs_first = true,
    .needs = Feature::uprobe,
    .instead = "boot a kernel with CONFIG_UPROBE_EVENTS=y",
    .links_together = Feature::uprobe_multi,
    .parse = parse,
    .expand = expand_user_function,
    .context = context,
    .suggestions = user_function_suggestions,
    .list = list,
    .attach = attach,
    .missing_help = missing_user_function_help,
};

}  // namespace fathom
