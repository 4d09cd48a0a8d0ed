// What the C part of a script defines: types by name, and enumerators.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "ast/target.h"
#include "ast/types.h"

namespace fathom {

// A type with what C has to know about it and a value of the language has not.
struct CType {
  Type type;
  std::uint32_t alignment = 1;
  bool is_complete = true;   // false: `void`, and a struct that was only named
  bool is_function = false;  // then `type` is none
};

struct Declarations {
  std::map<std::string, CType, std::less<>> tags;      // "struct foo", "union bar", "enum color"
  std::map<std::string, CType, std::less<>> typedefs;
  std::map<std::string, std::pair<std::int64_t, Type>, std::less<>> enumerators;
  std::map<std::string, std::shared_ptr<const StructLayout>, std::less<>> layouts;  // "struct foo"

  bool empty() const { return tags.empty() && typedefs.empty() && enumerators.empty(); }
};

// Gives pointers to structs that were defined behind them the sizes of those.
void fill_in_sizes(Declarations& declarations);

// The alignment that C gives a type of the machine, computed from where its members lie.
std::uint32_t c_alignment(const Type& type, const Target& machine);

}  // namespace fathom
