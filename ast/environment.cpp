// A table of numbers, and the one word.
#include "ast/environment.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <string_view>

namespace fathom {

namespace {

struct Row {
  const char* name;
  const char* old_name;
  std::uint32_t Settings::*member;
  std::uint32_t least;
  std::uint32_t most;
};

constexpr Row rows[] = {
    {"BPFTRACE_MAX_STRLEN", "BPFTRACE_STRLEN", &Settings::max_strlen, 1, 16384},
    {"BPFTRACE_MAX_MAP_KEYS", "BPFTRACE_MAP_KEYS_MAX", &Settings::max_map_keys, 1, 16u << 20},
    {"BPFTRACE_MAX_PROBES", nullptr, &Settings::max_probes, 1, 1u << 20},
};

constexpr std::uint32_t page_bytes = 4096;
constexpr std::uint32_t max_ring_pages = 1u << 18;

Result<std::uint32_t> number(const char* name, std::string_view text, std::uint32_t least, std::uint32_t most) {
  std::uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
    return fail(fmt::format("`{}` is no value for {}", text, name), fmt::format("it takes a number from {} to {}", least, most));
  }
  return value;
}

}  // namespace

Result<void> apply_environment(Settings& settings, const std::function<const char*(const char*)>& get) {
  for (const Row& row : rows) {
    for (const char* name : {row.old_name, row.name}) {
      const char* text = name == nullptr ? nullptr : get(name);
      if (text == nullptr) continue;
      auto value = number(name, text, row.least, row.most);
      if (!value) return std::unexpected(value.error());
      settings.*row.member = *value;
    }
  }
  if (const char* text = get("BPFTRACE_PERF_RB_PAGES")) {
    auto pages = number("BPFTRACE_PERF_RB_PAGES", text, 1, max_ring_pages);
    if (!pages) return std::unexpected(pages.error());
    settings.ring_bytes = std::bit_ceil(*pages) * page_bytes;
  }
  if (const char* text = get("BPFTRACE_MISSING_PROBES")) {
    std::string_view word = text;
    if (word == "error") settings.missing_probes = MissingProbes::error;
    else if (word == "warn") settings.missing_probes = MissingProbes::warn;
    else if (word == "ignore") settings.missing_probes = MissingProbes::ignore;
    else return fail(fmt::format("`{}` is no value for BPFTRACE_MISSING_PROBES", text), "it takes error, warn or ignore");
  }
  return {};
}

}  // namespace fathom
