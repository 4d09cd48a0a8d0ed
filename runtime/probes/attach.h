// What a provider's attach function gets.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ast/probe_type.h"
#include "runtime/link.h"
#include "runtime/plan.h"

namespace fathom {

struct AttachRequest {
  int program = -1;                            // file descriptor of the loaded program
  std::span<const AttachPoint> attach_points;
  std::size_t first = 0;                       // the cookie of the first of them; the others follow
  bool needs_cookie = false;
  bool together = false;                       // one link for all: see ProbeType::links_together
  bool with_returns = false;                   // the program serves the functions' returns too
  std::optional<std::uint32_t> process;  // -p, or the command of -c
  std::vector<Error>* left_out = nullptr;  // takes why some of many attach points that share a link could not be attached
  std::optional<std::uint32_t> only;     // -p alone: no other process is of interest
  const Target* target = nullptr;
  std::vector<std::uint32_t> online_cpus;
};

// Opens a perf event and links the program to it: a BPF link with the cookie where the kernel has it (5.15), PERF_EVENT_IOC_SET_BPF
// elsewhere. `attr` is a struct perf_event_attr that does not start disabled. process -1 and cpu ≥ 0: that CPU, all processes.
Result<Link> attach_perf_event(int program, const void* attr, int process, int cpu, std::uint64_t cookie);

// The second way alone, without a cookie: for tests, which run on kernels that have the first.
Result<Link> attach_perf_event_by_ioctl(int program, const void* attr, int process, int cpu);

// Whether one link serves all attach points of a program; it has to be known before the program is loaded. A kernel function that is named
// joins the wildcards that hold it: the kernel runs programs of one function in the order of the script only where all are of one kind.
bool links_together(const ProgramPlan& program, std::span<const ProgramPlan> programs, const Target& target);
// Whether the kernel has what the program's provider needs.
Result<void> check_features(const Plan& plan, const Target& target);

// The providers, in the order of the manual.
ProbeTypes all_probe_types();

}  // namespace fathom
