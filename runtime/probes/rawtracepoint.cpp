// rawtracepoint: a tracepoint's arguments as the kernel passes them, before any record is made; cheaper, and without named fields where the
// kernel has no BTF.
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include <fmt/format.h>

#include "runtime/descriptor.h"
#include "runtime/probes/attach.h"
#include "runtime/probes/provider.h"

namespace fathom {

namespace {

constexpr std::uint32_t most_arguments = 12;  // of any tracepoint that BPF can attach to

AttachPoint make_point(std::string_view module, std::string_view event) {
  AttachPoint point;
  point.provider = rawtracepoint_probe.name;
  point.target = module;
  point.function = event;
  point.text = module.empty() ? fmt::format("{}:{}", point.provider, event) : fmt::format("{}:{}:{}", point.provider, module, event);
  return point;
}

Parsed parse(std::span<const std::string> parts) {
  const std::string_view syntax = rawtracepoint_probe.syntax;
  if (parts.size() > 2)
    return bad_part(2, "rawtracepoint takes a module and an event, and nothing more", fmt::format("write it as `{}`", syntax));
  if (parts.size() == 2) {
    if (const auto problem = name_problem(parts, 0, "a kernel module name", syntax, Globs::allowed)) return std::unexpected(*problem);
  }
  const std::size_t event = parts.size() == 2 ? 1 : 0;
  if (const auto problem = name_problem(parts, event, "a raw tracepoint name", syntax, Globs::allowed)) return std::unexpected(*problem);
  return make_point(parts.size() == 2 ? std::string_view(parts[0]) : std::string_view(), parts[event]);
}

// The modules that events are from. Every event has a function that calls those who wait for it; where the kernel hides their names, nobody
// knows, and all events are taken for the kernel's own.
class Modules {
 public:
  Modules(std::string_view event, const Target& target) {
    const auto functions = target.kernel_functions("*", fmt::format("{}{}", prefix, event));
    for (const KernelFunction& function : functions.value_or(std::vector<KernelFunction>())) modules_.emplace(function.name.substr(prefix.size()), function.module);
  }
  std::string_view of(const std::string& event) const {
    const auto known = modules_.find(event);
    return known == modules_.end() ? kernel_itself : std::string_view(known->second);
  }

 private:
  static constexpr std::string_view prefix = "__traceiter_", kernel_itself = "vmlinux";
  std::map<std::string, std::string> modules_;
};

Result<std::vector<AttachPoint>> expand(const AttachPoint& pattern, const Target& target) {
  const Result<std::vector<std::string>> names = target.raw_tracepoints(pattern.function);
  if (!names) return std::unexpected(names.error());
  std::vector<AttachPoint> points;
  if (pattern.target.empty()) {
    for (const std::string& name : *names) points.push_back(make_point("", name));
    return points;
  }
  const Modules modules(pattern.function, target);
  for (const std::string& name : *names) {
    const std::string_view module = modules.of(name);
    if (glob_match(pattern.target, module)) points.push_back(make_point(module, name));
  }
  return points;
}

Result<Context> context(const AttachPoint& point, const Target& target) {
  Context result;
  const std::vector<StructMember> parameters = target.raw_tracepoint_parameters(point.function);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].name.empty()) continue;
    result.fields.push_back({parameters[i].name, parameters[i].type, ContextSource::argument, static_cast<std::uint32_t>(i)});
  }
  // A tracepoint may really have no argument; without BTF nobody knows, and the verifier refuses what is not there.
  const std::uint32_t count = parameters.empty() ? most_arguments : static_cast<std::uint32_t>(parameters.size());
  for (std::uint32_t i = 0; i < count; ++i) result.arguments.push_back({"", Type::uint64(), ContextSource::argument, i});
  return result;
}

std::vector<std::string> suggestions(const AttachPoint& pattern, const Target& target) {
  const auto names = target.raw_tracepoints("*").value_or(std::vector<std::string>());
  const bool has_module = !pattern.target.empty();
  const Modules modules(has_module ? "*" : "", target);
  std::vector<std::string> texts;
  for (const std::string& name : names) texts.push_back(make_point(has_module ? modules.of(name) : std::string_view(), name).text);
  return texts;
}

// One part is the event, or any module's; two are module and event, as in attach points.
Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target& target, bool with_arguments) {
  const std::string_view module = parts.size() >= 2 ? glob_at(parts, 0) : "*", event = glob_at(parts, parts.size() >= 2 ? 1 : 0);
  const Result<std::vector<std::string>> names = target.raw_tracepoints(event);
  if (!names) return std::unexpected(names.error());
  const Modules modules(event, target);
  std::vector<ListedProbe> listed;
  for (const std::string& name : *names) {
    if (!glob_match(module, modules.of(name))) continue;
    ListedProbe& probe = listed.emplace_back();
    probe.text = make_point(modules.of(name), name).text;
    if (!with_arguments) continue;
    for (const StructMember& parameter : target.raw_tracepoint_parameters(name)) {
      probe.arguments.push_back(fmt::format("{} {}", to_string(parameter.type), parameter.name));
    }
  }
  return listed;
}

// bpf(BPF_RAW_TRACEPOINT_OPEN) with the cookie that kernels since 6.10 take (Feature::raw_cookie); libbpf's call has no place for it.
struct OpenAttributes {
  std::uint64_t name;
  std::uint32_t program;
  std::uint32_t padding;
  std::uint64_t cookie;
};

int open_raw_tracepoint(const std::string& name, int program, std::uint64_t cookie) {
  OpenAttributes attributes = {reinterpret_cast<std::uintptr_t>(name.c_str()), static_cast<std::uint32_t>(program), 0, cookie};
  // Older kernels refuse a longer struct unless what they do not know is zero, so a cookie of 0 works everywhere.
  return static_cast<int>(syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &attributes, sizeof attributes));
}

Result<std::vector<Link>> attach(const AttachRequest& request) {
  std::vector<Link> links;
  for (std::size_t i = 0; i < request.attach_points.size(); ++i) {
    const AttachPoint& point = request.attach_points[i];
    const int link = open_raw_tracepoint(point.function, request.program, request.needs_cookie ? request.first + i : 0);
    if (link < 0) return std::unexpected(attach_error(point, errno));
    links.emplace_back(link);
  }
  return links;
}

}  // namespace

const ProbeType rawtracepoint_probe = {
    .name = "rawtracepoint",
    .aliases = {"rt"},
    .syntax = "rawtracepoint:EVENT",
    .doc = "Runs when the kernel passes a tracepoint, with the tracepoint's arguments as arg0 … argN and, with BTF, as `args.NAME`.",
    .program = ProgramKind::raw_tracepoint,
    .moment = Moment::attached,
    .filters_process_at_attach = false,
    .cookie = Feature::raw_cookie,
    .parse = parse,
    .expand = expand,
    .context = context,
    .suggestions = suggestions,
    .list = list,
    .attach = attach,
};

}  // namespace fathom
