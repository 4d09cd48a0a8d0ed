// What software and hardware share: events by name, of which every so many are sampled, on every CPU. As with profile, -p is compared by the
// program. An event of the process alone would be one for each thread, with a period of its own, so that many short threads would never reach
// theirs; those that begin while it is attached would be missed or counted twice, and inherited events have lost the cookie of their attach point.
#pragma once

#include "runtime/probes/sampling.h"

namespace fathom {

struct CountedEvent {
  std::string_view name;
  std::string_view alias;  // empty: none
  std::uint64_t config;    // of the perf event
  std::uint64_t default_count;
};
using CountedEvents = std::span<const CountedEvent>;

struct CountedKind {
  const ProbeType* row;
  std::uint32_t type;  // PERF_TYPE_SOFTWARE and the like
  CountedEvents events;
};

Parsed parse_counted_event(std::span<const std::string> parts, const CountedKind& kind);
std::vector<ListedProbe> list_counted_events(std::span<const std::string> parts, const CountedKind& kind);
Result<std::vector<Link>> attach_counted_events(const AttachRequest& request, const CountedKind& kind);

// The row of a probe type with these events; `row` has what is its own.
template <const CountedKind& kind>
ProbeType counted_event_type(ProbeType row) {
  row.program = ProgramKind::perf_event;
  row.moment = Moment::attached;
  row.filters_process_at_attach = false;
  row.parse = [](std::span<const std::string> parts) { return parse_counted_event(parts, kind); };
  row.expand = expand_to_itself;
  row.context = perf_event_context;
  row.suggestions = no_suggestions;
  row.list = [](std::span<const std::string> parts, const Target&, bool) -> Result<std::vector<ListedProbe>> { return list_counted_events(parts, kind); };
  row.attach = [](const AttachRequest& request) { return attach_counted_events(request, kind); };
  return row;
}

}  // namespace fathom
