// Attach points: parameters, provider, wildcards, context.
#include "ast/passes/expand_probes.h"

#include <fmt/format.h>

#include <algorithm>

#include "ast/pattern.h"
#include "ast/text.h"
#include "ast/walk.h"

namespace fathom {

namespace {

class Expander {
 public:
  Expander(const Settings& settings, const Catalog& catalog, const Target& target, Diagnostics& diagnostics)
      : settings_(settings), catalog_(catalog), target_(target), diagnostics_(diagnostics) {}

  // Appends the groups of one probe.
  void probe(const ast::Probe& probe, std::vector<CheckedProbe>& groups);
  std::size_t attach_points() const { return attach_points_; }

 private:
  std::string with_parameters(const ast::AttachPointText& point);
  const ProbeType* provider(std::string_view name, const ast::AttachPointText& point);
  std::vector<AttachPoint> expand(const ProbeType& type, const ast::AttachPointText& point, const std::string& text);
  void not_found(const ProbeType& type, const AttachPoint& pattern, const ast::AttachPointText& point);
  void add(const ast::Probe& probe, const ProbeType& type, AttachPoint point, Range range, std::size_t first, std::vector<CheckedProbe>& groups);

  const Settings& settings_;
  const Catalog& catalog_;
  const Target& target_;
  Diagnostics& diagnostics_;
  std::size_t attach_points_ = 0;
  bool reads_context_ = false;
};

// Whether the body names a builtin that reads the probe's context. If not, all attach points of a provider are alike and need not be
// looked at one by one.
bool reads_context(const ast::Expression& node, BuiltinFamilies builtins) {
  if (const auto* name = std::get_if<ast::Identifier>(&node.kind)) {
    const Builtin* row = find_builtin(builtins, name->name);
    if (row != nullptr && row->reads_context) return true;
  }
  if (const auto* call = std::get_if<ast::Call>(&node.kind)) {
    const Builtin* row = find_builtin(builtins, call->name);
    if (row != nullptr && row->reads_context) return true;
  }
  bool found = false;
  ast::each_child(node.kind, [&](const ast::Expression& child) { found = found || reads_context(child, builtins); });
  return found;
}

bool reads_context(const ast::Probe& probe, BuiltinFamilies builtins) {
  bool found = probe.predicate && reads_context(*probe.predicate, builtins);
  ast::each_expression(probe.body, [&](const ast::Expression& node) { found = found || reads_context(node, builtins); });
  return found;
}

void Expander::probe(const ast::Probe& probe, std::vector<CheckedProbe>& groups) {
  std::size_t first = groups.size();
  std::size_t errors = diagnostics_.errors();
  reads_context_ = reads_context(probe, catalog_.builtins);
  for (const ast::AttachPointText& point : probe.attach_points) {
    std::string text = with_parameters(point);
    std::size_t colon = text.find(':');
    const ProbeType* type = provider(std::string_view(text).substr(0, colon), point);
    if (type == nullptr) continue;
    for (AttachPoint& expanded : expand(*type, point, text)) add(probe, *type, std::move(expanded), point.range, first, groups);
  }
  if (groups.size() == first && errors == diagnostics_.errors() && settings_.probe_filter.empty()) {
    diagnostics_.report<DiagnosticId::probe_without_attach_points>(probe.attach_points.front().range);
  }
}

std::string Expander::with_parameters(const ast::AttachPointText& point) {
  std::string text;
  for (std::size_t i = 0; i < point.text.size();) {
    std::size_t digits = i + 1;
    while (digits < point.text.size() && point.text[digits] >= '0' && point.text[digits] <= '9') ++digits;
    if (point.text[i] != '$' || digits == i + 1 || digits > i + 6) {
      text += point.text[i++];
      continue;
    }
    std::size_t index = std::stoul(point.text.substr(i + 1, digits - i - 1));
    if (index >= 1 && index <= settings_.parameters.size()) {
      text += settings_.parameters[index - 1];
    } else {
      diagnostics_.report<DiagnosticId::missing_parameter>(point.range, index);
    }
    i = digits;
  }
  return text;
}

const ProbeType* Expander::provider(std::string_view name, const ast::AttachPointText& point) {
  if (const ProbeType* type = find_probe_type(catalog_.probe_types, name)) return type;
  Range range{point.range.begin, point.range.begin + static_cast<std::uint32_t>(std::min(name.size(), point.text.size()))};
  if (std::string_view known = known_but_missing(name); !known.empty()) {
    diagnostics_.report<DiagnosticId::unsupported_probe_type>(range, known);
    return nullptr;
  }
  std::vector<std::string> names;
  for (const ProbeType* type : catalog_.probe_types) names.emplace_back(type->name);
  std::string help = did_you_mean(name, names);
  if (help.empty()) help = "an attach point is `tracepoint:CATEGORY:EVENT`, `interval:s:1`, `BEGIN`, …; `fathom -l` lists them";
  diagnostics_.report<DiagnosticId::unknown_probe_type>(range, name).with_help(help);
  return nullptr;
}

std::vector<AttachPoint> Expander::expand(const ProbeType& type, const ast::AttachPointText& point, const std::string& text) {
  std::vector<std::string> parts = split_attach_point(text);
  auto parsed = type.parse(std::span<const std::string>(parts).subspan(1));
  if (!parsed) {
    diagnostics_.report<DiagnosticId::malformed_attach_point>(point.range, parsed.error().message).with_help(parsed.error().help);
    return {};
  }
  auto points = type.expand(*parsed, target_);
  if (!points) {
    diagnostics_.report<DiagnosticId::target_unavailable>(point.range, points.error().message).with_help(points.error().help);
    return {};
  }
  if (points->empty()) not_found(type, *parsed, point);
  if (!settings_.probe_filter.empty() && type.moment == Moment::attached) {
    // The command line was checked for one that can not be compiled.
    if (auto filter = Pattern::compile(settings_.probe_filter)) {
      std::erase_if(*points, [&](const AttachPoint& one) { return !filter->found_in(one.text); });
    }
  }
  return std::move(*points);
}

void Expander::not_found(const ProbeType& type, const AttachPoint& pattern, const ast::AttachPointText& point) {
  switch (settings_.missing_probes) {
    case MissingProbes::ignore: return;
    case MissingProbes::warn: diagnostics_.report<DiagnosticId::missing_attach_point>(point.range, pattern.text); return;
    case MissingProbes::error: break;
  }
  std::string help = is_glob(pattern.text) ? "`fathom -l` lists what there is" : did_you_mean(pattern.text, type.suggestions(pattern, target_));
  diagnostics_.report<DiagnosticId::no_such_attach_point>(point.range, pattern.text).with_help(help);
}

void Expander::add(const ast::Probe& probe, const ProbeType& type, AttachPoint point, Range range, std::size_t first,
                   std::vector<CheckedProbe>& groups) {
  ++attach_points_;
  Context context;
  if (reads_context_) {
    auto read = type.context(point, target_);
    if (!read) {
      diagnostics_.report<DiagnosticId::target_unavailable>(range, read.error().message).with_help(read.error().help);
      return;
    }
    context = std::move(*read);
  }
  for (std::size_t i = first; i < groups.size(); ++i) {
    CheckedProbe& group = groups[i];
    // The kernel attaches a program to one place only once.
    if (group.type == &type && group.context == context && std::ranges::find(group.attach_points, point) == group.attach_points.end()) {
      group.attach_points.push_back(std::move(point));
      return;
    }
  }
  CheckedProbe group;
  group.probe = &probe;
  group.type = &type;
  group.attach_points.push_back(std::move(point));
  group.context = std::move(context);
  groups.push_back(std::move(group));
}

}  // namespace

std::vector<CheckedProbe> expand_probes(const ast::Program& program, const Settings& settings, const Catalog& catalog, const Target& target,
                                        Diagnostics& diagnostics) {
  std::vector<CheckedProbe> groups;
  Expander expander(settings, catalog, target, diagnostics);
  for (const ast::Probe& probe : program.probes) {
    expander.probe(probe, groups);
    if (expander.attach_points() > settings.max_probes) break;
  }
  if (expander.attach_points() > settings.max_probes) {
    diagnostics.report<DiagnosticId::too_many_attach_points>(program.probes.front().range, expander.attach_points(), settings.max_probes)
        .with_help("narrow the wildcard, or set BPFTRACE_MAX_PROBES to a larger number");
  }
  if (groups.size() > settings.max_bpf_progs) {
    diagnostics.report<DiagnosticId::too_many_programs>(program.probes.front().range, groups.size(), settings.max_bpf_progs)
        .with_help("set max_bpf_progs to a larger number, or narrow wildcards");
  }
  if (groups.empty() && !diagnostics.has_errors()) diagnostics.report<DiagnosticId::no_probes_left>(program.probes.front().range);
  return groups;
}

}  // namespace fathom
