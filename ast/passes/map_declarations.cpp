// See the header. Whether each CPU has values of its own follows from what the map holds, whatever the declaration says.
#include "ast/passes/map_declarations.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace fathom {

namespace {

constexpr std::uint64_t most_elements = 16u << 20;

struct Row {
  std::string_view name;
  bool evicts;
};
constexpr Row rows[] = {{"hash", false}, {"lruhash", true}, {"percpuhash", false}, {"percpulruhash", true}};

}  // namespace

void apply_map_declarations(CheckedProgram& program, Diagnostics& diagnostics) {
  std::map<std::string, Range> seen;
  for (const ast::MapDeclaration& declared : program.program->map_declarations) {
    auto row = std::ranges::find(rows, declared.type, &Row::name);
    if (row == std::end(rows)) {
      std::vector<std::string> names;
      for (const Row& known : rows) names.emplace_back(known.name);
      std::string help = did_you_mean(declared.type, names);
      diagnostics.report<DiagnosticId::unknown_map_type>(declared.type_range, declared.type)
          .with_help(help.empty() ? "there are hash, lruhash, percpuhash and percpulruhash" : help);
      continue;
    }
    if (declared.size == 0 || declared.size > most_elements) {
      diagnostics.report<DiagnosticId::argument_value>(declared.size_range,
                                                       fmt::format("a map holds 1 to {} elements, not {}", most_elements, declared.size));
      continue;
    }
    auto [first, is_first] = seen.try_emplace(declared.name, declared.name_range);
    if (!is_first) {
      diagnostics.report<DiagnosticId::repeated_item>(declared.name_range, "map", "@" + declared.name).label(first->second, "first defined here");
    }
    auto map = std::ranges::find(program.maps, declared.name, &CheckedMap::name);
    if (map == program.maps.end()) {
      if (!diagnostics.has_errors()) diagnostics.report<DiagnosticId::unused_map>(declared.name_range, declared.name);
      continue;
    }
    map->declared_size = static_cast<std::uint32_t>(declared.size);
    map->evicts = row->evicts;
  }
}

}  // namespace fathom
