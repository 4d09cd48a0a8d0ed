// Look-ups by name, the script's first.
#include "definitions/script_types.h"

#include <algorithm>

#include "definitions/constants.h"

namespace fathom {

namespace {

// "const struct  foo" -> "struct foo".
std::string plain(std::string_view name) {
  std::string text;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t begin = name.find_first_not_of(" \t\n", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(name.find_first_of(" \t\n", begin), name.size());
    const std::string_view word = name.substr(begin, end - begin);
    at = end;
    if (word == "const" || word == "volatile") continue;
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

std::optional<Type> find(const Declarations& declarations, const std::string& name) {
  if (const auto own = declarations.tags.find(name); own != declarations.tags.end() && own->second.is_complete) return own->second.type;
  if (const auto own = declarations.typedefs.find(name); own != declarations.typedefs.end()) return own->second.type;
  return std::nullopt;
}

}  // namespace

std::optional<Type> ScriptTypes::find_type(std::string_view name) const {
  if (!declarations_.empty()) {
    if (std::optional<Type> own = find(declarations_, plain(name))) return own;
  }
  if (std::optional<Type> found = machine_.find_type(name)) return found;
  return find(headers_.declarations(machine_), plain(name));
}

std::shared_ptr<const StructLayout> ScriptTypes::layout(const Type& structure) const {
  if (structure.layout()) return structure.layout();
  if (!declarations_.layouts.empty() && !structure.name().empty()) {
    const auto own = declarations_.layouts.find((structure.is_union() ? "union " : "struct ") + structure.name());
    if (own != declarations_.layouts.end()) return own->second;
  }
  if (auto found = machine_.layout(structure)) return found;
  const Declarations& late = headers_.declarations(machine_);
  const auto found = late.layouts.find((structure.is_union() ? "union " : "struct ") + structure.name());
  return found == late.layouts.end() ? nullptr : found->second;
}

std::vector<std::string> ScriptTypes::struct_names() const {
  std::vector<std::string> names = machine_.struct_names();
  for (const auto& [name, type] : declarations_.tags) {
    if (type.type.is_structure()) names.push_back(name);
  }
  for (const auto& [name, type] : declarations_.typedefs) names.push_back(name);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

std::optional<std::pair<std::int64_t, Type>> ScriptTypes::enumerator(std::string_view name) const {
  if (const auto own = declarations_.enumerators.find(name); own != declarations_.enumerators.end()) return own->second;
  if (const std::optional<std::int64_t> known = known_constant(name)) return std::pair(*known, Type::int64());
  if (auto found = machine_.enumerator(name)) return found;
  if (const std::optional<std::int64_t> known = known_enumerator(name)) return std::pair(*known, Type::int64());
  if (const std::optional<std::int64_t> late = headers_.constant(name, machine_)) return std::pair(*late, Type::int64());
  return std::nullopt;
}

}  // namespace fathom
