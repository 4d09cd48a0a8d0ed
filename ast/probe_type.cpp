// Finding a probe type by name and cutting an attach point into its parts.
#include "ast/probe_type.h"

#include <algorithm>

namespace fathom {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

}  // namespace

// The canonical name is compared in any case, and so are aliases of more than one letter: `U` and `u` are two probe types.
const ProbeType* find_probe_type(ProbeTypes types, std::string_view name) {
  for (const ProbeType* type : types) {
    if (equal_ignoring_case(type->name, name)) return type;
    for (std::string_view alias : type->aliases) {
      if (alias.size() == 1 ? alias == name : equal_ignoring_case(alias, name)) return type;
    }
  }
  return nullptr;
}

std::vector<std::string> split_attach_point(std::string_view text) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\' && i + 1 < text.size()) {
      parts.back() += text[++i];
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == ':' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += text[i];
    }
  }
  return parts;
}

}  // namespace fathom
