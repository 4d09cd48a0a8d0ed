// Names of kernel functions; the rows of kprobe and kretprobe. Exact names are only checked against the list of symbols; whether a probe is
// allowed there the kernel says when it is attached.
#include "runtime/probes/kernel_function.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <tuple>

#include <fmt/format.h>

#include "runtime/kernel_functions.h"
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

// What is wrong with the module that was named: that the function is in another, or that it is not loaded.
std::string missing_module_help(const AttachPoint& pattern, const Target& target) {
  if (pattern.target.empty() || is_glob(pattern.target)) return {};
  const auto of_module = target.kernel_functions(pattern.target, "*");
  if (!of_module || !of_module->empty()) return {};
  const auto elsewhere = is_glob(pattern.function) ? std::vector<KernelFunction>() : target.kernel_functions("*", pattern.function);
  if (elsewhere && !elsewhere->empty()) {
    return fmt::format("did you mean `{}`?", kernel_function_point(pattern.provider, elsewhere->front().module, pattern.function).text);
  }
  return fmt::format("no module `{0}` is loaded: load it first, with `modprobe {0}`", pattern.target);
}

}  // namespace

AttachPoint kernel_function_point(std::string_view provider, std::string_view module, std::string_view function, std::uint64_t offset) {
  AttachPoint point;
  point.provider = provider;
  point.target = module;
  point.function = function;
  point.value = offset;
  point.text = module.empty() ? fmt::format("{}:{}", provider, function) : fmt::format("{}:{}:{}", provider, module, function);
  if (offset != 0) point.text += fmt::format("+{}", offset);
  return point;
}

Parsed parse_kernel_function(std::span<const std::string> parts, const ProbeType& type, Offsets offsets) {
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
  return kernel_function_point(type.name, parts.size() == 2 ? std::string_view(names[0]) : std::string_view(), names[index], offset);
}

// Only names of about the same length can be near.
std::vector<std::string> kernel_function_suggestions(const AttachPoint& pattern, const Target& target) {
  constexpr std::size_t reach = 3;
  std::vector<std::string> texts;
  const auto functions = target.kernel_functions("", "*");
  if (!functions) return texts;
  for (const KernelFunction& function : *functions) {
    const std::size_t a = function.name.size(), b = pattern.function.size();
    if (std::max(a, b) - std::min(a, b) <= reach) texts.push_back(kernel_function_point(pattern.provider, pattern.target.empty() ? "" : function.module, function.name).text);
  }
  return texts;
}

std::string missing_function_help(const AttachPoint& pattern, const Target& target, FunctionMoment moment) {
  if (std::string help = missing_module_help(pattern, target); !help.empty()) return help;
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

Result<std::vector<KernelFunction>> listed_functions(std::span<const std::string> parts, const Target& target) {
  const bool has_module = parts.size() >= 2;
  const std::string_view module = has_module ? glob_at(parts, 0) : "", name = glob_at(parts, has_module ? 1 : 0);
  auto functions = target.kernel_functions(module, name);
  if (!functions || !is_glob(name)) return functions;
  for (KernelFunction& function : target.left_out_functions(module, name)) {
    if (!is_never_matched(function.name)) functions->push_back(std::move(function));
  }
  std::ranges::sort(*functions, [](const KernelFunction& a, const KernelFunction& b) { return std::tie(a.name, a.module) < std::tie(b.name, b.module); });
  return functions;
}

std::vector<std::string> left_out_kernel_functions(const AttachPoint& pattern, const Target& target) {
  std::vector<std::string> texts;
  for (const KernelFunction& function : target.left_out_functions(pattern.target, pattern.function)) {
    texts.push_back(kernel_function_point(pattern.provider, pattern.target.empty() ? "" : function.module, function.name).text);
  }
  return texts;
}

namespace {

// The kernel's own words for where a function is: "name", or "module:name".
std::string symbol_of(const AttachPoint& point) {
  const bool plain = point.target.empty() || point.target == "vmlinux";
  return plain ? point.function : fmt::format("{}:{}", point.target, point.function);
}

}  // namespace

Error kernel_probe_error(const AttachPoint& point, int system_error) {
  switch (system_error) {
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
    default: return attach_error(point, system_error);
  }
}

namespace {

template <FunctionMoment moment>
const ProbeType& row() {
  return moment == FunctionMoment::returned ? kretprobe_probe : kprobe_probe;
}

// FUNCTION, MODULE:FUNCTION, or an address of the kernel's.
template <FunctionMoment moment>
Parsed parse(std::span<const std::string> parts) {
  const ProbeType& type = row<moment>();
  const bool is_address = parts.size() == 1 && (parts[0].starts_with("0x") || parts[0].starts_with("0X"));
  if (!is_address || moment == FunctionMoment::returned) {
    return parse_kernel_function(parts, type, moment == FunctionMoment::returned ? Offsets::refused : Offsets::allowed);
  }
  const auto address = address_number(parts[0]);
  if (!address) return bad_part(0, fmt::format("`{}` is not an address", parts[0]), fmt::format("an address is hexadecimal: `{}:0xffffffff81000000`", type.name));
  AttachPoint point;
  point.provider = type.name;
  point.address = *address;
  point.text = fmt::format("{}:{:#x}", point.provider, *address);
  return point;
}

Result<std::vector<AttachPoint>> expand(const AttachPoint& pattern, const Target& target) {
  if (pattern.function.empty()) return std::vector{pattern};  // an address
  const auto functions = target.kernel_functions(pattern.target, pattern.function);
  if (!functions) return std::unexpected(functions.error());
  const bool is_pattern = is_glob(pattern.function) || is_glob(pattern.target);
  std::vector<AttachPoint> points;
  for (const KernelFunction& function : *functions) {
    const std::string_view module = pattern.target.empty() ? std::string_view() : std::string_view(function.module);
    AttachPoint& point = points.emplace_back(kernel_function_point(pattern.provider, module, function.name, pattern.value));
    point.from_wildcard = is_pattern;
  }
  return points;
}

template <FunctionMoment moment>
Result<Context> context(const AttachPoint& point, const Target&) {
  const bool inside = moment == FunctionMoment::entry && (point.value != 0 || point.function.empty());
  return register_context(inside ? FunctionMoment::inside : moment, SymbolSpace::kernel);
}

template <FunctionMoment moment>
Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target& target, bool) {
  const bool has_module = parts.size() >= 2;
  const auto functions = listed_functions(parts, target);
  if (!functions) return std::unexpected(functions.error());
  std::vector<ListedProbe> listed;
  for (const KernelFunction& function : *functions) {
    const AttachPoint point = kernel_function_point(row<moment>().name, has_module ? function.module : "", function.name);
    if (!listed.empty() && !has_module && listed.back().text == point.text) continue;
    listed.push_back({point.text, {}});
  }
  return listed;
}

// Where an instruction begins at an address nobody but the kernel's code itself knows.
std::optional<AttachPointProblem> danger(const AttachPoint& point, const Target&) {
  if (!point.function.empty()) return std::nullopt;
  return AttachPointProblem{"is an address, and a probe in the middle of an instruction changes what the kernel does",
                            "name a function, or run with `--unsafe` if an instruction begins there", 1};
}

// Some kernels take an offset behind the end of a function for one in the next.
bool is_behind_end(const AttachPoint& point) {
  const auto text = point.value == 0 || point.function.empty() ? Result<std::string>(fail("")) : read_file_at(AT_FDCWD, "/proc/kallsyms");
  if (!text) return false;
  std::uint64_t begin = 0, next = UINT64_MAX;
  const auto each_symbol = [&](auto take) {
    for (std::size_t at = 0; at < text->size();) {
      const std::size_t end = std::min(text->find('\n', at), text->size());
      const std::string_view line = std::string_view(*text).substr(at, end - at);
      at = end + 1;
      std::uint64_t address = 0;
      if (std::from_chars(line.data(), line.data() + line.size(), address, 16).ec == std::errc() && address != 0) take(address, line);
    }
  };
  each_symbol([&](std::uint64_t address, std::string_view line) {
    const auto function = begin == 0 ? parse_kallsyms_function(line) : std::nullopt;
    if (function && function->name == point.function && (point.target.empty() || glob_match(point.target, function->module))) begin = address;
  });
  each_symbol([&](std::uint64_t address, std::string_view) {
    if (address > begin) next = std::min(next, address);
  });
  return begin != 0 && point.value >= next - begin;
}

template <FunctionMoment moment>
Result<std::vector<Link>> attach(const AttachRequest& request) {
  constexpr bool at_return = moment == FunctionMoment::returned;
  if (request.together) return attach_kprobe_multi(request, at_return);
  std::vector<Link> links;
  for (std::size_t i = 0; i < request.attach_points.size(); ++i) {
    const AttachPoint& point = request.attach_points[i];
    if (is_behind_end(point)) return fail(fmt::format("can not attach {}: the function ends before this offset", point.text), "look at the function's code for a valid offset");
    FunctionEvent event{.source = "kprobe", .at_return = at_return};
    if (!point.function.empty()) event.name = symbol_of(point);
    event.place = point.function.empty() ? point.address : point.value;
    Result<Link> link = attach_function_event(request, i, event);
    if (!link) return std::unexpected(kernel_probe_error(point, link.error().system_error));
    links.push_back(std::move(*link));
  }
  return links;
}

template <FunctionMoment moment>
ProbeType make_row(RowText text) {
  constexpr bool at_entry = moment == FunctionMoment::entry;
  return {
      .name = text.name,
      .aliases = std::move(text.aliases),
      .syntax = text.syntax,
      .doc = text.doc,
      .program = ProgramKind::kprobe,
      .moment = Moment::attached,
      .filters_process_at_attach = false,
      .can_override = at_entry,
      .last_runs_first = at_entry,
      .needs = Feature::kprobe,
      .instead = "`tracepoint:CATEGORY:EVENT` probes work on this kernel: list them with `fathom -l 'tracepoint:*'`",
      .links_together = Feature::fprobe,
      .parse = parse<moment>,
      .expand = expand,
      .context = context<moment>,
      .suggestions = kernel_function_suggestions,
      .list = list<moment>,
      .attach = attach<moment>,
      .missing_help = [](const AttachPoint& pattern, const Target& target) { return missing_function_help(pattern, target, moment); },
      .danger = danger,
      .left_out = left_out_kernel_functions,
      .return_type = at_entry ? &kretprobe_probe : nullptr,
      .pairs_with_returns = at_entry ? std::optional(Feature::kprobe_session) : std::nullopt,
  };
}

}  // namespace

ProbeType kernel_probe_type(FunctionMoment moment, RowText text) {
  return moment == FunctionMoment::returned ? make_row<FunctionMoment::returned>(std::move(text)) : make_row<FunctionMoment::entry>(std::move(text));
}

}  // namespace fathom
