// What about targets needs no machine: globs, and members of structs.
#include "ast/target.h"

namespace fathom {

namespace {

// Whether `c` is in the class that opens at pattern[at] ('['); moves `at` behind the closing bracket. A bracket that never closes
// stands for itself.
bool class_match(std::string_view pattern, std::size_t& at, char c) {
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  const std::size_t end = pattern.find(']', i + 1);  // a bracket that comes first belongs to the class
  if (i >= pattern.size() || end == std::string_view::npos) return pattern[at++] == c;
  bool found = false;
  while (i < end) {
    const bool range = i + 2 < end && pattern[i + 1] == '-';
    const char last = range ? pattern[i + 2] : pattern[i];
    found = found || (pattern[i] <= c && c <= last);
    i += range ? 3 : 1;
  }
  at = end + 1;
  return found != negated;
}

// Whether one character matches the pattern's element at `at`, which is moved behind it.
bool element_match(std::string_view pattern, std::size_t& at, char c) {
  if (pattern[at] == '[') return class_match(pattern, at, c);
  const char wanted = pattern[at++];
  return wanted == '?' || wanted == c;
}

}  // namespace

std::optional<StructMember> member_of(const StructLayout& layout, std::string_view name, const Target& target) {
  if (const StructMember* direct = layout.find(name)) return *direct;
  for (const StructMember& member : layout.members) {
    if (!member.name.empty() || !member.type.is_structure()) continue;
    auto inner = member.type.layout() ? member.type.layout() : target.layout(member.type);
    if (!inner) continue;
    if (auto found = member_of(*inner, name, target)) {
      found->offset += member.offset;
      return found;
    }
  }
  return std::nullopt;
}

// Only the last `*` is ever reconsidered, so the time is at most pattern times name.
bool glob_match(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0;
  std::size_t after_star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      resume = n;
    } else if (p < pattern.size() && element_match(pattern, p, name[n])) {
      ++n;
    } else if (after_star != std::string_view::npos) {
      p = after_star;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_glob(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

}  // namespace fathom
