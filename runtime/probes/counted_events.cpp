// Events by name.
#include "runtime/probes/counted_events.h"

#include <linux/perf_event.h>

#include <cerrno>

#include <fmt/format.h>

#include "ast/diagnostics.h"

namespace fathom {

namespace {

const CountedEvent* find_event(CountedEvents events, std::string_view name) {
  for (const CountedEvent& event : events) {
    if (name == event.name || (!event.alias.empty() && name == event.alias)) return &event;
  }
  return nullptr;
}

std::vector<std::string> event_names(CountedEvents events, std::string_view glob) {
  std::vector<std::string> names;
  for (const CountedEvent& event : events) {
    if (glob_match(glob, event.name)) names.emplace_back(event.name);
    if (!event.alias.empty() && glob_match(glob, event.alias)) names.emplace_back(event.alias);
  }
  return names;
}

}  // namespace

Parsed parse_counted_event(std::span<const std::string> parts, const CountedKind& kind) {
  if (const auto problem = name_problem(parts, 0, fmt::format("a {} event name", kind.row->name), kind.row->syntax, Globs::refused)) return std::unexpected(*problem);
  if (parts.size() > 2) return bad_part(2, fmt::format("{} takes an event and a count, and nothing more", kind.row->name), fmt::format("write it as `{}`", kind.row->syntax));
  if (find_event(kind.events, parts[0]) == nullptr) {
    const std::vector<std::string> names = event_names(kind.events, "*");
    const std::string near = did_you_mean(parts[0], names);
    return bad_part(0, fmt::format("there is no {} event `{}`", kind.row->name, parts[0]),
                    near.empty() ? fmt::format("the events are {}", fmt::join(names, ", ")) : fmt::format("{} `fathom -l '{}:*'` lists all", near, kind.row->name));
  }
  AttachPoint point;
  point.provider = kind.row->name;
  point.target = parts[0];
  point.text = fmt::format("{}:{}", point.provider, point.target);
  if (parts.size() == 1 || parts[1].empty()) return point;

  const std::optional<std::uint64_t> count = attach_point_number(parts[1]);
  if (!count) {
    return bad_part(1, number_problem(parts[1]),
                    fmt::format("the count is how many events lie between two samples: `{}:100`", point.text));
  }
  point.value = *count;
  point.text += fmt::format(":{}", *count);
  return point;
}

std::vector<ListedProbe> list_counted_events(std::span<const std::string> parts, const CountedKind& kind) {
  std::vector<ListedProbe> listed;
  for (const std::string& name : event_names(kind.events, glob_at(parts, 0))) listed.push_back({fmt::format("{}:{}:", kind.row->name, name), {}});
  return listed;
}

Result<std::vector<Link>> attach_counted_events(const AttachRequest& request, const CountedKind& kind) {
  std::vector<Link> links;
  for (std::size_t i = 0; i < request.attach_points.size(); ++i) {
    const AttachPoint& point = request.attach_points[i];
    const CountedEvent* event = find_event(kind.events, point.target);
    if (event == nullptr) return std::unexpected(attach_error(point, ENOENT));
    perf_event_attr attr = {};
    attr.size = sizeof attr;
    attr.type = kind.type;
    attr.config = event->config;
    attr.sample_period = point.value != 0 ? point.value : event->default_count;
    const Result<void> attached = attach_per_cpu(request, i, &attr, request.online_cpus, links);
    if (!attached) return std::unexpected(attach_error(point, attached.error().system_error));
  }
  return links;
}

}  // namespace fathom
