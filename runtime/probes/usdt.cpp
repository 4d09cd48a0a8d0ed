// usdt: static probes that a program's author put into it (`DTRACE_PROBE`, sys/sdt.h). A note in the file tells where each is and where its
// arguments lie there; a probe that was inlined is at several places, which are attach points that continue the first. A probe with a
// counter does its work only while the counter is not zero; the kernel raises it as long as the probe is attached.
#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "runtime/probes/usdt_arguments.h"
#include "runtime/probes/user_function.h"

namespace fathom {

namespace {

std::string text_of(std::string_view file, std::string_view provider, std::string_view name) {
  return fmt::format("{}:{}:{}:{}", usdt_probe.name, file, provider, name);
}

// FILE:NAME, FILE:NAMESPACE:NAME, and with -p also NAME and :NAMESPACE:NAME.
Parsed parse(std::span<const std::string> parts) {
  const std::string form = fmt::format("write it as `{}`", usdt_probe.syntax);
  if (parts.empty() || (parts.size() == 1 && parts[0].empty())) return std::unexpected(AttachPointProblem{"the file is missing", form, parts.size()});
  if (parts.size() > 3) return bad_part(3, "usdt takes a file, a namespace and a name, and nothing more", form);
  AttachPoint point;
  point.provider = usdt_probe.name;
  if (parts.size() > 1) point.target = parts[0];
  const std::string& name = parts.back();
  if (name.empty()) return bad_part(parts.size() - 1, "the probe's name is missing", form);
  if (auto help = glued_predicate(name)) return bad_part(parts.size() - 1, fmt::format("`{}` is not a probe's name", name), std::move(*help));
  const std::string provider = parts.size() == 3 && !parts[1].empty() ? parts[1] : "*";
  point.function = fmt::format("{}:{}", provider, name);
  point.text = fmt::format("{}:{}:{}", point.provider, point.target, parts.size() == 3 ? fmt::format("{}:{}", parts[1], name) : name);
  return point;
}

bool matches(const AttachPoint& pattern, const StaticProbe& probe) {
  return glob_match(pattern.function, fmt::format("{}:{}", probe.provider, probe.name));
}

std::vector<AttachPoint> places_in(const AttachPoint& pattern, const Executable& executable) {
  std::vector<AttachPoint> points;
  std::set<std::string> done;
  for (const StaticProbe& first : executable.probes) {
    if (!matches(pattern, first) || !done.insert(fmt::format("{}:{}", first.provider, first.name)).second) continue;
    bool continues = false;
    for (const StaticProbe& probe : executable.probes) {
      if (probe.name != first.name || probe.provider != first.provider) continue;
      const auto offset = executable.offset_of(probe.address);
      if (!offset) continue;
      AttachPoint point = pattern;
      point.target = executable.path;
      point.function = fmt::format("{}:{}", probe.provider, probe.name);
      point.text = text_of(executable.path, probe.provider, probe.name);
      point.value = *offset;
      point.address = probe.address;
      if (probe.semaphore != 0) point.semaphore = executable.offset_of(probe.semaphore).value_or(0);
      point.continues = std::exchange(continues, true);
      points.push_back(std::move(point));
    }
  }
  return points;
}

Result<std::vector<AttachPoint>> expand(const AttachPoint& pattern, const Target& target) {
  auto executables = executables_of(pattern, target);
  if (!executables) return std::unexpected(executables.error());
  // A process may have its probes in any of its libraries.
  if (pattern.target.empty()) executables = readable_executables("*", target);
  std::vector<AttachPoint> points;
  for (const auto& executable : *executables) std::ranges::move(places_in(pattern, *executable), std::back_inserter(points));
  return points;
}

Result<Context> context(const AttachPoint& point, const Target& target) {
  const auto executable = target.executable(point.target);
  if (!executable) return std::unexpected(executable.error());
  Context result = register_context(FunctionMoment::inside, SymbolSpace::user);
  result.arguments.clear();
  for (const StaticProbe& probe : (*executable)->probes) {
    if (probe.address != point.address) continue;
    auto fields = parse_static_arguments(probe.arguments, **executable, probe.address);
    if (!fields) {
      return fail(fmt::format("{} has an argument of an unknown form, `{}`", point.text, fields.error()), "its other places or probes may do");
    }
    result.arguments = std::move(*fields);
    break;
  }
  return result;
}

std::vector<std::string> suggestions(const AttachPoint& pattern, const Target& target) {
  std::vector<std::string> texts;
  const bool with_namespace = !pattern.function.starts_with("*:");
  for (const auto& executable : readable_executables(pattern.target, target)) {
    for (const StaticProbe& probe : executable->probes) {
      texts.push_back(with_namespace ? text_of(pattern.target, probe.provider, probe.name)
                                     : fmt::format("{}:{}:{}", usdt_probe.name, pattern.target, probe.name));
    }
  }
  return texts;
}

// What is said where the pattern finds nothing, since there is nothing to find.
std::optional<Error> without_probes(const std::vector<std::shared_ptr<const Executable>>& executables, const AttachPoint& pattern) {
  if (std::ranges::any_of(executables, [](const auto& one) { return !one->probes.empty(); })) return std::nullopt;
  const std::string what = executables.size() == 1 ? fmt::format("{} has no static probes (USDT)", executables.front()->path)
                           : executables.empty()   ? fmt::format("there is no program or library `{}`", pattern.target)
                                                   : fmt::format("none of the {} files that `{}` stands for has static probes (USDT)", executables.size(), pattern.target);
  return Error{what, executables.empty() ? "" : "they exist where a program was built with them (sys/sdt.h); `fathom -l 'uprobe:FILE:*'` lists its functions", 0};
}

std::string missing_help(const AttachPoint& pattern, const Target& target) {
  const auto executables = readable_executables(pattern.target, target);
  if (executables.size() > 1) {
    const auto nothing = without_probes(executables, pattern);
    return nothing ? nothing->message : std::string();
  }
  for (const auto& executable : executables) {
    if (executable->probes.empty()) {
      return fmt::format("{} has no static probes; they exist where a program was built with them (sys/sdt.h)", executable->path);
    }
  }
  return {};
}

Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target& target, bool with_arguments) {
  std::vector<ListedProbe> listed;
  // Without a file there is no end to what could be listed.
  if (parts.empty() && !target.process()) return listed;
  AttachPoint pattern;
  pattern.provider = usdt_probe.name;
  pattern.target = parts.empty() ? "*" : parts[0];
  pattern.function = parts.size() == 3 ? fmt::format("{}:{}", glob_at(parts, 1), glob_at(parts, 2)) : fmt::format("*:{}", glob_at(parts, 1));
  const auto executables = executables_of(pattern, target);
  if (!executables) return std::unexpected(executables.error());
  if (auto nothing = without_probes(*executables, pattern)) return std::unexpected(std::move(*nothing));
  for (const auto& executable : *executables) {
    std::set<std::string> seen;
    for (const StaticProbe& probe : executable->probes) {
      const std::string text = text_of(executable->path, probe.provider, probe.name);
      if (!matches(pattern, probe) || !seen.insert(text).second) continue;
      ListedProbe& line = listed.emplace_back(text);
      const auto fields = parse_static_arguments(probe.arguments, *executable, probe.address);
      for (std::size_t i = 0; with_arguments && fields && i < fields->size(); ++i) {
        const Type& type = (*fields)[i].read;
        line.arguments.push_back(fmt::format("{} arg{}", type.is_none() ? "double" : to_string(type), i));
      }
    }
  }
  return listed;
}

Result<std::vector<Link>> attach(const AttachRequest& request) { return attach_user_functions(request, FunctionMoment::inside); }

}  // namespace

const ProbeType usdt_probe = {
    .name = "usdt",
    .aliases = {"U"},
    .syntax = "usdt:FILE:NAMESPACE:NAME",
    .doc = "Runs when a program passes a static probe that was built into it; its arguments are arg0 ….",
    .home = "in that file",
    .program = ProgramKind::kprobe,
    .moment = Moment::attached,
    .filters_process_at_attach = true,
    .pointers = AddressSpace::user,
    .last_runs_first = true,
    .needs = Feature::uprobe,
    .instead = "boot a kernel with CONFIG_UPROBE_EVENTS=y",
    .parse = parse,
    .expand = expand,
    .context = context,
    .suggestions = suggestions,
    .list = list,
    .attach = attach,
    .missing_help = missing_help,
};

}  // namespace fathom
