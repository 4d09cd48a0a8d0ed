// An event is taken to its shared place either in every probe of the script or in none, so that the probes of one event keep their order.
#include "ast/passes/share_places.h"

#include <algorithm>
#include <map>
#include <set>

#include "ast/walk.h"

namespace fathom {

namespace {

// A program at a shared place costs every event that passes some tens of nanoseconds, a link of its own costs its event alone, and tens of
// milliseconds when it is taken away. From so many events for each program on, the first is the better bargain.
constexpr std::size_t events_per_program = 16;

// The attach points of one probe that share a place.
struct Part {
  std::string_view name;
  std::optional<SharedPlace> place;  // none: the body needs what there is not at the place
  std::vector<std::size_t> points;
  std::vector<std::uint32_t> numbers;
};

bool expression_fits(const ast::Expression& node, const CheckedProbe& probe, const SharedPlace& place) {
  const Facts& facts = probe.of(node);
  if (const auto* member = std::get_if<ast::Member>(&node.kind); member != nullptr && probe.of(*member->base).type.is(TypeKind::context)) {
    return facts.index < place.fields.size() && place.fields[facts.index].has_value();
  }
  if (facts.builtin != nullptr && facts.builtin->reads_context) return false;
  // The kernel's way to the program is part of a kernel stack.
  if (facts.type.is(TypeKind::stack) && facts.type.symbol_space() == SymbolSpace::kernel) return false;
  bool fits = true;
  ast::each_child(node.kind, [&](const ast::Expression& child) { fits = fits && expression_fits(child, probe, place); });
  return fits;
}

bool body_fits(const CheckedProbe& probe, const SharedPlace& place) {
  bool fits = !probe.probe->predicate || expression_fits(*probe.probe->predicate, probe, place);
  ast::each_expression(probe.probe->body, [&](const ast::Expression& node) { fits = fits && expression_fits(node, probe, place); });
  return fits;
}

std::vector<Part> parts_of(const CheckedProbe& probe, const Target& target) {
  std::vector<Part> parts;
  if (probe.type->shared_event == nullptr) return parts;
  for (std::size_t i = 0; i < probe.attach_points.size(); ++i) {
    const std::optional<SharedEvent> event = probe.type->shared_event(probe.attach_points[i]);
    if (!event) continue;
    auto part = std::ranges::find(parts, event->place, &Part::name);
    if (part == parts.end()) {
      part = parts.insert(part, {event->place, probe.type->shared_place(event->place, probe.context, target), {}, {}});
      if (part->place && !body_fits(probe, *part->place)) part->place.reset();
    }
    part->points.push_back(i);
    part->numbers.push_back(event->number);
  }
  return parts;
}

using Parts = std::vector<std::vector<Part>>;  // by probe

// Per place, the numbers of the events to take there; empty where they are too few.
std::map<std::string_view, std::set<std::uint32_t>> events_to_share(const Parts& parts) {
  struct Count {
    std::set<std::uint32_t> wanted, kept_apart;
    std::size_t programs = 0;
  };
  std::map<std::string_view, Count> counts;
  for (const std::vector<Part>& of_probe : parts) {
    for (const Part& part : of_probe) {
      Count& count = counts[part.name];
      (part.place ? count.wanted : count.kept_apart).insert(part.numbers.begin(), part.numbers.end());
      count.programs += part.place ? 1 : 0;
    }
  }
  std::map<std::string_view, std::set<std::uint32_t>> result;
  for (auto& [name, count] : counts) {
    std::erase_if(count.wanted, [&](std::uint32_t number) { return count.kept_apart.contains(number); });
    if (count.wanted.size() >= count.programs * events_per_program) result[name] = std::move(count.wanted);
  }
  return result;
}

// The part's events as a probe of their own; they are marked in `moved`. None where no event of the part is to be shared.
std::optional<CheckedProbe> take(const CheckedProbe& probe, const Part& part, const std::set<std::uint32_t>& events, std::vector<bool>& moved) {
  if (!part.place) return std::nullopt;
  CheckedProbe taken = probe;
  taken.attach_points.clear();
  for (std::size_t i = 0; i < part.points.size(); ++i) {
    if (!events.contains(part.numbers[i])) continue;
    taken.attach_points.push_back(probe.attach_points[part.points[i]]);
    taken.numbers.push_back(part.numbers[i]);
    moved[part.points[i]] = true;
  }
  if (taken.numbers.empty()) return std::nullopt;
  taken.place = part.place;
  for (std::size_t i = 0; i < taken.context.fields.size(); ++i) {
    if (part.place->fields[i]) taken.context.fields[i] = *part.place->fields[i];
  }
  return taken;
}

}  // namespace

void share_places(CheckedProgram& checked, const Target& target) {
  // Most scripts have few events, and what is at a place costs a look into the kernel's types.
  std::size_t points = 0;
  for (const CheckedProbe& probe : checked.probes) points += probe.type->shared_event == nullptr ? 0 : probe.attach_points.size();
  if (points < events_per_program) return;
  Parts parts;
  for (const CheckedProbe& probe : checked.probes) parts.push_back(parts_of(probe, target));
  const auto events = events_to_share(parts);
  if (events.empty()) return;
  std::vector<CheckedProbe> probes;
  for (std::size_t i = 0; i < checked.probes.size(); ++i) {
    CheckedProbe& probe = checked.probes[i];
    std::vector<bool> moved(probe.attach_points.size());
    for (const Part& part : parts[i]) {
      const auto found = events.find(part.name);
      if (found == events.end()) continue;
      if (auto taken = take(probe, part, found->second, moved)) probes.push_back(std::move(*taken));
    }
    std::vector<AttachPoint> left;
    for (std::size_t point = 0; point < moved.size(); ++point) {
      if (!moved[point]) left.push_back(std::move(probe.attach_points[point]));
    }
    if (left.empty()) continue;
    probe.attach_points = std::move(left);
    probes.push_back(std::move(probe));
  }
  checked.probes = std::move(probes);
}

}  // namespace fathom
