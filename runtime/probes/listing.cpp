// Patterns of -l.
#include "runtime/probes/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "ast/diagnostics.h"

namespace fathom {

namespace {

std::string lower(std::string_view text) {
  std::string result;
  for (char c : text) result += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return result;
}

bool provider_matches(const ProbeType& type, std::string_view pattern) {
  if (glob_match(pattern, type.name)) return true;
  return std::ranges::any_of(type.aliases, [&](std::string_view alias) { return alias == pattern; });
}

Error no_such_provider(ProbeTypes types, const std::string& provider) {
  if (const RemovedProbeType* removed = find_removed_probe_type(provider)) {
    return {fmt::format("probe type `{}` was removed from the language", removed->canonical), std::string(removed->instead), 0};
  }
  std::vector<std::string> names;
  for (const ProbeType* type : types) names.emplace_back(type->name);
  std::string help = did_you_mean(provider, names);
  if (help.empty()) help = fmt::format("there are {}", fmt::join(names, ", "));
  return {fmt::format("unknown probe type `{}`", provider), help, 0};
}

// Whether it is only not shown to this user.
bool is_withheld(const Error& error) { return error.system_error == EPERM || error.system_error == EACCES; }

// What of one provider contains the text. Arguments are asked for only where the name fits, because each costs a look at the machine.
Result<std::vector<ListedProbe>> containing(const ProbeType& type, std::string_view text, const Target& target, bool with_arguments) {
  auto listed = type.list({}, target, false);
  if (!listed) return listed;
  const std::string wanted = fmt::format("*{}*", text);
  std::erase_if(*listed, [&](const ListedProbe& probe) { return !text.empty() && !glob_match(wanted, probe.text); });
  for (ListedProbe& probe : *listed) {
    if (!with_arguments) break;
    const std::vector<std::string> parts = split_attach_point(probe.text);
    const auto whole = type.list(std::span<const std::string>(parts).subspan(1), target, true);
    if (whole && whole->size() == 1) probe = whole->front();
  }
  return listed;
}

}  // namespace

Result<ListedProbes> list_probes(ProbeTypes types, std::string_view pattern, const Target& target, bool with_arguments) {
  ListedProbes all;
  std::optional<Error> problem;  // the first
  const bool anywhere = pattern.find(':') == std::string_view::npos;
  const std::vector<std::string> parts = split_attach_point(pattern);
  const std::string provider = anywhere || parts.empty() ? "*" : parts.front().size() == 1 ? parts.front() : lower(parts.front());
  bool known = false;
  for (const ProbeType* type : types) {
    if (!provider_matches(*type, provider)) continue;
    known = true;
    auto listed = anywhere ? containing(*type, pattern, target, with_arguments) : type->list(std::span<const std::string>(parts).subspan(1), target, with_arguments);
    if (listed) {
      std::ranges::move(*listed, std::back_inserter(all.probes));
      continue;
    }
    if (!problem) problem = listed.error();
    // Of a pattern for several providers not all may be able to make sense of the rest.
    if (is_withheld(listed.error())) all.withheld.push_back({fmt::format("{} probes are not listed: {}", type->name, listed.error().message), listed.error().help, 0});
  }
  if (!known) return std::unexpected(no_such_provider(types, provider));
  if (all.probes.empty() && is_glob(provider) && !all.withheld.empty()) {
    return fail(fmt::format("no attach point that is shown to this user matches `{}`", pattern), "tracepoints are shown to root alone: try `sudo fathom -l …`");
  }
  if (all.probes.empty() && problem) return std::unexpected(std::move(*problem));
  if (all.probes.empty()) return fail(fmt::format("no attach point matches `{}`", pattern), "`*` stands for any text: `fathom -l 'tracepoint:*open*'`");
  return all;
}

std::vector<std::string> split_patterns(std::string_view list) {
  std::vector<std::string> patterns(1);
  bool quoted = false;
  for (char c : list) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) {
      patterns.emplace_back();
    } else if (c != ' ' || !patterns.back().empty()) {
      patterns.back() += c;
    }
  }
  if (patterns.size() > 1) std::erase(patterns, "");
  return patterns;
}

std::string left_out(const CheckedProgram& program, const Target& target) {
  std::string text;
  for (const Wildcard& wildcard : program.wildcards) {
    const std::vector<std::string> names = wildcard.type->left_out(wildcard.pattern, target);
    if (names.empty()) continue;
    text += fmt::format("note: {} leaves out {} attach point{} that can not be traced without harm, or that tracing itself passes:\n", wildcard.pattern.text,
                        names.size(), names.size() == 1 ? "" : "s");
    for (const std::string& name : names) text += fmt::format("  {}\n", name);
  }
  return text;
}

}  // namespace fathom
