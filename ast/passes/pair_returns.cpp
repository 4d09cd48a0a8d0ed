// Only where there is one block at the call and one at the return: with several the kernel would not run them in the order of the script,
// for a pair is attached in another way than a probe that is alone.
#include "ast/passes/pair_returns.h"

#include <algorithm>
#include <set>
#include <vector>

namespace fathom {

namespace {

// Whether all attach points are whole functions that are named without a module.
bool is_of_functions(const CheckedProbe& probe) {
  return !probe.place && std::ranges::all_of(probe.attach_points, [](const AttachPoint& point) {
    return !point.function.empty() && point.target.empty() && point.value == 0;
  });
}

bool share_a_function(const CheckedProbe& a, const CheckedProbe& b) {
  std::set<std::string_view> names;
  for (const AttachPoint& point : a.attach_points) names.insert(point.function);
  return std::ranges::any_of(b.attach_points, [&](const AttachPoint& point) { return names.contains(point.function); });
}

// The number of the only probe of this type that shares functions with the given one; none where there are several, or none.
std::optional<std::size_t> only_one(const std::vector<CheckedProbe>& probes, const ProbeType* type, const CheckedProbe& given) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    if (probes[i].type != type || !share_a_function(probes[i], given)) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

}  // namespace

void pair_returns(CheckedProgram& checked, const Target& target) {
  for (CheckedProbe& probe : checked.probes) {
    const ProbeType* type = probe.type;
    if (type->return_type == nullptr || !type->pairs_with_returns || !is_of_functions(probe)) continue;
    const auto other = only_one(checked.probes, type->return_type, probe);
    if (!other || !only_one(checked.probes, type, probe)) continue;
    const CheckedProbe& back = checked.probes[*other];
    const bool alike = is_of_functions(back) && only_one(checked.probes, type, back) &&
                       std::ranges::equal(probe.attach_points, back.attach_points, {}, &AttachPoint::function, &AttachPoint::function);
    if (alike && target.has(*type->pairs_with_returns)) probe.returns = *other;
  }
}

}  // namespace fathom
