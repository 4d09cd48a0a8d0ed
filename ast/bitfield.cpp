// Bits are counted from the least significant one of a little-endian word; on a big-endian machine they are counted back.
#include "ast/bitfield.h"

#include <algorithm>
#include <bit>

namespace fathom {

void place_bitfield(StructMember& member, std::uint32_t position, std::uint32_t bits, std::uint32_t struct_size) {
  std::uint32_t size = member.type.size();
  member.bit_size = bits;
  member.offset = size == 0 ? 0 : position / (size * 8) * size;
  member.bit_offset = position - member.offset * 8;
  if (size == 0 || member.bit_offset + bits > size * 8 || member.offset + size > struct_size) {
    member.offset = position / 8;
    member.bit_offset = position % 8;
    size = std::bit_ceil((member.bit_offset + bits + 7) / 8);
    member.type = Type::integer(std::min(size, 8u), member.type.is_signed());
  }
  if constexpr (std::endian::native == std::endian::big) member.bit_offset = member.type.size() * 8 - member.bit_offset - bits;
}

}  // namespace fathom
