// Looks through the tables. They are walked only for names that nothing else explains, so that sorting them is not worth a rule.
#include "definitions/constants.h"

namespace fathom {

namespace {

std::optional<std::int64_t> find(std::span<const Constant> table, std::string_view name) {
  for (const Constant& constant : table) {
    if (constant.name == name) return constant.value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> known_constant(std::string_view name) {
  for (const std::span<const Constant> table : {socket_constants, network_constants, file_constants, error_constants, signal_constants,
                                                process_constants, memory_constants, limit_constants}) {
    if (const std::optional<std::int64_t> value = find(table, name)) return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> known_enumerator(std::string_view name) { return find(kernel_enumerators, name); }

}  // namespace fathom
