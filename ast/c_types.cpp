// A table for the one-word names, and a count of words for C's own.
#include "ast/c_types.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace fathom {

namespace {

// size 0: boolean.
struct Named {
  std::string_view name;
  std::uint8_t size;
  bool is_signed;
};

// Sorted by name. Typedefs stand here when they are the same in every 64-bit kernel and common in tracepoints and system calls.
constexpr Named named_types[] = {
    {"_Bool", 0, false},
    {"__kernel_clockid_t", 4, true},
    {"__kernel_gid_t", 4, false},
    {"__kernel_long_t", 8, true},
    {"__kernel_old_time_t", 8, true},
    {"__kernel_pid_t", 4, true},
    {"__kernel_size_t", 8, false},
    {"__kernel_time_t", 8, true},
    {"__kernel_uid_t", 4, false},
    {"__kernel_ulong_t", 8, false},
    {"__s16", 2, true},
    {"__s32", 4, true},
    {"__s64", 8, true},
    {"__s8", 1, true},
    {"__u16", 2, false},
    {"__u32", 4, false},
    {"__u64", 8, false},
    {"__u8", 1, false},
    {"aio_context_t", 8, false},
    {"bool", 0, false},
    {"clockid_t", 4, true},
    {"dev_t", 4, false},
    {"gfp_t", 4, false},
    {"gid_t", 4, false},
    {"ino_t", 8, false},
    {"int16", 2, true},
    {"int16_t", 2, true},
    {"int32", 4, true},
    {"int32_t", 4, true},
    {"int64", 8, true},
    {"int64_t", 8, true},
    {"int8", 1, true},
    {"int8_t", 1, true},
    {"intptr_t", 8, true},
    {"key_serial_t", 4, true},
    {"key_t", 4, true},
    {"loff_t", 8, true},
    {"mqd_t", 4, true},
    {"off_t", 8, true},
    {"pid_t", 4, true},
    {"ptrdiff_t", 8, true},
    {"qid_t", 4, false},
    {"rwf_t", 4, true},
    {"s16", 2, true},
    {"s32", 4, true},
    {"s64", 8, true},
    {"s8", 1, true},
    {"sector_t", 8, false},
    {"size_t", 8, false},
    {"ssize_t", 8, true},
    {"time64_t", 8, true},
    {"timer_t", 4, true},
    {"u16", 2, false},
    {"u32", 4, false},
    {"u64", 8, false},
    {"u8", 1, false},
    {"uid_t", 4, false},
    {"uint", 4, false},
    {"uint16", 2, false},
    {"uint16_t", 2, false},
    {"uint32", 4, false},
    {"uint32_t", 4, false},
    {"uint64", 8, false},
    {"uint64_t", 8, false},
    {"uint8", 1, false},
    {"uint8_t", 1, false},
    {"uintptr_t", 8, false},
    {"ulong", 8, false},
    {"umode_t", 2, false},
    {"ushort", 2, false},
};
static_assert(std::ranges::is_sorted(named_types, {}, &Named::name));

std::optional<Type> named_type(std::string_view name) {
  const Named* found = std::ranges::lower_bound(named_types, name, {}, &Named::name);
  if (found == std::end(named_types) || found->name != name) return std::nullopt;
  return found->size == 0 ? Type::boolean() : Type::integer(found->size, found->is_signed);
}

// How often each of C's words was seen.
struct Words {
  unsigned chars = 0, shorts = 0, ints = 0, longs = 0, with_sign = 0, without_sign = 0;

  // False where the word is none of C's.
  bool add(std::string_view word) {
    if (word == "char")
      ++chars;
    else if (word == "short")
      ++shorts;
    else if (word == "int")
      ++ints;
    else if (word == "long")
      ++longs;
    else if (word == "signed")
      ++with_sign;
    else if (word == "unsigned")
      ++without_sign;
    else
      return false;
    return true;
  }

  std::optional<Type> type() const {
    if (with_sign + without_sign > 1 || ints > 1 || shorts > 1 || longs > 2 || chars > 1) return std::nullopt;
    if (chars != 0 && shorts + ints + longs != 0) return std::nullopt;
    if (shorts != 0 && longs != 0) return std::nullopt;
    const std::uint32_t size = chars != 0 ? 1 : shorts != 0 ? 2 : longs != 0 ? 8 : 4;
    return Type::integer(size, without_sign == 0);
  }
};

}  // namespace

std::optional<Type> c_integer_type(std::string_view spelling) {
  Words words;
  std::string_view name;
  std::size_t count = 0;
  for (std::size_t at = 0; at < spelling.size();) {
    if (spelling[at] == ' ' || spelling[at] == '\t') {
      ++at;
      continue;
    }
    const std::string_view word = spelling.substr(at, spelling.find_first_of(" \t", at) - at);
    at += word.size();
    if (word == "const" || word == "volatile") continue;
    ++count;
    if (!words.add(word)) name = word;
  }
  if (count == 0) return std::nullopt;
  if (name.empty()) return words.type();
  return count == 1 ? named_type(name) : std::nullopt;
}

}  // namespace fathom
