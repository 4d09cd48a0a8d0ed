// interval: a timer that fires on one CPU.
#include <algorithm>

#include "runtime/probes/sampling.h"

namespace fathom {

namespace {

Parsed parse(std::span<const std::string> parts) { return parse_rate(parts, interval_probe.name); }

Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target&, bool) {
  return list_rates(parts, interval_probe.name);
}

Result<std::vector<Link>> attach(const AttachRequest& request) {
  const std::span<const std::uint32_t> cpus = request.online_cpus;
  return attach_clock(request, cpus.first(std::min<std::size_t>(cpus.size(), 1)));
}

}  // namespace

const ProbeType interval_probe = {
    .name = "interval",
    .aliases = {"i"},
    .syntax = "interval:UNIT:NUMBER",
    .doc = "Runs at a regular interval on one CPU; UNIT is s, ms, us, ns or hz, and `interval:5m` names a duration.",
    .program = ProgramKind::perf_event,
    .moment = Moment::attached,
    .filters_process_at_attach = true,  // a timer belongs to no process
    .parse = parse,
    .expand = expand_to_itself,
    .context = perf_event_context,
    .suggestions = no_suggestions,
    .list = list,
    .attach = attach,
};

}  // namespace fathom
