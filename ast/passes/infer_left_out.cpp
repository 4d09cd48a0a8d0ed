// A script may name probes that a kernel has not, and its other probes read what those would write. Such maps stay empty, yet everything
// that is done with their elements has to be of the types that it was written for.
#include "ast/passes/infer_left_out.h"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "ast/walk.h"

namespace fathom {

using namespace ast;

namespace {

// Whether the elements of a map can be laid out.
bool is_known(const CheckedMap& map) { return !map.value.is_none() && (!map.keyed || !map.key.is_none()); }

class LeftOut {
 public:
  LeftOut(CheckedProgram& program, Inference::Maps& maps, std::vector<LeftOutProbe>& probes, const Catalog& catalog, const Target& target)
      : program_(program), maps_(maps), probes_(probes), catalog_(catalog), target_(target) {}

  bool learn();
  void guess(Diagnostics& diagnostics);

 private:
  // Where a probe that is left out names a map, and with how many keys.
  struct Use {
    const LeftOutProbe* probe;
    std::size_t keys;
  };
  std::map<std::string, Use> uses() const;
  static void shape(CheckedMap& map, const Use& use);
  std::size_t mistakes(const std::string& name, const Type& value, const Use& use) const;

  CheckedProgram& program_;
  Inference::Maps& maps_;
  std::vector<LeftOutProbe>& probes_;
  const Catalog& catalog_;
  const Target& target_;
};

// Takes over what the probes would write, where nobody else writes. Whether there was anything.
bool LeftOut::learn() {
  Inference::Maps theirs = maps_;
  // Each may read what another one writes, and its own variables before their types are known.
  for (std::size_t round = 0; round < probes_.size() + 2; ++round) {
    for (LeftOutProbe& one : probes_) {
      Diagnostics ignored;
      one.probe.facts.assign(one.probe.probe->end_node - one.probe.probe->first_node, {});
      Inference(program_, one.probe, theirs, catalog_, target_, ignored, {.context_known = one.context_known}).run();
    }
  }
  bool learned = false;
  for (auto& [name, map] : maps_) {
    const CheckedMap& other = theirs.at(name);
    if (!map.value.is_none() || other.value.is_none()) continue;
    map.value = other.value;
    map.keyed = other.keyed;
    if (map.key.is_none()) map.key = other.key;
    map.key_is_list = map.key.is_tuple() && !map.key.is_record();
    learned = true;
  }
  return learned;
}

std::map<std::string, LeftOut::Use> LeftOut::uses() const {
  std::map<std::string, Use> found;
  for (const LeftOutProbe& one : probes_) {
    std::function<void(const Expression&)> look = [&](const Expression& expression) {
      each_child(expression.kind, look);
      const auto* access = std::get_if<MapAccess>(&expression.kind);
      if (access == nullptr) return;
      Use& use = found.try_emplace(access->name, Use{&one, 0}).first->second;
      use.keys = std::max(use.keys, access->keys.size());
    };
    if (one.probe.probe->predicate) look(*one.probe.probe->predicate);
    each_expression(one.probe.probe->body, look);
  }
  return found;
}

// Keys that nobody knows are numbers.
void LeftOut::shape(CheckedMap& map, const Use& use) {
  map.keyed = map.keyed || use.keys != 0;
  const std::vector<Type> numbers(std::max<std::size_t>(use.keys, 1), Type::int64());
  if (map.keyed && map.key.is_none()) map.key = numbers.size() == 1 ? numbers.front() : Type::tuple(numbers);
  map.key_is_list = map.key.is_tuple() && !map.key.is_record();
}

// How many mistakes the program would have if the map were of this type.
std::size_t LeftOut::mistakes(const std::string& name, const Type& value, const Use& use) const {
  Inference::Maps maps = maps_;
  maps.at(name).value = value;
  shape(maps.at(name), use);
  return count_mistakes(program_, std::move(maps), catalog_, target_);
}

// What the probes write there comes from what nobody knows, such as the fields of an event that does not exist. Nothing will ever be in these
// maps, so any type will do that fits those who read them.
void LeftOut::guess(Diagnostics& diagnostics) {
  constexpr std::uint32_t text_bytes = 64;
  for (const auto& [name, use] : uses()) {
    const auto found = maps_.find(name);
    if (found == maps_.end() || is_known(found->second)) continue;
    CheckedMap& map = found->second;
    if (map.value.is_none()) {
      const Type candidates[] = {Type::int64(), Type::string(text_bytes)};
      const auto count = [&](const Type& type) { return mistakes(name, type, use); };
      const Type* best = std::ranges::min_element(candidates, {}, count);
      if (count(*best) > count_mistakes(program_, maps_, catalog_, target_)) {
        diagnostics.report<DiagnosticId::undefined_map>(map.first_use, name)
            .label(use.probe->probe.probe->attach_points.front().range, "left out, with all that writes it")
            .with_help("what it would hold can not be known on this kernel; leave out what reads it too");
        continue;
      }
      map.value = *best;
    }
    shape(map, use);
    settle_types(program_, maps_, catalog_, target_, true);
  }
}

}  // namespace

void add_maps_of_left_out(CheckedProgram& program, Inference::Maps& maps, std::vector<LeftOutProbe>& left_out, const Catalog& catalog, const Target& target,
                          Diagnostics& diagnostics) {
  LeftOut others(program, maps, left_out, catalog, target);
  // What they write may come from maps that become known only so.
  while (others.learn()) settle_types(program, maps, catalog, target, true);
  others.guess(diagnostics);
}

}  // namespace fathom
