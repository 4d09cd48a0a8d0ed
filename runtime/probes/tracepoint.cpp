// tracepoint: the kernel's documented events, with named fields. Attached through a perf event of the tracepoint's id.
#include <linux/perf_event.h>

#include <fmt/format.h>

#include "runtime/probes/attach.h"
#include "runtime/probes/provider.h"
#include "runtime/probes/syscalls.h"
#include "runtime/probes/tracepoint_fields.h"
#include "runtime/tracepoint_format.h"

namespace fathom {

namespace {

// Arguments of system calls point into the calling process, those of other events into the kernel.
constexpr std::string_view syscall_category = "syscalls";

AttachPoint make_point(std::string_view category, std::string_view event) {
  AttachPoint point;
  point.provider = tracepoint_probe.name;
  point.target = category;
  point.function = event;
  point.text = fmt::format("{}:{}:{}", point.provider, category, event);
  return point;
}

Parsed parse(std::span<const std::string> parts) {
  const std::string_view syntax = tracepoint_probe.syntax;
  if (const auto problem = name_problem(parts, 0, "a tracepoint category", syntax, Globs::allowed)) return std::unexpected(*problem);
  if (auto problem = name_problem(parts, 1, "a tracepoint event", syntax, Globs::allowed)) {
    if (parts.size() == 1) problem->help += fmt::format("; `fathom -l 'tracepoint:*:{}*'` finds the category of an event", parts[0]);
    return std::unexpected(*problem);
  }
  if (parts.size() > 2)
    return bad_part(2, "tracepoint takes a category and an event, and nothing more", fmt::format("write it as `{}`", syntax));
  return make_point(parts[0], parts[1]);
}

Result<std::vector<AttachPoint>> expand(const AttachPoint& pattern, const Target& target) {
  const Result<std::vector<TracepointName>> names = target.tracepoints(pattern.target, pattern.function);
  if (!names) return std::unexpected(names.error());
  std::vector<AttachPoint> points;
  for (const TracepointName& name : *names) points.push_back(make_point(name.category, name.event));
  return points;
}

Result<Context> context(const AttachPoint& point, const Target& target) {
  const Result<TracepointFormat> format = target.tracepoint_format(point.target, point.function);
  if (!format) return std::unexpected(format.error());
  const AddressSpace pointers = point.target == syscall_category ? AddressSpace::user : AddressSpace::kernel;
  Context result;
  for (const TracepointField& field : format->fields) {
    if (std::optional<ContextField> read = context_field(field, pointers, target)) result.fields.push_back(std::move(*read));
  }
  return result;
}

std::vector<std::string> suggestions(const AttachPoint&, const Target& target) {
  std::vector<std::string> texts;
  for (const TracepointName& name : target.tracepoints("*", "*").value_or(std::vector<TracepointName>())) {
    texts.push_back(make_point(name.category, name.event).text);
  }
  return texts;
}

Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target& target, bool with_arguments) {
  const Result<std::vector<TracepointName>> names = target.tracepoints(glob_at(parts, 0), glob_at(parts, 1));
  if (!names) return std::unexpected(names.error());
  std::vector<ListedProbe> listed;
  for (const TracepointName& name : *names) {
    ListedProbe& probe = listed.emplace_back();
    probe.text = make_point(name.category, name.event).text;
    if (!with_arguments) continue;
    const Result<TracepointFormat> format = target.tracepoint_format(name.category, name.event);
    if (!format) continue;  // a module may have gone since; the name alone is still worth showing
    for (const TracepointField& field : format->fields) probe.arguments.push_back(declaration(field));
  }
  return listed;
}

Result<std::vector<Link>> attach(const AttachRequest& request) {
  std::vector<Link> links;
  const int cpu = request.online_cpus.empty() ? 0 : static_cast<int>(request.online_cpus.front());
  for (std::size_t i = 0; i < request.attach_points.size(); ++i) {
    const AttachPoint& point = request.attach_points[i];
    const Result<TracepointFormat> format = request.target->tracepoint_format(point.target, point.function);
    if (!format) return std::unexpected(format.error());
    perf_event_attr attr = {};
    attr.size = sizeof attr;
    attr.type = PERF_TYPE_TRACEPOINT;
    attr.config = format->id;
    // The program hangs on the tracepoint itself and so runs on every CPU, whichever the event is opened on.
    Result<Link> link = attach_perf_event(request.program, &attr, -1, cpu, request.first + i);
    if (!link) return std::unexpected(attach_error(point, link.error().system_error));
    links.push_back(std::move(*link));
  }
  return links;
}

}  // namespace

const ProbeType tracepoint_probe = {
    .name = "tracepoint",
    .aliases = {"t"},
    .syntax = "tracepoint:CATEGORY:EVENT",
    .doc = "Runs when the kernel passes a tracepoint; the event's fields are read as `args.NAME`.",
    .program = ProgramKind::tracepoint,
    .moment = Moment::attached,
    .filters_process_at_attach = false,
    .parse = parse,
    .expand = expand,
    .context = context,
    .suggestions = suggestions,
    .list = list,
    .attach = attach,
    .shared_event = syscall_event,
    .shared_place = syscall_place,
};

}  // namespace fathom
