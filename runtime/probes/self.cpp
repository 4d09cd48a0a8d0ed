// self: signals that fathom itself gets. The session runs the probe, so it attaches to nothing.
#include <fmt/format.h>

#include "runtime/probes/provider.h"

namespace fathom {

namespace {

constexpr std::string_view kind = "signal";
constexpr std::string_view signal_name = "SIGUSR1";

std::string text_of() { return fmt::format("{}:{}:{}", self_probe.name, kind, signal_name); }

Parsed parse(std::span<const std::string> parts) {
  const std::string form = fmt::format("write it as `{}`", text_of());
  if (parts.empty() || parts[0] != kind) return std::unexpected(AttachPointProblem{"self knows signals only", form, parts.empty() ? 0u : 1u});
  if (parts.size() < 2 || parts[1].empty()) return bad_part(1, "the signal is missing", form);
  if (parts.size() > 2) return bad_part(2, "self takes `signal` and a signal's name, and nothing more", form);
  if (parts[1] != signal_name) return bad_part(1, fmt::format("`{}` is not a signal that scripts can wait for", parts[1]), form);
  AttachPoint point;
  point.provider = self_probe.name;
  point.target = parts[1];
  point.text = text_of();
  return point;
}

Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target&, bool) {
  if (!glob_match(glob_at(parts, 0), kind) || !glob_match(glob_at(parts, 1), signal_name)) return std::vector<ListedProbe>();
  return std::vector<ListedProbe>{{text_of(), {}}};
}

}  // namespace

const ProbeType self_probe = {
    .name = "self",
    .aliases = {},
    .syntax = "self:signal:SIGUSR1",
    .doc = "Runs when fathom gets the signal SIGUSR1.",
    .program = ProgramKind::raw_tracepoint,
    .moment = Moment::signal,
    .filters_process_at_attach = true,
    .parse = parse,
    .expand = expand_to_itself,
    .context = no_context,
    .suggestions = no_suggestions,
    .list = list,
    .attach = nullptr,
};

}  // namespace fathom
