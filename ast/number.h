// Integers as text, in every form that scripts and their parameters may use.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace fathom {

enum class NumberProblem : std::uint8_t { malformed, overflow };

// 42, 0x2a, 052, 0b101, 1_000, 1e6, 42ull, and durations in ns (10ms); no sign.
std::expected<std::uint64_t, NumberProblem> parse_number(std::string_view text);

struct SignedNumber {
  std::uint64_t value = 0;  // two's complement
  bool is_negative = false;
};

// A positional parameter: the same with an optional sign. Empty where it is none.
std::optional<SignedNumber> parse_parameter(std::string_view text);

// The text from byte `offset` on; empty where that is behind its end.
std::string_view suffix(std::string_view text, std::int64_t offset);

}  // namespace fathom
