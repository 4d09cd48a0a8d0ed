// Which CPUs the machine has.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace fathom {

// "0-3,8" -> {0, 1, 2, 3, 8}; empty optional where the text is no such list.
std::optional<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text);

// CPUs that run now, in order; {0} where the kernel does not say.
std::vector<std::uint32_t> online_cpus();

// How many CPUs could ever run: the number of slots of a per-CPU map value. At least 1.
std::uint32_t possible_cpu_count();

}  // namespace fathom
