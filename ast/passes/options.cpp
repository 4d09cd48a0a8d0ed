// See the header.
#include "ast/passes/options.h"

#include <fmt/format.h>

#include <algorithm>

#include "ast/text.h"
#include "ast/walk.h"

namespace fathom {

namespace {

class Collector {
 public:
  Collector(CheckedProgram& program, const CheckedProbe& probe, Diagnostics& diagnostics)
      : program_(program), probe_(probe), diagnostics_(diagnostics) {}

  void look(const ast::Expression& node) {
    const Facts& known = probe_.of(node);
    const auto* call = std::get_if<ast::Call>(&node.kind);
    if (call != nullptr && known.builtin != nullptr && known.builtin->reads_option) add(*call, node.range);
    ast::each_child(node.kind, [&](const ast::Expression& child) { look(child); });
  }

 private:
  std::string default_of(const ast::Call& call) const {
    if (call.arguments.size() < 2) return "false";
    const Facts& value = probe_.of(*call.arguments[1]);
    if (value.text && value.type.is_string()) return quote(*value.text);
    if (value.type.is(TypeKind::boolean)) return value.constant.value_or(0) != 0 ? "true" : "false";
    return fmt::to_string(value.constant.value_or(0));
  }

  void add(const ast::Call& call, Range range) {
    ScriptOption option{probe_.of(*call.arguments[0]).text.value_or(""), default_of(call), {}, range};
    if (call.arguments.size() > 2) option.description = probe_.of(*call.arguments[2]).text.value_or("");
    auto known = std::ranges::find(program_.options, option.name, &ScriptOption::name);
    if (known == program_.options.end()) {
      program_.options.push_back(std::move(option));
      return;
    }
    if (known->default_value != option.default_value) {
      diagnostics_.report<DiagnosticId::option_defaults>(range, option.name, known->default_value, option.default_value)
          .label(known->range, "first read here");
    }
    if (known->description.empty()) known->description = option.description;
  }

  CheckedProgram& program_;
  const CheckedProbe& probe_;
  Diagnostics& diagnostics_;
};

}  // namespace

void collect_options(CheckedProgram& program, Diagnostics& diagnostics) {
  for (const CheckedProbe& probe : program.probes) {
    Collector collector(program, probe, diagnostics);
    if (probe.probe->predicate) collector.look(*probe.probe->predicate);
    ast::each_expression(probe.probe->body, [&](const ast::Expression& node) { collector.look(node); });
  }
  std::vector<std::string> names;
  for (const ScriptOption& option : program.options) names.push_back("--" + option.name);
  for (const NamedOption& given : program.settings.options) {
    if (given.name == "help" || std::ranges::find(program.options, given.name, &ScriptOption::name) != program.options.end()) continue;
    std::string help = did_you_mean("--" + given.name, names);
    if (help.empty() && !names.empty()) help = fmt::format("its options are {}", fmt::join(names, ", "));
    if (help.empty()) help = "it reads none with getopt(); fathom's own options stand before `--`";
    diagnostics.report<DiagnosticId::unknown_option>({0, 0}, given.name).with_help(help);
  }
}

bool wants_script_help(const Settings& settings) {
  return std::ranges::any_of(settings.options, [](const NamedOption& option) { return option.name == "help"; });
}

std::string script_help(const CheckedProgram& program) {
  if (program.options.empty()) return "The script has no options.\n";
  std::string text = "Options of the script:\n";
  for (const ScriptOption& option : program.options) {
    text += fmt::format("  --{}{}  {}{}(default: {})\n", option.name, option.default_value == "false" || option.default_value == "true" ? "" : "=VALUE",
                        option.description, option.description.empty() ? "" : " ", option.default_value);
  }
  return text;
}

}  // namespace fathom
