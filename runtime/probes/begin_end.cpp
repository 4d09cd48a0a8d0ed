// begin and end: run once each by the session itself, before the first and after the last other probe; so they attach to nothing.
#include "runtime/probes/provider.h"

namespace fathom {

namespace {

Parsed parse_moment(std::span<const std::string> parts, std::string_view name) {
  const bool tolerated = parts.size() == 1 && (parts[0].empty() || parts[0] == "*");  // `BEGIN:*` of old scripts
  if (!parts.empty() && !tolerated) {
    return bad_part(0, std::string(name) + " takes no event", "write it as `" + std::string(name) + "`");
  }
  AttachPoint point;
  point.provider = name;
  point.text = name;
  return point;
}

Parsed parse_begin(std::span<const std::string> parts) { return parse_moment(parts, "begin"); }
Parsed parse_end(std::span<const std::string> parts) { return parse_moment(parts, "end"); }

// A pattern with an event, such as `*:sched:*`, is about others.
std::vector<ListedProbe> list_moment(std::span<const std::string> parts, std::string_view name) {
  if (!parts.empty() && !parts[0].empty() && (parts.size() > 1 || parts[0] != "*")) return {};
  return {{std::string(name), {}}};
}
Result<std::vector<ListedProbe>> list_begin(std::span<const std::string> parts, const Target&, bool) { return list_moment(parts, begin_probe.name); }
Result<std::vector<ListedProbe>> list_end(std::span<const std::string> parts, const Target&, bool) { return list_moment(parts, end_probe.name); }

}  // namespace

const ProbeType begin_probe = {
    .name = "begin",
    .aliases = {},
    .syntax = "begin",
    .doc = "Runs once, before any other probe is attached.",
    .program = ProgramKind::raw_tracepoint,
    .moment = Moment::begin,
    .filters_process_at_attach = true,  // belongs to no process
    .parse = parse_begin,
    .expand = expand_to_itself,
    .context = no_context,
    .suggestions = no_suggestions,
    .list = list_begin,
    .attach = nullptr,
};

const ProbeType end_probe = {
    .name = "end",
    .aliases = {},
    .syntax = "end",
    .doc = "Runs once, after every other probe is detached.",
    .program = ProgramKind::raw_tracepoint,
    .moment = Moment::end,
    .filters_process_at_attach = true,
    .parse = parse_end,
    .expand = expand_to_itself,
    .context = no_context,
    .suggestions = no_suggestions,
    .list = list_end,
    .attach = nullptr,
};

}  // namespace fathom
