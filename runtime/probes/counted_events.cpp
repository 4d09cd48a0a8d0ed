// Events by name.
#include "runtime/probes/counted_events.h"

#include <linux/perf_event.h>

#include <cerrno>

#include <fmt/format.h>

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

Parsed parse_counted_event(std::span<const std::string> parts, const ProbeType& type, CountedEvents events) {
  const std::string what = fmt::format("a {} event name", type.name);
  if (const auto problem = name_problem(parts, 0, what, type.syntax, Globs::refused)) return std::unexpected(*problem);
  if (parts.size() > 2) {
    return bad_part(2, fmt::format("{} takes an event and a count, and nothing more", type.name), fmt::format("write it as `{}`", type.syntax));
  }
  if (find_event(events, parts[0]) == nullptr) {
    return bad_part(0, fmt::format("there is no {} event `{}`", type.name, parts[0]),
                    fmt::format("the events are {}", fmt::join(event_names(events, "*"), ", ")));
  }
  AttachPoint point;
  point.provider = type.name;
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

std::vector<std::string> counted_event_texts(const ProbeType& type, CountedEvents events, std::string_view glob, std::string_view suffix) {
  std::vector<std::string> names = event_names(events, glob);
  for (std::string& name : names) name = fmt::format("{}:{}{}", type.name, name, suffix);
  return names;
}

Result<std::vector<Link>> attach_counted_events(const AttachRequest& request, std::uint32_t kind, CountedEvents events) {
  std::vector<Link> links;
  for (std::size_t i = 0; i < request.attach_points.size(); ++i) {
    const AttachPoint& point = request.attach_points[i];
    const CountedEvent* event = find_event(events, point.target);
    if (event == nullptr) return std::unexpected(attach_error(point, ENOENT));
    perf_event_attr attr = {};
    attr.size = sizeof attr;
    attr.type = kind;
    attr.config = event->config;
    attr.sample_period = point.value != 0 ? point.value : event->default_count;
    const Result<void> attached = attach_per_cpu(request, i, &attr, request.online_cpus, links);
    if (!attached) return std::unexpected(attach_error(point, attached.error().system_error));
  }
  return links;
}

}  // namespace fathom
