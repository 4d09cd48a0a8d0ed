// Flags of the kernel's memory allocator as names, for `%gr`.
#pragma once

#include <cstdint>
#include <string>

namespace fathom {

// Names joined by `|` as the kernel's own tracing writes them, usual combinations first; bits without a name as one number at the end.
std::string gfp_flags_text(std::uint64_t flags);

}  // namespace fathom
