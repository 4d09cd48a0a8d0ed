// What interval and profile share: rates, and clock events that fire at them.
#pragma once

#include "runtime/probes/attach.h"
#include "runtime/probes/provider.h"

namespace fathom {

// "s:1", "ms:100", "us:50", "ns:5000", "hz:99", or one part: a duration ("1s", "5m") or bare nanoseconds. AttachPoint::target is one of
// s, ms, us, ns, hz; minutes, hours and days become seconds.
Parsed parse_rate(std::span<const std::string> parts, std::string_view provider);

// Attaches one clock event per CPU in `cpus` to each attach point.
Result<std::vector<Link>> attach_clock(const AttachRequest& request, std::span<const std::uint32_t> cpus);

// "PROVIDER:UNIT:" for every unit that the pattern's first part matches.
std::vector<ListedProbe> list_rates(std::span<const std::string> parts, std::string_view provider);

// Opens one sampling event per CPU for an attach point. `attr` is a struct perf_event_attr. CPUs that went away in between are left out.
Result<void> attach_per_cpu(const AttachRequest& request, std::size_t index, const void* attr, std::span<const std::uint32_t> cpus,
                            std::vector<Link>& links);

}  // namespace fathom
