// Where a bitfield is read from.
#pragma once

#include <cstdint>

#include "ast/types.h"

namespace fathom {

// Sets offset, bit_offset and bit_size of a member of integer type that takes `bits` bits from bit `position` of its struct on. It is read as
// its declared type where that lies within the struct, else (packed structs) as the fewest bytes that hold it; its type then changes.
void place_bitfield(StructMember& member, std::uint32_t position, std::uint32_t bits, std::uint32_t struct_size);

}  // namespace fathom
