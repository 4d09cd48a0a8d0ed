// test and bench: probes that wait for nothing. The session runs them itself: each test once, each benchmark often enough to know its cost.
#include <fmt/format.h>

#include "runtime/probes/provider.h"

namespace fathom {

namespace {

Parsed parse_trial(std::span<const std::string> parts, std::string_view provider) {
  const std::string form = fmt::format("write it as `{}:NAME`", provider);
  if (parts.empty() || parts[0].empty()) return bad_part(0, fmt::format("the {} has no name", provider), form);
  if (parts.size() > 1) return bad_part(1, fmt::format("{} takes a name, and nothing more", provider), form);
  AttachPoint point;
  point.provider = provider;
  point.function = parts[0];
  point.text = fmt::format("{}:{}", provider, parts[0]);
  return point;
}

Parsed parse_test(std::span<const std::string> parts) { return parse_trial(parts, test_probe.name); }
Parsed parse_bench(std::span<const std::string> parts) { return parse_trial(parts, bench_probe.name); }

// Only a script has them.
Result<std::vector<ListedProbe>> list_nothing(std::span<const std::string>, const Target&, bool) { return std::vector<ListedProbe>(); }

}  // namespace

const ProbeType test_probe = {
    .name = "test",
    .aliases = {},
    .syntax = "test:NAME",
    .doc = "Runs once with --test, and passes if it returns nothing or 0 and no exit() tells of a failure.",
    .program = ProgramKind::raw_tracepoint,
    .moment = Moment::test,
    .filters_process_at_attach = true,  // belongs to no process
    .one_program_per_point = true,
    .parse = parse_test,
    .expand = expand_to_itself,
    .context = no_context,
    .suggestions = no_suggestions,
    .list = list_nothing,
    .attach = nullptr,
};

const ProbeType bench_probe = {
    .name = "bench",
    .aliases = {},
    .syntax = "bench:NAME",
    .doc = "Runs many times with --bench, which tells what one run costs.",
    .program = ProgramKind::raw_tracepoint,
    .moment = Moment::bench,
    .filters_process_at_attach = true,
    .one_program_per_point = true,
    .parse = parse_bench,
    .expand = expand_to_itself,
    .context = no_context,
    .suggestions = no_suggestions,
    .list = list_nothing,
    .attach = nullptr,
};

}  // namespace fathom
