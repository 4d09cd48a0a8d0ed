// profile: samples what every CPU is doing. With -p the program compares the process, because a perf event of a process counts for one
// thread only and would miss the others.
#include "runtime/probes/sampling.h"

namespace fathom {

namespace {

Parsed parse(std::span<const std::string> parts) { return parse_rate(parts, profile_probe.name); }

Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target&, bool) {
  return list_rates(parts, profile_probe.name);
}

Result<std::vector<Link>> attach(const AttachRequest& request) { return attach_clock(request, request.online_cpus); }

}  // namespace

const ProbeType profile_probe = {
    .name = "profile",
    .aliases = {"p"},
    .syntax = "profile:UNIT:NUMBER",
    .doc = "Samples every CPU at a regular interval; UNIT is hz, s, ms, us or ns, and `profile:10ms` names a duration.",
    .program = ProgramKind::perf_event,
    .moment = Moment::attached,
    .filters_process_at_attach = false,
    .parse = parse,
    .expand = expand_to_itself,
    .context = perf_event_context,
    .suggestions = no_suggestions,
    .list = list,
    .attach = attach,
};

}  // namespace fathom
