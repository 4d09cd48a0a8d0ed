// The shared parts of parsing attach points.
#include "runtime/probes/provider.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "ast/number.h"

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

std::optional<std::string> glued_predicate(std::string_view part) {
  const std::size_t slash = part.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  return fmt::format("put a blank before the predicate: `{} {}`", part.substr(0, slash), part.substr(slash));
}

std::optional<AttachPointProblem> name_problem(std::span<const std::string> parts, std::size_t index, std::string_view what,
                                               std::string_view syntax, Globs globs) {
  const std::string_view part = index < parts.size() ? std::string_view(parts[index]) : std::string_view();
  const std::string form = fmt::format("write it as `{}`", syntax);
  if (part.empty()) return AttachPointProblem{fmt::format("{} is missing", what), form, std::min(index + 1, parts.size())};
  if (auto help = glued_predicate(part)) return AttachPointProblem{fmt::format("`{}` is not {}", part, what), std::move(*help), index + 1};
  for (const char c : part) {
    if (is_name_character(c) || (globs == Globs::allowed && is_glob_character(c))) continue;
    if (is_glob_character(c)) return AttachPointProblem{fmt::format("{} can not hold wildcards", what), form, index + 1};
    return AttachPointProblem{fmt::format("`{}` is not {}", part, what), form, index + 1};
  }
  return std::nullopt;
}

std::optional<std::uint64_t> attach_point_number(std::string_view text) {
  if (text.find_first_not_of("0123456789_e") != std::string_view::npos) return std::nullopt;  // units and suffixes
  const auto value = parse_number(text);
  if (!value || *value == 0 || *value > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  return *value;
}

std::string number_problem(std::string_view text) {
  const bool has_digits_only = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  const bool is_zero = text.find_first_not_of('0') == std::string_view::npos;
  return fmt::format("`{}` is {}", text, has_digits_only && !is_zero ? "too large a number" : "not a positive number");
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
