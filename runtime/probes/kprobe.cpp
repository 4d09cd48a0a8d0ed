// kprobe: any instruction of the kernel, as a rule the first of a function, with its arguments in registers. Exact names are only checked
// against the list of symbols; whether a probe is allowed there the kernel says when it is attached.
#include <fmt/format.h>

#include "runtime/probes/kernel_function.h"

namespace fathom {

namespace {

AttachPoint make_point(std::string_view module, std::string_view function, std::uint64_t offset) {
  AttachPoint point;
  point.provider = kprobe_probe.name;
  point.target = module;
  point.function = function;
  point.value = offset;
  point.text = module.empty() ? fmt::format("{}:{}", point.provider, function) : fmt::format("{}:{}:{}", point.provider, module, function);
  if (offset != 0) point.text += fmt::format("+{}", offset);
  return point;
}

Parsed parse(std::span<const std::string> parts) {
  if (parts.size() == 1 && (parts[0].starts_with("0x") || parts[0].starts_with("0X"))) {
    const auto address = address_number(parts[0]);
    if (!address) return bad_part(0, fmt::format("`{}` is not an address", parts[0]), "an address is hexadecimal: `kprobe:0xffffffff81000000`");
    AttachPoint point;
    point.provider = kprobe_probe.name;
    point.address = *address;
    point.text = fmt::format("{}:{:#x}", point.provider, *address);
    return point;
  }
  return parse_kernel_function(parts, kprobe_probe, Offsets::allowed, make_point);
}

FunctionMoment moment_of(const AttachPoint& point) {
  return point.value == 0 && !point.function.empty() ? FunctionMoment::entry : FunctionMoment::inside;
}

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

Result<std::vector<Link>> attach(const AttachRequest& request) { return attach_kernel_functions(request, FunctionMoment::entry); }

std::string missing_help(const AttachPoint& pattern, const Target& target) {
  return missing_function_help(pattern, target, FunctionMoment::entry);
}

}  // namespace

const ProbeType kprobe_probe = {
    .name = "kprobe",
    .aliases = {"k"},
    .syntax = "kprobe:FUNCTION+OFFSET",
    .doc = "Runs when a kernel function is called; its arguments are arg0 … and `reg(\"…\")` reads any register.",
    .program = ProgramKind::kprobe,
    .moment = Moment::attached,
    .filters_process_at_attach = false,
    .can_override = true,
    .last_runs_first = true,
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
