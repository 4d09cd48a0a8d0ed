// software: the kernel's own perf events (faults, context switches, …), every so many of them.
#include <linux/perf_event.h>

#include "runtime/probes/counted_events.h"

namespace fathom {

namespace {

constexpr CountedEvent events[] = {
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

constexpr CountedKind kind = {&software_probe, PERF_TYPE_SOFTWARE, events};

}  // namespace

const ProbeType software_probe = counted_event_type<kind>({
    .name = "software",
    .aliases = {"s"},
    .syntax = "software:EVENT:COUNT",
    .doc = "Runs at every COUNT-th event that the kernel counts itself, such as page faults or context switches.",
    .last_runs_first = true,
});

}  // namespace fathom
