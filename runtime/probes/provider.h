// What several providers need: problems of attach points in one wording, and errors of attaching as sentences.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ast/probe_type.h"

namespace fathom {

// The rows, one per file.
extern const ProbeType begin_probe;
extern const ProbeType end_probe;
extern const ProbeType tracepoint_probe;
extern const ProbeType rawtracepoint_probe;
extern const ProbeType kprobe_probe;
extern const ProbeType kretprobe_probe;
extern const ProbeType uprobe_probe;
extern const ProbeType uretprobe_probe;
extern const ProbeType fentry_probe;
extern const ProbeType fexit_probe;
extern const ProbeType usdt_probe;
extern const ProbeType interval_probe;
extern const ProbeType profile_probe;
extern const ProbeType software_probe;
extern const ProbeType hardware_probe;
extern const ProbeType watchpoint_probe;
extern const ProbeType iter_probe;
extern const ProbeType self_probe;
extern const ProbeType test_probe;
extern const ProbeType bench_probe;

using Parsed = std::expected<AttachPoint, AttachPointProblem>;

// `index`: of the part in the span that parse() got; the provider's name is part 0 of an AttachPointProblem.
std::unexpected<AttachPointProblem> bad_part(std::size_t index, std::string message, std::string help);

// Why the part can not be a name: empty, a predicate glued to it, or characters that no name has. `what`: "an event name". `globs`:
// wildcards are allowed.
enum class Globs : bool { refused, allowed };
std::optional<AttachPointProblem> name_problem(std::span<const std::string> parts, std::size_t index, std::string_view what,
                                               std::string_view syntax, Globs globs);

// What to do about a part with a predicate glued to it: "a/b/" is meant as "a /b/". Empty where there is none.
std::optional<std::string> glued_predicate(std::string_view part);

// A positive number, with `_` between digits or as MeN ("1e6"). Empty for anything else and for what does not fit in 63 bits.
std::optional<std::uint64_t> attach_point_number(std::string_view text);

// What is wrong with a text that is none.
std::string number_problem(std::string_view text);

// The part at `index` as a glob for listing; "*" where it is missing or empty.
std::string_view glob_at(std::span<const std::string> parts, std::size_t index);

// expand() of providers without wildcards, and suggestions() of those that have none.
Result<std::vector<AttachPoint>> expand_to_itself(const AttachPoint& pattern, const Target& target);
Result<Context> no_context(const AttachPoint& point, const Target& target);
// Of programs on perf events: the registers of what was interrupted.
Result<Context> perf_event_context(const AttachPoint& point, const Target& target);
std::vector<std::string> no_suggestions(const AttachPoint& pattern, const Target& target);

// "can not attach POINT: " and what the error number means here, with what to do about it.
Error attach_error(const AttachPoint& point, int system_error);

}  // namespace fathom
