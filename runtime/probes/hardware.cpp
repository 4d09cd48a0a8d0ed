// hardware: the CPU's own counters, every so many events, on every CPU. As with profile, -p is compared by the program.
#include <linux/perf_event.h>

#include "runtime/probes/counted_events.h"

namespace fathom {

namespace {

constexpr CountedEvent events[] = {
    {"backend-stalls", "", PERF_COUNT_HW_STALLED_CYCLES_BACKEND, 1'000'000},
    {"branch-instructions", "branches", PERF_COUNT_HW_BRANCH_INSTRUCTIONS, 100'000},
    {"branch-misses", "", PERF_COUNT_HW_BRANCH_MISSES, 100'000},
    {"bus-cycles", "", PERF_COUNT_HW_BUS_CYCLES, 100'000},
    {"cache-misses", "", PERF_COUNT_HW_CACHE_MISSES, 1'000'000},
    {"cache-references", "", PERF_COUNT_HW_CACHE_REFERENCES, 1'000'000},
    {"cpu-cycles", "cycles", PERF_COUNT_HW_CPU_CYCLES, 1'000'000},
    {"frontend-stalls", "", PERF_COUNT_HW_STALLED_CYCLES_FRONTEND, 1'000'000},
    {"instructions", "", PERF_COUNT_HW_INSTRUCTIONS, 1'000'000},
    {"ref-cycles", "", PERF_COUNT_HW_REF_CPU_CYCLES, 1'000'000},
};

Parsed parse(std::span<const std::string> parts) { return parse_counted_event(parts, hardware_probe, events); }

std::vector<std::string> suggestions(const AttachPoint&, const Target&) { return counted_event_texts(hardware_probe, events, "*", ""); }

Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target&, bool) {
  std::vector<ListedProbe> listed;
  for (const std::string& text : counted_event_texts(hardware_probe, events, glob_at(parts, 0), ":")) listed.push_back({text, {}});
  return listed;
}

Result<std::vector<Link>> attach(const AttachRequest& request) { return attach_counted_events(request, PERF_TYPE_HARDWARE, events); }

}  // namespace

const ProbeType hardware_probe = {
    .name = "hardware",
    .aliases = {"h"},
    .syntax = "hardware:EVENT:COUNT",
    .doc = "Runs at every COUNT-th event that the CPU counts, such as cycles or cache misses.",
    .program = ProgramKind::perf_event,
    .moment = Moment::attached,
    .filters_process_at_attach = false,
    .needs = Feature::hardware,
    .instead = "`profile:hz:99` samples by a timer and `software:cpu-clock:1000000` by the kernel's own clock",
    .parse = parse,
    .expand = expand_to_itself,
    .context = perf_event_context,
    .suggestions = suggestions,
    .list = list,
    .attach = attach,
};

}  // namespace fathom
