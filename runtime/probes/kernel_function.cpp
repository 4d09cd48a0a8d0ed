// Names of kernel functions.
#include "runtime/probes/kernel_function.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "runtime/probes/multi.h"

namespace fathom {

namespace {

// The system call that a function of an older kernel stood for: "sys_open", "SyS_open", "do_sys_open" is none.
std::string_view old_system_call(std::string_view function) {
  for (const std::string_view prefix : {"sys_", "SyS_", "compat_sys_"}) {
    if (function.starts_with(prefix)) return function.substr(prefix.size());
  }
  return {};
}

}  // namespace

Parsed parse_kernel_function(std::span<const std::string> parts, const ProbeType& type, Offsets offsets, MakePoint make) {
  if (parts.size() > 2) {
    return bad_part(2, fmt::format("{} takes a module and a function, and nothing more", type.name), fmt::format("write it as `{}`", type.syntax));
  }
  if (parts.size() == 2) {
    if (const auto problem = name_problem(parts, 0, "a kernel module name", type.syntax, Globs::allowed)) return std::unexpected(*problem);
  }
  const std::size_t index = parts.size() == 2 ? 1 : 0;
  std::vector<std::string> names(parts.begin(), parts.end());
  std::uint64_t offset = 0;
  if (index < names.size() && names[index].find('+') != std::string::npos) {
    const auto split = split_offset(names[index]);
    if (!split) return bad_part(index, fmt::format("the offset in `{}` is not a number", names[index]), "an offset is decimal or hexadecimal: `+0x10`");
    if (offsets == Offsets::refused) return bad_part(index, fmt::format("{} takes no offset", type.name), fmt::format("write it as `{}`", type.syntax));
    if (is_glob(split->first)) return bad_part(index, "wildcards and an offset do not go together", "name one function");
    names[index] = split->first;
    offset = split->second;
  }
  if (const auto problem = name_problem(names, index, "a kernel function name", type.syntax, Globs::allowed)) return std::unexpected(*problem);
  return make(parts.size() == 2 ? std::string_view(names[0]) : std::string_view(), names[index], offset);
}

// Only names of about the same length can be near.
std::vector<std::string> kernel_function_suggestions(const AttachPoint& pattern, const Target& target, MakePoint make) {
  constexpr std::size_t reach = 3;
  std::vector<std::string> texts;
  const auto functions = target.kernel_functions("", "*");
  if (!functions) return texts;
  for (const KernelFunction& function : *functions) {
    const std::size_t a = function.name.size(), b = pattern.function.size();
    if (std::max(a, b) - std::min(a, b) <= reach) texts.push_back(make(pattern.target.empty() ? "" : function.module, function.name, 0).text);
  }
  return texts;
}

std::string missing_function_help(const AttachPoint& pattern, const Target& target, FunctionMoment moment) {
  if (is_glob(pattern.function)) return {};
  if (const std::string_view call = old_system_call(pattern.function); !call.empty()) {
    const std::string today = fmt::format("__x64_sys_{}", call);
    const auto found = target.kernel_functions("", today);
    if (found && !found->empty()) {
      return fmt::format("today it is `{}:{}`, whose argument is a struct pt_regs; `tracepoint:syscalls:sys_{}_{}` has the call's arguments by name",
                         pattern.provider, today, moment == FunctionMoment::returned ? "exit" : "enter", call);
    }
  }
  // The compiler makes copies of a function and leaves nothing under its own name.
  const auto copies = target.kernel_functions(pattern.target, pattern.function + ".*");
  if (copies && !copies->empty()) return fmt::format("the compiler made `{}` of it: trace `{}:{}.*`", copies->front().name, pattern.provider, pattern.function);
  return {};
}

Result<std::vector<AttachPoint>> expand_kernel_function(const AttachPoint& pattern, const Target& target, MakePoint make) {
  if (pattern.function.empty()) return std::vector{pattern};  // an address
  const auto functions = target.kernel_functions(pattern.target, pattern.function);
  if (!functions) return std::unexpected(functions.error());
  const bool is_pattern = is_glob(pattern.function) || is_glob(pattern.target);
  std::vector<AttachPoint> points;
  for (const KernelFunction& function : *functions) {
    AttachPoint& point = points.emplace_back(make(pattern.target.empty() ? "" : function.module, function.name, pattern.value));
    point.from_wildcard = is_pattern;
  }
  return points;
}

Result<std::vector<ListedProbe>> list_kernel_functions(std::span<const std::string> parts, const Target& target, MakePoint make) {
  const bool has_module = parts.size() >= 2;
  const auto functions = target.kernel_functions(has_module ? glob_at(parts, 0) : "", glob_at(parts, has_module ? 1 : 0));
  if (!functions) return std::unexpected(functions.error());
  std::vector<ListedProbe> listed;
  for (const KernelFunction& function : *functions) {
    if (!listed.empty() && !has_module && listed.back().text == make("", function.name, 0).text) continue;
    listed.push_back({make(has_module ? function.module : "", function.name, 0).text, {}});
  }
  return listed;
}

namespace {

// The kernel's own words for where a function is: "name", or "module:name".
std::string symbol_of(const AttachPoint& point) {
  const bool plain = point.target.empty() || point.target == "vmlinux";
  return plain ? point.function : fmt::format("{}:{}", point.target, point.function);
}

Error kprobe_error(const AttachPoint& point, const Error& cause) {
  switch (cause.system_error) {
    case EINVAL:
      return {fmt::format("can not attach {}: the kernel allows no probe there", point.text),
              "it may be marked notrace, or be no function; try one of its callers", EINVAL};
    case ENOENT:
      return {fmt::format("can not attach {}: the kernel has no such function", point.text), "list what there is with `fathom -l`", ENOENT};
    case EADDRNOTAVAIL:
      return {fmt::format("can not attach {}: several functions have this name", point.text), "name the module, or trace one of its callers",
              EADDRNOTAVAIL};
    case EILSEQ:
      return {fmt::format("can not attach {}: no instruction begins at this offset", point.text), "look at the function's code for a valid offset",
              EILSEQ};
    default: return attach_error(point, cause.system_error);
  }
}

}  // namespace

Result<std::vector<Link>> attach_kernel_functions(const AttachRequest& request, FunctionMoment moment) {
  const bool at_return = moment == FunctionMoment::returned;
  if (request.together) return attach_kprobe_multi(request, at_return);
  std::vector<Link> links;
  for (std::size_t i = 0; i < request.attach_points.size(); ++i) {
    const AttachPoint& point = request.attach_points[i];
    FunctionEvent event{.source = "kprobe", .at_return = at_return};
    if (!point.function.empty()) event.name = symbol_of(point);
    event.place = point.function.empty() ? point.address : point.value;
    Result<Link> link = attach_function_event(request, i, event);
    if (!link) return std::unexpected(kprobe_error(point, link.error()));
    links.push_back(std::move(*link));
  }
  return links;
}

}  // namespace fathom
