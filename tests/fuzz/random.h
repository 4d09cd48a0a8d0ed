// Random choices that are the same on every machine for the same seed; the standard library's distributions are not.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace fathom::fuzz {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  // 0 … limit-1; 0 where limit is 0.
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(engine_() % limit); }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + static_cast<std::int64_t>(below(static_cast<std::size_t>(high - low + 1))); }
  bool percent(unsigned chance) { return below(100) < chance; }

  template <typename T>
  const T& of(const std::vector<T>& list) {
    return list[below(list.size())];
  }
  // One of the words of a text, which are separated by blanks.
  std::string word(std::string_view words);

 private:
  std::mt19937_64 engine_;
};

inline std::string Random::word(std::string_view words) {
  std::size_t count = 1;
  for (char c : words) count += c == ' ' ? 1 : 0;
  std::size_t wanted = below(count);
  std::size_t begin = 0;
  for (; wanted > 0; --wanted) begin = words.find(' ', begin) + 1;
  return std::string(words.substr(begin, words.find(' ', begin) - begin));
}

}  // namespace fathom::fuzz
