// The spellings of integers that need no look at the machine: C's own ("unsigned long", "char"), the kernel's short names and typedefs
// that every kernel has ("u32", "pid_t", "loff_t"), and the script's ("int8" … "uint64", "bool"). Sizes are those of 64-bit Linux.
#pragma once

#include <optional>
#include <string_view>

#include "ast/types.h"

namespace fathom {

// The type of an integer spelling: words in any legal order, `const`, `volatile` and repeated blanks ignored. Empty where the text names
// no such type ("struct foo", "double", "u32 *"). `char` is signed on every machine, so that a script means the same everywhere.
std::optional<Type> c_integer_type(std::string_view spelling);

}  // namespace fathom
