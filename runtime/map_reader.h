// Contents of a script's maps: read, cleared and zeroed from user space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ast/result.h"
#include "runtime/plan.h"
#include "runtime/value.h"

namespace fathom {

// What to show of a map without keys that was never written.
enum class Unwritten : std::uint8_t { skip, as_zero };

// The raw elements of a map.
struct MapElements {
  std::vector<std::byte> keys;
  std::vector<std::byte> values;
  std::size_t count = 0;
};

// Reads a whole map. `possible_cpus`: number of values per element of a per-CPU map.
Result<MapElements> read_elements(const MapPlan& plan, int map, std::uint32_t possible_cpus);

// The elements decoded, and sorted for printing.
MapContents contents_of(const MapPlan& plan, const MapElements& elements, std::uint32_t possible_cpus, const DecodeSource& source,
                        Unwritten unwritten);

// Removes all elements; a map without keys becomes one that was never written.
Result<void> clear_map(const MapPlan& plan, int map, std::uint32_t possible_cpus);

// Sets all values to zero and keeps the keys.
Result<void> zero_map(const MapPlan& plan, int map, std::uint32_t possible_cpus);

}  // namespace fathom
