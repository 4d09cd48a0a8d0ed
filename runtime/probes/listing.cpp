// Patterns of -l.
#include "runtime/probes/listing.h"

#include <fmt/format.h>

#include <algorithm>

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

}  // namespace

Result<std::vector<ListedProbe>> list_probes(ProbeTypes types, std::string_view pattern, const Target& target, bool with_arguments) {
  std::vector<ListedProbe> all;
  bool anywhere = pattern.find(':') == std::string_view::npos;
  std::vector<std::string> parts = split_attach_point(pattern);
  std::string provider = anywhere || parts.empty() ? "*" : lower(parts.front());
  std::string wanted = fmt::format("*{}*", pattern);
  bool known = false;
  for (const ProbeType* type : types) {
    if (!provider_matches(*type, provider)) continue;
    known = true;
    std::span<const std::string> rest = anywhere ? std::span<const std::string>() : std::span<const std::string>(parts).subspan(1);
    auto listed = type->list(rest, target, with_arguments && !anywhere);
    if (!listed) return std::unexpected(listed.error());
    for (ListedProbe& probe : *listed) {
      if (anywhere && !pattern.empty() && !glob_match(wanted, probe.text)) continue;
      all.push_back(std::move(probe));
    }
  }
  if (!known) {
    if (std::string_view missing = known_but_missing(provider); !missing.empty()) return fail(fmt::format("probe type `{}` is not supported yet", missing));
    std::vector<std::string> names;
    for (const ProbeType* type : types) names.emplace_back(type->name);
    return fail(fmt::format("unknown probe type `{}`", provider), did_you_mean(provider, names));
  }
  if (all.empty()) return fail(fmt::format("no attach point matches `{}`", pattern), "`*` stands for any text: `fathom -l 'tracepoint:*open*'`");
  return all;
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
