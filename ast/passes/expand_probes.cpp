// Attach points: parameters, provider, wildcards, context.
#include "ast/passes/expand_probes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "ast/passes/typing.h"
#include "ast/pattern.h"
#include "ast/text.h"
#include "ast/walk.h"

namespace fathom {

namespace {

// What a body reads of its probe's context. Attach points that are alike in that need not be told apart.
struct ContextUse {
  bool any = false;
  bool named = false;            // `args`
  bool whole = false;            // more than fields of `args`
  std::set<std::string> fields;  // their names
  bool cookie = false;           // which attach point fired
};

class Expander {
 public:
  Expander(const Settings& settings, const Catalog& catalog, const Target& target, Diagnostics& diagnostics)
      : settings_(settings), catalog_(catalog), target_(target), diagnostics_(diagnostics) {}

  // Appends the groups of one probe.
  void probe(const ast::Probe& probe, std::vector<CheckedProbe>& groups);
  std::size_t attach_points() const { return attach_points_; }
  bool others_left_out() const { return others_left_out_; }
  bool filtered_out() const { return filtered_out_; }
  std::vector<Wildcard>& wildcards() { return wildcards_; }
  std::vector<LeftOutProbe>& left_out() { return left_out_; }

 private:
  std::string with_parameters(const ast::AttachPointText& point);
  bool runs(Moment moment) const;
  const ProbeType* provider(std::string_view name, const ast::AttachPointText& point);
  std::vector<AttachPoint> expand(const ProbeType& type, const ast::AttachPointText& point, const std::string& text);
  struct Missing {
    const ProbeType* type;
    AttachPoint pattern;
    const ast::AttachPointText* point;
  };
  void not_found(const Missing& missing, bool has_others);
  Result<Context> context_of(const ProbeType& type, const AttachPoint& point) const;
  void leave_out(const ast::Probe& probe);
  bool is_refused(const ProbeType& type, const AttachPoint& point, Range range);
  void add(const ast::Probe& probe, const ProbeType& type, AttachPoint point, Range range, std::size_t first, std::vector<CheckedProbe>& groups);

  const Settings& settings_;
  const Catalog& catalog_;
  const Target& target_;
  Diagnostics& diagnostics_;
  std::size_t attach_points_ = 0;
  bool others_left_out_ = false;  // probes that another mode runs
  bool filtered_out_ = false;     // attach points that --probe-filter does not let through
  ContextUse use_;                // by the present probe
  std::vector<Wildcard> wildcards_;
  std::vector<Missing> missing_;  // attach points of the present probe that stand for nothing
  // The first attach point of the present probe that does not become one of a program.
  struct Unused {
    const ProbeType* type;
    AttachPoint point;
  };
  std::optional<Unused> unused_;
  std::vector<LeftOutProbe> left_out_;
};

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

// The builtin that is named here; null for any other node.
const Builtin* named_builtin(const ast::Expression& node, BuiltinFamilies builtins) {
  const auto* name = std::get_if<ast::Identifier>(&node.kind);
  const auto* call = std::get_if<ast::Call>(&node.kind);
  return name != nullptr ? find_builtin(builtins, name->name) : call != nullptr ? find_builtin(builtins, call->name) : nullptr;
}

void find_use(const ast::Expression& node, BuiltinFamilies builtins, ContextUse& use) {
  const auto* member = std::get_if<ast::Member>(&node.kind);
  const Builtin* base = member == nullptr ? nullptr : named_builtin(*member->base, builtins);
  if (base != nullptr && base->reads_context && base->gives_fields) {
    use.any = use.named = true;
    use.fields.emplace(field_name(member->name));
    return;
  }
  const Builtin* row = named_builtin(node, builtins);
  use.cookie = use.cookie || (row != nullptr && row->reads_cookie);
  if (row != nullptr && row->reads_context) {
    use.any = use.whole = true;
    use.named = use.named || row->gives_fields;
  }
  ast::each_child(node.kind, [&](const ast::Expression& child) { find_use(child, builtins, use); });
}

ContextUse find_use(const ast::Probe& probe, BuiltinFamilies builtins) {
  ContextUse use;
  if (probe.predicate) find_use(*probe.predicate, builtins, use);
  ast::each_expression(probe.body, [&](const ast::Expression& node) { find_use(node, builtins, use); });
  return use;
}

// Whether the body can not tell the two contexts from each other.
bool alike(const Context& a, const Context& b, const ContextUse& use) {
  if (!use.any || a == b) return true;
  if (use.whole) return false;
  return std::ranges::all_of(use.fields, [&](const std::string& name) {
    const auto in_a = std::ranges::find(a.fields, name, &ContextField::name);
    const auto in_b = std::ranges::find(b.fields, name, &ContextField::name);
    if (in_a == a.fields.end() || in_b == b.fields.end()) return in_a == a.fields.end() && in_b == b.fields.end();
    return *in_a == *in_b;
  });
}

void Expander::probe(const ast::Probe& probe, std::vector<CheckedProbe>& groups) {
  std::size_t first = groups.size();
  std::size_t errors = diagnostics_.errors();
  use_ = find_use(probe, catalog_.builtins);
  bool left_out = false;  // what another mode runs
  unused_.reset();
  for (const ast::AttachPointText& point : probe.attach_points) {
    std::string text = with_parameters(point);
    std::size_t colon = text.find(':');
    const ProbeType* type = provider(std::string_view(text).substr(0, colon), point);
    if (type == nullptr) continue;
    if (!runs(type->moment)) {
      left_out = others_left_out_ = true;
      if (auto parsed = type->parse(std::span<const std::string>(split_attach_point(text)).subspan(1))) unused_ = {type, std::move(*parsed)};
      continue;
    }
    for (AttachPoint& expanded : expand(*type, point, text)) {
      const bool is_moment = type->moment == Moment::begin || type->moment == Moment::end;
      if (is_moment && settings_.text_form.moments_in_capitals) expanded.text = upper(expanded.text);
      add(probe, *type, std::move(expanded), point.range, first, groups);
    }
  }
  for (const Missing& missing : missing_) not_found(missing, groups.size() != first);
  missing_.clear();
  if (groups.size() == first && errors == diagnostics_.errors() && unused_) leave_out(probe);
  if (groups.size() == first && !left_out && settings_.missing_probes != MissingProbes::ignore && errors == diagnostics_.errors() && settings_.probe_filter.empty()) {
    diagnostics_.report<DiagnosticId::probe_without_attach_points>(probe.attach_points.front().range);
  }
}

// Whether probes of this kind take part: tests and benchmarks run by themselves.
bool Expander::runs(Moment moment) const {
  switch (moment) {
    case Moment::begin:
    case Moment::end: return true;
    case Moment::attached:
    case Moment::signal: return settings_.mode == RunMode::trace;
    case Moment::test: return settings_.mode == RunMode::test;
    case Moment::bench: return settings_.mode == RunMode::bench;
  }
  return true;
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
  if (const RemovedProbeType* removed = find_removed_probe_type(name)) {
    diagnostics_.report<DiagnosticId::removed_probe_type>(range, removed->canonical).with_help(std::string(removed->instead));
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
  if (type.left_out != nullptr && (is_glob(parsed->function) || is_glob(parsed->target))) wildcards_.push_back({&type, *parsed});
  auto points = type.expand(*parsed, target_);
  if (!points) {
    diagnostics_.report<DiagnosticId::target_unavailable>(point.range, points.error().message).with_help(points.error().help);
    return {};
  }
  if (!unused_) unused_ = {&type, points->empty() ? *parsed : points->front()};
  if (points->empty()) missing_.push_back({&type, *parsed, &point});
  const bool always = type.moment == Moment::begin || type.moment == Moment::end || type.moment == Moment::signal;
  if (!settings_.probe_filter.empty() && !always) {
    // The command line was checked for one that can not be compiled.
    if (auto filter = Pattern::compile(settings_.probe_filter)) {
      filtered_out_ |= std::erase_if(*points, [&](const AttachPoint& one) { return !filter->found_in(one.text); }) != 0;
    }
  }
  return std::move(*points);
}

// Scripts that run on several kernels name a function by all the names that it had: one of them is enough.
void Expander::not_found(const Missing& missing, bool has_others) {
  const Range range = missing.point->range;
  switch (settings_.missing_probes) {
    case MissingProbes::ignore: return;
    case MissingProbes::warn: diagnostics_.report<DiagnosticId::missing_attach_point>(range, missing.pattern.text, missing.type->home); return;
    case MissingProbes::error: break;
  }
  std::string help = missing.type->missing_help == nullptr ? std::string() : missing.type->missing_help(missing.pattern, target_);
  if (has_others) {
    diagnostics_.report<DiagnosticId::missing_attach_point>(range, missing.pattern.text, missing.type->home).with_help(help);
    return;
  }
  if (help.empty()) {
    const bool is_pattern = is_glob(missing.pattern.text);
    help = is_pattern ? "`fathom -l` lists what there is" : did_you_mean(missing.pattern.text, missing.type->suggestions(missing.pattern, target_));
  }
  diagnostics_.report<DiagnosticId::no_such_attach_point>(range, missing.pattern.text, missing.type->home).with_help(help);
}

// What the present probe's body can read there; nothing where it reads nothing.
Result<Context> Expander::context_of(const ProbeType& type, const AttachPoint& point) const {
  if (!use_.any) return Context();
  auto context = type.context(point, target_);
  if (context && use_.named && type.named_fields != nullptr) context->fields = type.named_fields(point, target_);
  return context;
}

// What a register holds is known also of functions that do not exist, what the fields of an event are is not.
void Expander::leave_out(const ast::Probe& probe) {
  LeftOutProbe& left = left_out_.emplace_back();
  left.probe.probe = &probe;
  left.probe.type = unused_->type;
  left.probe.attach_points.push_back(unused_->point);
  auto context = context_of(*unused_->type, unused_->point);
  left.context_known = context && (!use_.named || !context->fields.empty());
  if (left.context_known) left.probe.context = std::move(*context);
}

// Whether it takes --unsafe to attach there. A wildcard does without such places.
bool Expander::is_refused(const ProbeType& type, const AttachPoint& point, Range range) {
  if (type.danger == nullptr || settings_.unsafe) return false;
  const auto danger = type.danger(point, target_);
  if (!danger) return false;
  if (!point.from_wildcard) diagnostics_.report<DiagnosticId::unsafe_attach_point>(range, point.text, danger->message).with_help(danger->help);
  return true;
}

void Expander::add(const ast::Probe& probe, const ProbeType& type, AttachPoint point, Range range, std::size_t first,
                   std::vector<CheckedProbe>& groups) {
  if (is_refused(type, point, range)) return;
  if (!point.continues) ++attach_points_;
  auto context = context_of(type, point);
  if (!context) {
    diagnostics_.report<DiagnosticId::target_unavailable>(range, context.error().message).with_help(context.error().help);
    return;
  }
  for (std::size_t i = first; i < groups.size(); ++i) {
    CheckedProbe& group = groups[i];
    // The kernel attaches a program to one place only once.
    if (type.one_program_per_point || group.type != &type || !alike(group.context, *context, use_)) continue;
    // Those of a wildcard may get one link for all, which takes another kind of program.
    if (type.links_together && group.attach_points.front().from_wildcard != point.from_wildcard) continue;
    if (use_.cookie && !target_.has(type.cookie)) continue;
    if (std::ranges::find(group.attach_points, point) == group.attach_points.end()) {
      group.attach_points.push_back(std::move(point));
      return;
    }
  }
  CheckedProbe group;
  group.probe = &probe;
  group.type = &type;
  group.attach_points.push_back(std::move(point));
  group.context = std::move(*context);
  groups.push_back(std::move(group));
}

}  // namespace

ExpandedProbes expand_probes(const ast::Program& program, const Settings& settings, const Catalog& catalog, const Target& target,
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
  if (diagnostics.has_errors()) return {std::move(groups), std::move(expander.wildcards()), std::move(expander.left_out())};
  const bool wanted = std::ranges::any_of(groups, [&](const CheckedProbe& group) {
    const Moment moment = group.type->moment;
    return settings.mode == RunMode::trace || moment == Moment::test || moment == Moment::bench;
  });
  if (!wanted && settings.mode != RunMode::trace) {
    const std::string_view kind = settings.mode == RunMode::test ? "test" : "bench";
    diagnostics.report<DiagnosticId::no_trials>(program.probes.front().range, kind).with_help(fmt::format("`{}:NAME {{ … }}` is one", kind));
  } else if (groups.empty() && expander.others_left_out()) {
    diagnostics.report<DiagnosticId::only_trials>(program.probes.front().range).with_help("`--test` and `--bench` run them");
  } else if (groups.empty()) {
    const bool filtered = expander.filtered_out();
    diagnostics.report<DiagnosticId::no_probes_left>(program.probes.front().range, filtered ? "matches the filter" : "can be attached on this kernel")
        .with_help(filtered ? fmt::format("--probe-filter `{}` is compared with attach points in full, as `fathom -l` shows them", settings.probe_filter) : "");
  }
  return {std::move(groups), std::move(expander.wildcards()), std::move(expander.left_out())};
}

}  // namespace fathom
