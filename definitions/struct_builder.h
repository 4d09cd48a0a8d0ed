// Lays out structs and unions as the C compilers of 64-bit Linux do (System V ABI): alignment, padding, bitfields, `packed` and `aligned`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "definitions/declarations.h"

namespace fathom {

struct CAttributes {
  bool packed = false;
  std::uint32_t aligned = 0;  // 0: not given
};

struct CMember {
  std::string name;  // empty: an anonymous struct, or a bitfield that is padding
  CType type;
  std::optional<std::uint32_t> bits;  // a bitfield
  CAttributes attributes;
};

struct CStruct {
  StructLayout layout;
  std::uint32_t alignment = 1;
  // A member that no read of one word can fetch: a bitfield over more than 8 bytes. Empty: none.
  std::string unreadable;
};

// `pack`: the limit that `#pragma pack` sets, 0 for none.
CStruct lay_out(std::string name, bool is_union, const std::vector<CMember>& members, CAttributes attributes, std::uint32_t pack);

}  // namespace fathom
