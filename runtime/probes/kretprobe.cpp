// kretprobe: the return of a kernel function.
#include <fmt/format.h>

#include "runtime/probes/kernel_function.h"

namespace fathom {

namespace {

AttachPoint make_point(std::string_view module, std::string_view function, std::uint64_t offset) {
  AttachPoint point;
  point.provider = kretprobe_probe.name;
  point.target = module;
  point.function = function;
  point.value = offset;
  point.text = module.empty() ? fmt::format("{}:{}", point.provider, function) : fmt::format("{}:{}:{}", point.provider, module, function);
  if (offset != 0) point.text += fmt::format("+{}", offset);
  return point;
}

Parsed parse(std::span<const std::string> parts) { return parse_kernel_function(parts, kretprobe_probe, Offsets::refused, make_point); }

FunctionMoment moment_of(const AttachPoint&) { return FunctionMoment::returned; }

Result<std::vector<AttachPoint>> expand(const AttachPoint& pattern, const Target& target) {
  return expand_kernel_function(pattern, target, make_point);
}

Result<Context> context(const AttachPoint& point, const Target&) { return register_context(moment_of(point), SymbolSpace::kernel); }

std::vector<std::string> suggestions(const AttachPoint& pattern, const Target& target) {
  return kernel_function_suggestions(pattern, target, make_point);
}

Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target& target, bool) {
  return list_kernel_functions(parts, target, make_point);
}

Result<std::vector<Link>> attach(const AttachRequest& request) { return attach_kernel_functions(request, FunctionMoment::returned); }

std::string missing_help(const AttachPoint& pattern, const Target& target) {
  return missing_function_help(pattern, target, FunctionMoment::returned);
}

}  // namespace

const ProbeType kretprobe_probe = {
    .name = "kretprobe",
    .aliases = {"kr"},
    .syntax = "kretprobe:FUNCTION",
    .doc = "Runs when a kernel function returns; what it returned is retval.",
    .program = ProgramKind::kprobe,
    .moment = Moment::attached,
    .filters_process_at_attach = false,
    .needs = Feature::kprobe,
    .instead = "`tracepoint:CATEGORY:EVENT` probes work on this kernel: list them with `fathom -l 'tracepoint:*'`",
    .links_together = Feature::fprobe,
    .parse = parse,
    .expand = expand,
    .context = context,
    .suggestions = suggestions,
    .list = list,
    .attach = attach,
    .missing_help = missing_help,
};

}  // namespace fathom
