// Look-up of builtin rows by name. A row's name is the second word of its prototype; it is cut out here without reading the rest,
// because every bare word and every call of a script comes through.
#include "ast/builtin.h"

namespace fathom {

namespace {

std::string_view name_in(std::string_view prototype) {
  constexpr std::string_view blanks = " \t\n";
  std::size_t result = prototype.find_first_not_of(blanks);
  if (result == std::string_view::npos) return {};
  std::size_t gap = prototype.find_first_of(blanks, result);
  std::size_t begin = gap == std::string_view::npos ? gap : prototype.find_first_not_of(blanks, gap);
  if (begin == std::string_view::npos) return {};
  return prototype.substr(begin, prototype.find_first_of(" \t\n(", begin) - begin);
}

// A row named `argN` stands for arg0, arg1, ….
bool is_named(std::string_view row, std::string_view name) {
  if (!row.ends_with('N')) return row == name;
  std::string_view stem = row.substr(0, row.size() - 1);
  if (!name.starts_with(stem) || name.size() == stem.size()) return false;
  std::string_view digits = name.substr(stem.size());
  return digits.size() <= 3 && digits.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

const Builtin* find_builtin(BuiltinFamilies families, std::string_view name) {
  if (name.empty()) return nullptr;
  for (const BuiltinFamily& family : families) {
    for (const Builtin& row : family.rows) {
      if (is_named(name_in(row.prototype), name)) return &row;
    }
  }
  return nullptr;
}

std::vector<std::string> builtin_names(BuiltinFamilies families) {
  std::vector<std::string> names;
  for (const BuiltinFamily& family : families) {
    for (const Builtin& row : family.rows) names.emplace_back(name_in(row.prototype));
  }
  return names;
}

}  // namespace fathom
