// The shared parts of parsing attach points.
#include "runtime/probes/provider.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace fathom {

namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

bool is_glob_character(char c) { return c == '*' || c == '?' || c == '[' || c == ']' || c == '!' || c == '^'; }

}  // namespace

std::unexpected<AttachPointProblem> bad_part(std::size_t index, std::string message, std::string help) {
  return std::unexpected(AttachPointProblem{std::move(message), std::move(help), index + 1});
}

std::optional<AttachPointProblem> name_problem(std::span<const std::string> parts, std::size_t index, std::string_view what,
                                               std::string_view syntax, Globs globs) {
  const std::string_view part = index < parts.size() ? std::string_view(parts[index]) : std::string_view();
  const std::string form = fmt::format("write it as `{}`", syntax);
  if (part.empty()) return AttachPointProblem{fmt::format("{} is missing", what), form, std::min(index + 1, parts.size())};
  if (const std::size_t slash = part.find('/'); slash != std::string_view::npos && slash != 0) {
    return AttachPointProblem{fmt::format("`{}` is not {}", part, what),
                              fmt::format("put a blank before the predicate: `{} {}`", part.substr(0, slash), part.substr(slash)),
                              index + 1};
  }
  for (const char c : part) {
    if (is_name_character(c) || (globs == Globs::allowed && is_glob_character(c))) continue;
    if (is_glob_character(c)) return AttachPointProblem{fmt::format("{} can not hold wildcards", what), form, index + 1};
    return AttachPointProblem{fmt::format("`{}` is not {}", part, what), form, index + 1};
  }
  return std::nullopt;
}

std::optional<std::uint64_t> attach_point_number(std::string_view text) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '_' && i + 1 < text.size() && text[i + 1] != '_') continue;
    if (c == 'e' && i == 1) {  // MeN: one digit, then a power of ten
      unsigned power = 0;
      const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), power);
      if (error != std::errc() || end != text.data() + text.size() || power > 18) return std::nullopt;
      for (; power > 0; --power) {
        if (value > most / 10) return std::nullopt;
        value *= 10;
      }
      break;
    }
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (most - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  if (value == 0) return std::nullopt;
  return value;
}

std::string_view glob_at(std::span<const std::string> parts, std::size_t index) {
  return index < parts.size() && !parts[index].empty() ? std::string_view(parts[index]) : std::string_view("*");
}

Result<std::vector<AttachPoint>> expand_to_itself(const AttachPoint& pattern, const Target&) { return std::vector{pattern}; }

Result<Context> no_context(const AttachPoint&, const Target&) { return Context(); }

Result<Context> perf_event_context(const AttachPoint&, const Target&) {
  Context context;
  context.has_registers = true;
  return context;
}

std::vector<std::string> no_suggestions(const AttachPoint&, const Target&) { return {}; }

}  // namespace fathom
