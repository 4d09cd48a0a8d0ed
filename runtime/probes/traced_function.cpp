// Functions with a BPF trampoline. The kernel is told the function when the program is loaded, so each one needs a program of its own.
#include "runtime/probes/traced_function.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

namespace fathom {

namespace {

constexpr std::uint32_t word = 8;

struct OpenAttributes {
  std::uint64_t name;
  std::uint32_t program;
  std::uint32_t padding;
};

ContextField field_of(const StructMember& member) {
  ContextField field{member.name, member.type, ContextSource::typed_argument, member.offset / word};
  if (!member.type.is_scalar()) field.type = member.type.with_space(AddressSpace::kernel);
  return field;
}

}  // namespace

// A function that the kernel has twice under one name needs its module; the kernel's own comes first.
Result<std::vector<AttachPoint>> expand_traced_function(const AttachPoint& pattern, const Target& target, MakePoint make) {
  if (!target.has(Feature::btf)) return fail("arguments by name need the kernel's type information (/sys/kernel/btf/vmlinux)");
  const auto functions = target.kernel_functions(pattern.target, pattern.function);
  if (!functions) return std::unexpected(functions.error());
  const bool is_pattern = is_glob(pattern.function) || is_glob(pattern.target);
  std::vector<AttachPoint> points;
  for (const KernelFunction& function : *functions) {
    if (!target.signature(function.module, function.name)) continue;
    AttachPoint& point = points.emplace_back(make(function.module, function.name, 0));
    point.from_wildcard = is_pattern;
  }
  return points;
}

Result<Context> traced_function_context(const AttachPoint& point, const Target& target, FunctionMoment moment) {
  Context context;
  const auto signature = target.signature(point.target, point.function);
  if (!signature) return fail(fmt::format("the kernel's type information does not describe {}", point.function));
  for (const StructMember& parameter : signature->parameters) {
    if (!parameter.name.empty()) context.fields.push_back(field_of(parameter));
  }
  if (moment == FunctionMoment::returned && !signature->result.is_none()) {
    StructMember result;
    result.type = signature->result;
    result.offset = signature->result_offset;
    context.return_value = field_of(result);
  }
  ContextField function{"", Type::symbol(SymbolSpace::kernel), ContextSource::function};
  function.read = Type::uint64();
  context.function = function;
  return context;
}

Result<std::vector<ListedProbe>> list_traced_functions(std::span<const std::string> parts, const Target& target, bool with_arguments, MakePoint make,
                                                       FunctionMoment moment) {
  std::vector<ListedProbe> listed;
  if (!target.has(Feature::btf)) return listed;
  const bool has_module = parts.size() >= 2;
  const auto functions = target.kernel_functions(has_module ? glob_at(parts, 0) : "", glob_at(parts, has_module ? 1 : 0));
  if (!functions) return std::unexpected(functions.error());
  for (const KernelFunction& function : *functions) {
    const auto signature = target.signature(function.module, function.name);
    if (!signature) continue;
    ListedProbe& line = listed.emplace_back(ListedProbe{make(function.module, function.name, 0).text, {}});
    if (!with_arguments) continue;
    for (const StructMember& parameter : signature->parameters) {
      line.arguments.push_back(fmt::format("{} {}", to_string(parameter.type), parameter.name));
    }
    if (moment == FunctionMoment::returned && !signature->result.is_none()) line.arguments.push_back(fmt::format("{} retval", to_string(signature->result)));
  }
  return listed;
}

Result<std::vector<Link>> attach_traced_functions(const AttachRequest& request) {
  std::vector<Link> links;
  for (const AttachPoint& point : request.attach_points) {
    OpenAttributes attributes = {0, static_cast<std::uint32_t>(request.program), 0};
    const int link = static_cast<int>(syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &attributes, sizeof attributes));
    if (link < 0) return std::unexpected(attach_error(point, errno));
    links.emplace_back(link);
  }
  return links;
}

std::string missing_traced_function_help(const AttachPoint& pattern, const Target& target, FunctionMoment moment) {
  const auto functions = target.kernel_functions(pattern.target, pattern.function);
  if (functions && !functions->empty() && !is_glob(pattern.function)) {
    return fmt::format("the kernel has this function, but its type information does not describe it: use `{}:{}`",
                       moment == FunctionMoment::returned ? kretprobe_probe.name : kprobe_probe.name, pattern.function);
  }
  return missing_function_help(pattern, target, moment);
}

}  // namespace fathom
