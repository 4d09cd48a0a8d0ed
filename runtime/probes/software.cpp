// software: the kernel's own perf events (faults, context switches, …), every so many of them, on every CPU. As with profile, -p is
// compared by the program.
#include <linux/perf_event.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include <fmt/format.h>

#include "runtime/probes/sampling.h"

namespace fathom {

namespace {

struct SoftwareEvent {
  std::string_view name;
  std::string_view alias;  // empty: none
  std::uint64_t config;
  std::uint64_t default_count;
};

constexpr SoftwareEvent events[] = {
    {"alignment-faults", "", PERF_COUNT_SW_ALIGNMENT_FAULTS, 1},
    {"bpf-output", "", PERF_COUNT_SW_BPF_OUTPUT, 1},
    {"context-switches", "cs", PERF_COUNT_SW_CONTEXT_SWITCHES, 1'000},
    {"cpu-clock", "cpu", PERF_COUNT_SW_CPU_CLOCK, 1'000'000},
    {"cpu-migrations", "", PERF_COUNT_SW_CPU_MIGRATIONS, 1},
    {"dummy", "", PERF_COUNT_SW_DUMMY, 1},
    {"emulation-faults", "", PERF_COUNT_SW_EMULATION_FAULTS, 1},
    {"major-faults", "", PERF_COUNT_SW_PAGE_FAULTS_MAJ, 1},
    {"minor-faults", "", PERF_COUNT_SW_PAGE_FAULTS_MIN, 100},
    {"page-faults", "faults", PERF_COUNT_SW_PAGE_FAULTS, 100},
    {"task-clock", "", PERF_COUNT_SW_TASK_CLOCK, 1},
};

const SoftwareEvent* find_event(std::string_view name) {
  for (const SoftwareEvent& event : events) {
    if (name == event.name || (!event.alias.empty() && name == event.alias)) return &event;
  }
  return nullptr;
}

// Both spellings of every event that the glob matches, in the order of the table.
std::vector<std::string> event_names(std::string_view glob) {
  std::vector<std::string> names;
  for (const SoftwareEvent& event : events) {
    if (glob_match(glob, event.name)) names.emplace_back(event.name);
    if (!event.alias.empty() && glob_match(glob, event.alias)) names.emplace_back(event.alias);
  }
  return names;
}

Parsed parse(std::span<const std::string> parts) {
  constexpr std::string_view what = "a software event name";
  if (const auto problem = name_problem(parts, 0, what, software_probe.syntax, Globs::refused)) return std::unexpected(*problem);
  if (parts.size() > 2)
    return bad_part(2, "software takes an event and a count, and nothing more", fmt::format("write it as `{}`", software_probe.syntax));
  if (find_event(parts[0]) == nullptr) {
    return bad_part(0, fmt::format("there is no software event `{}`", parts[0]),
                    fmt::format("the events are {}", fmt::join(event_names("*"), ", ")));
  }
  AttachPoint point;
  point.provider = software_probe.name;
  point.target = parts[0];
  point.text = fmt::format("{}:{}", point.provider, point.target);
  if (parts.size() == 1 || parts[1].empty()) return point;

  const std::optional<std::uint64_t> count = attach_point_number(parts[1]);
  if (!count) {
    return bad_part(1, fmt::format("`{}` is not a positive number", parts[1]),
                    fmt::format("the count is how many events lie between two samples: `{}:100`", point.text));
  }
  point.value = *count;
  point.text += fmt::format(":{}", *count);
  return point;
}

std::vector<std::string> suggestions(const AttachPoint&, const Target&) {
  std::vector<std::string> names = event_names("*");
  for (std::string& name : names) name = fmt::format("{}:{}", software_probe.name, name);
  return names;
}

Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target&, bool) {
  std::vector<ListedProbe> listed;
  for (const std::string& name : event_names(glob_at(parts, 0))) listed.push_back({fmt::format("{}:{}:", software_probe.name, name), {}});
  return listed;
}

Result<std::vector<Link>> attach(const AttachRequest& request) {
  std::vector<Link> links;
  for (std::size_t i = 0; i < request.attach_points.size(); ++i) {
    const AttachPoint& point = request.attach_points[i];
    const SoftwareEvent* event = find_event(point.target);
    if (event == nullptr) return std::unexpected(attach_error(point, ENOENT));
    perf_event_attr attr = {};
    attr.size = sizeof attr;
    attr.type = PERF_TYPE_SOFTWARE;
    attr.config = event->config;
    attr.sample_period = point.value != 0 ? point.value : event->default_count;
    const Result<void> attached = attach_per_cpu(request, i, &attr, request.online_cpus, links);
    if (!attached) return std::unexpected(attach_error(point, attached.error().system_error));
  }
  return links;
}

}  // namespace

const ProbeType software_probe = {
    .name = "software",
    .aliases = {"s"},
    .syntax = "software:EVENT:COUNT",
    .doc = "Runs at every COUNT-th event that the kernel counts itself, such as page faults or context switches.",
    .program = ProgramKind::perf_event,
    .moment = Moment::attached,
    .filters_process_at_attach = false,
    .parse = parse,
    .expand = expand_to_itself,
    .context = no_context,
    .suggestions = suggestions,
    .list = list,
    .attach = attach,
};

}  // namespace fathom
