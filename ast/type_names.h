// Types that every script can name without asking the kernel: the script's own spellings (uint64, bool) and C's (unsigned long, u32).
#pragma once

#include <optional>
#include <string_view>

#include "ast/types.h"

namespace fathom {

// The type that these words (single blanks between them) name; sizes are those of 64-bit Linux. Empty for all other names.
std::optional<Type> plain_type(std::string_view words);

}  // namespace fathom
