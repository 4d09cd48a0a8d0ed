// What software and hardware share: events by name, of which every so many are sampled.
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

Parsed parse_counted_event(std::span<const std::string> parts, const ProbeType& type, CountedEvents events);
// "PROVIDER:NAME" and the suffix for all names and aliases that match.
std::vector<std::string> counted_event_texts(const ProbeType& type, CountedEvents events, std::string_view glob, std::string_view suffix);
// `kind`: PERF_TYPE_SOFTWARE and the like.
Result<std::vector<Link>> attach_counted_events(const AttachRequest& request, std::uint32_t kind, CountedEvents events);

}  // namespace fathom
