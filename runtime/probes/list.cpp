// The list of providers: a new one is a file beside this one, its name in provider.h and a line here.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "runtime/probes/attach.h"
#include "runtime/probes/provider.h"

namespace fathom {

namespace {

constexpr const ProbeType* providers[] = {
    &begin_probe,  &end_probe,    &self_probe,     &kprobe_probe,  &kretprobe_probe,  &fentry_probe,   &fexit_probe,    &tracepoint_probe, &rawtracepoint_probe,
    &uprobe_probe, &uretprobe_probe, &usdt_probe, &profile_probe, &interval_probe, &software_probe, &hardware_probe, &watchpoint_probe, &iter_probe, &test_probe, &bench_probe,
};

constexpr std::string_view instead_of_asyncwatchpoint = "print the address in a uprobe, then watch that: `watchpoint:0x…:8:w`";
constexpr RemovedProbeType removed[] = {
    {"asyncwatchpoint", "asyncwatchpoint", instead_of_asyncwatchpoint},
    {"aw", "asyncwatchpoint", instead_of_asyncwatchpoint},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

const ProbeType& type_of(const ProgramPlan& program) { return *find_probe_type(providers, program.attach_points.front().provider); }

// A wildcard's functions, where the kernel has one link for all.
bool is_group(const ProgramPlan& program, const Target& target) {
  if (program.attach_points.size() < 2 || !program.attach_points.front().from_wildcard) return false;
  const ProbeType& type = type_of(program);
  return type.links_together && target.has(*type.links_together);
}

// Of functions in the kernel, where the kernel has such links.
bool has_kernel_links(const ProgramPlan& program, const Target& target) {
  const ProbeType& type = type_of(program);
  return program.kind == ProgramKind::kprobe && !type.filters_process_at_attach && type.links_together && target.has(*type.links_together);
}

bool same_function(const AttachPoint& a, const AttachPoint& b) {
  return !a.function.empty() && a.function == b.function && a.value == 0 && b.value == 0 && (a.target.empty() || b.target.empty() || a.target == b.target);
}

}  // namespace

ProbeTypes all_probe_types() { return providers; }

bool links_together(const ProgramPlan& program, std::span<const ProgramPlan> programs, const Target& target) {
  if (!program.returns.empty() || is_group(program, target)) return true;
  if (!has_kernel_links(program, target)) return false;
  auto holds = [&](const ProgramPlan& group, const AttachPoint& point) {
    return is_group(group, target) && has_kernel_links(group, target) &&
           std::ranges::any_of(group.attach_points, [&](const AttachPoint& member) { return same_function(point, member); });
  };
  return std::ranges::all_of(program.attach_points, [&](const AttachPoint& point) {
    return std::ranges::any_of(programs, [&](const ProgramPlan& other) { return holds(other, point); });
  });
}

Result<void> check_features(const Plan& plan, const Target& target) {
  for (const ProgramPlan& program : plan.programs) {
    const AttachPoint& point = program.attach_points.front();
    const ProbeType* type = find_probe_type(all_probe_types(), point.provider);
    if (type->needs && !target.has(*type->needs)) {
      return fail(fmt::format("can not attach {}: {}", point.text, absence_of(*type->needs)), std::string(type->instead));
    }
  }
  if ((plan.uses_data_ring || plan.uses_control_ring) && !target.has(Feature::ring_buffer)) {
    return fail(fmt::format("can not show events as they come: {}", absence_of(Feature::ring_buffer)), "use a newer kernel; maps that are shown at the end need no ring buffer");
  }
  return {};
}

const RemovedProbeType* find_removed_probe_type(std::string_view provider) {
  std::string name(provider);
  std::ranges::transform(name, name.begin(), lower);
  const RemovedProbeType* found = std::ranges::find(removed, name, &RemovedProbeType::name);
  return found == std::end(removed) ? nullptr : found;
}

}  // namespace fathom
