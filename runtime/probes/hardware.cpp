// hardware: the CPU's own counters, every so many events.
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

constexpr CountedKind kind = {&hardware_probe, PERF_TYPE_HARDWARE, events};

}  // namespace

const ProbeType hardware_probe = counted_event_type<kind>({
    .name = "hardware",
    .aliases = {"h"},
    .syntax = "hardware:EVENT:COUNT",
    .doc = "Runs at every COUNT-th event that the CPU counts, such as cycles or cache misses.",
    .needs = Feature::hardware,
    .instead = "`profile:hz:99` samples by a timer and `software:cpu-clock:1000000` by the kernel's own clock",
});

}  // namespace fathom
