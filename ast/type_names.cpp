// The table of plain type spellings.
#include "ast/type_names.h"

namespace fathom {

namespace {

struct Row {
  std::string_view name;
  std::uint8_t size;  // bytes
  bool is_signed;
};

constexpr Row rows[] = {
    // the script's own
    {"int8", 1, true}, {"int16", 2, true}, {"int32", 4, true}, {"int64", 8, true},
    {"uint8", 1, false}, {"uint16", 2, false}, {"uint32", 4, false}, {"uint64", 8, false},
    // C
    {"char", 1, true}, {"signed char", 1, true}, {"unsigned char", 1, false},
    {"short", 2, true}, {"short int", 2, true}, {"unsigned short", 2, false}, {"unsigned short int", 2, false},
    {"short unsigned int", 2, false}, {"int", 4, true}, {"signed int", 4, true}, {"signed", 4, true},
    {"unsigned", 4, false}, {"unsigned int", 4, false},
    {"long", 8, true}, {"long int", 8, true}, {"unsigned long", 8, false}, {"unsigned long int", 8, false},
    {"long unsigned int", 8, false}, {"long long", 8, true}, {"long long int", 8, true},
    {"unsigned long long", 8, false}, {"unsigned long long int", 8, false}, {"long long unsigned int", 8, false},
    // <stdint.h>, <stddef.h>, <sys/types.h> and the kernel's
    {"int8_t", 1, true}, {"int16_t", 2, true}, {"int32_t", 4, true}, {"int64_t", 8, true},
    {"uint8_t", 1, false}, {"uint16_t", 2, false}, {"uint32_t", 4, false}, {"uint64_t", 8, false},
    {"size_t", 8, false}, {"ssize_t", 8, true}, {"uintptr_t", 8, false}, {"intptr_t", 8, true},
    {"pid_t", 4, true}, {"uid_t", 4, false}, {"gid_t", 4, false}, {"mode_t", 4, false}, {"umode_t", 2, false}, {"off_t", 8, true},
    {"s8", 1, true}, {"s16", 2, true}, {"s32", 4, true}, {"s64", 8, true},
    {"u8", 1, false}, {"u16", 2, false}, {"u32", 4, false}, {"u64", 8, false},
    {"__s8", 1, true}, {"__s16", 2, true}, {"__s32", 4, true}, {"__s64", 8, true},
    {"__u8", 1, false}, {"__u16", 2, false}, {"__u32", 4, false}, {"__u64", 8, false},
};

}  // namespace

std::optional<Type> plain_type(std::string_view words) {
  if (words == "void") return Type::none();
  if (words == "bool" || words == "_Bool") return Type::boolean();
  for (const Row& row : rows) {
    if (words == row.name) return Type::integer(row.size, row.is_signed);
  }
  return std::nullopt;
}

}  // namespace fathom
