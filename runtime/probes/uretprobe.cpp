// uretprobe: the return of a function of a program or library.
#include "runtime/probes/user_function.h"

namespace fathom {

namespace {

Parsed parse(std::span<const std::string> parts) { return parse_user_function(parts, uretprobe_probe, FunctionMoment::returned); }

Result<Context> context(const AttachPoint&, const Target&) { return register_context(FunctionMoment::returned, SymbolSpace::user); }

Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target& target, bool) {
  return list_user_functions(parts, target, uretprobe_probe);
}

Result<std::vector<Link>> attach(const AttachRequest& request) { return attach_user_functions(request, FunctionMoment::returned); }

}  // namespace

const ProbeType uretprobe_probe = {
    .name = "uretprobe",
    .aliases = {"ur"},
    .syntax = "uretprobe:FILE:FUNCTION",
    .doc = "Runs when a function of a program or library returns; what it returned is retval.",
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
