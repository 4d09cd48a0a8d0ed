// fentry: the call of a kernel function, with its arguments by name. Cheaper than kprobe, where the kernel has BPF trampolines.
#include <fmt/format.h>

#include "runtime/probes/traced_function.h"

namespace fathom {

namespace {

AttachPoint make_point(std::string_view module, std::string_view function, std::uint64_t) {
  AttachPoint point;
  point.provider = fentry_probe.name;
  point.target = module;
  point.function = function;
  point.text = module.empty() ? fmt::format("{}:{}", point.provider, function) : fmt::format("{}:{}:{}", point.provider, module, function);
  return point;
}

Parsed parse(std::span<const std::string> parts) { return parse_kernel_function(parts, fentry_probe, Offsets::refused, make_point); }

Result<std::vector<AttachPoint>> expand(const AttachPoint& pattern, const Target& target) {
  return expand_traced_function(pattern, target, make_point);
}

Result<Context> context(const AttachPoint& point, const Target& target) {
  return traced_function_context(point, target, FunctionMoment::entry);
}

std::vector<std::string> suggestions(const AttachPoint& pattern, const Target& target) {
  return kernel_function_suggestions(pattern, target, make_point);
}

Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target& target, bool with_arguments) {
  return list_traced_functions(parts, target, with_arguments, make_point, FunctionMoment::entry);
}

std::string missing_help(const AttachPoint& pattern, const Target& target) {
  return missing_traced_function_help(pattern, target, FunctionMoment::entry);
}

}  // namespace

const ProbeType fentry_probe = {
    .name = "fentry",
    .aliases = {"f", "kfunc"},
    .syntax = "fentry:FUNCTION",
    .doc = "Runs when a kernel function is called; its arguments are read as `args.NAME`.",
    .program = ProgramKind::fentry,
    .moment = Moment::attached,
    .filters_process_at_attach = false,
    .one_program_per_point = true,
    .last_runs_first = true,
    .needs = Feature::fentry,
    .instead = "kprobe and kretprobe serve where the kernel has kprobes; `tracepoint:CATEGORY:EVENT` probes have their fields by name everywhere",
    .parse = parse,
    .expand = expand,
    .context = context,
    .suggestions = suggestions,
    .list = list,
    .attach = attach_traced_functions,
    .missing_help = missing_help,
};

}  // namespace fathom
