// The passes in order, and the dump of what they found.
#include "ast/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "ast/passes/expand_probes.h"
#include "ast/passes/infer.h"
#include "ast/passes/map_declarations.h"
#include "ast/passes/options.h"
#include "ast/passes/pair_returns.h"
#include "ast/passes/share_places.h"
#include "ast/passes/unused_items.h"
#include "ast/print.h"
#include "ast/text.h"

namespace fathom {

CheckedProgram check(const ast::Program& program, const SourceFile& source, const Settings& settings, const Catalog& catalog,
                     const Target& target, Diagnostics& diagnostics) {
  CheckedProgram checked;
  checked.program = &program;
  checked.source = &source;
  checked.settings = settings;
  checked.possible_cpus = target.possible_cpus();
  checked.pid_namespace = target.pid_namespace();
  if (program.probes.empty()) {
    diagnostics.report<DiagnosticId::no_probes>({0, 0}).with_help("a probe is an attach point and a body: `BEGIN { printf(\"hi\\n\"); }`");
    return checked;
  }
  check_unused_items(program, catalog, target, diagnostics);
  ExpandedProbes expanded = expand_probes(program, settings, catalog, target, diagnostics);
  checked.probes = std::move(expanded.probes);
  checked.wildcards = std::move(expanded.wildcards);
  for (const CheckedProbe& probe : checked.probes) {
    if (probe.type->holds_lock != nullptr && std::ranges::any_of(probe.attach_points, probe.type->holds_lock)) checked.one_at_a_time = true;
  }
  std::size_t attach_points = 0;
  for (const CheckedProbe& probe : checked.probes) attach_points += probe.attach_points.size();
  if (attach_points > settings.max_probes) return checked;
  infer_types(checked, std::move(expanded.left_out), catalog, target, diagnostics);
  if (diagnostics.has_errors()) return checked;
  apply_map_declarations(checked, diagnostics);
  collect_options(checked, diagnostics);
  if (diagnostics.has_errors()) return checked;
  share_places(checked, target);
  pair_returns(checked, target);
  return checked;
}

std::string to_string(const CheckedProgram& program) {
  std::string text;
  for (const CheckedMap& map : program.maps) {
    text += fmt::format("map @{}{} : {}\n", map.name, map.keyed ? "[" + to_string(map.key) + "]" : "", to_string(map.value));
  }
  for (const CheckedProbe& probe : program.probes) {
    text += fmt::format("{} for", probe.type->name);
    for (const AttachPoint& point : probe.attach_points) text += " " + point.text;
    if (probe.place) text += " at " + probe.place->point.text;
    text += "\n";
    for (const CheckedVariable& variable : probe.variables) text += fmt::format("  variable ${} : {}\n", variable.name, to_string(variable.type));
    text += ast::to_string(*probe.probe, [&](const ast::Expression& node) {
      const Facts& facts = probe.of(node);
      std::string note = facts.type.is_none() ? "" : " : " + to_string(facts.type);
      if (facts.constant && !std::holds_alternative<ast::IntegerLiteral>(node.kind)) note += fmt::format(" = {}", *facts.constant);
      return note;
    });
  }
  return text;
}

}  // namespace fathom
