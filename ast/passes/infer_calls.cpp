// Type inference: builtin variables, constants and calls. What a row's prototype says is checked here; the rest by the row itself.
#include <fmt/format.h>

#include "ast/passes/infer.h"
#include "ast/passes/typing.h"
#include "ast/text.h"

namespace fathom {

using namespace ast;

// The view of one call that a row's check function gets.
class CallInference final : public CallCheck {
 public:
  CallInference(Inference& inference, const Builtin& row, std::string_view name, const Expression& expression, const Expressions& arguments,
                Facts& facts)
      : inference_(inference), row_(row), name_(name), expression_(expression), arguments_(arguments), facts_(facts) {}

  const Builtin& builtin() const override { return row_; }
  std::string_view name() const override { return name_; }
  Range range() const override { return expression_.range; }
  std::size_t count() const override { return arguments_.size(); }
  const Expression& argument(std::size_t index) const override { return *arguments_[index]; }
  const Facts& facts(std::size_t index) const override { return inference_.facts(*arguments_[index]); }
  Facts& result() override { return facts_; }
  const Context& context() const override { return inference_.probe_.context; }
  const ProbeType& probe_type() const override { return *inference_.probe_.type; }
  std::span<const AttachPoint> attach_points() const override { return inference_.probe_.attach_points; }
  const Target& target() const override { return inference_.target_; }
  const Settings& settings() const override { return inference_.program_.settings; }
  Diagnostics& diagnostics() override { return inference_.diagnostics_; }
  bool final() const override { return inference_.final_; }
  const CheckedMap* map(std::size_t index) const override {
    const auto* access = std::get_if<MapAccess>(&arguments_[index]->kind);
    if (access == nullptr) return nullptr;
    auto found = inference_.maps_.find(access->name);
    return found == inference_.maps_.end() ? nullptr : &found->second;
  }
  void use_as_key(std::size_t map, std::size_t key) override {
    const auto* access = std::get_if<MapAccess>(&arguments_[map]->kind);
    if (access == nullptr) return;
    inference_.merge_key(inference_.map_of(*access, arguments_[map]->range), facts(key).type, arguments_[key]->range);
  }

  void assign(std::size_t variable, const Type& type) override {
    if (!type.is_none()) inference_.merge_variable(facts(variable).index, type, arguments_[variable]->range);
  }
  bool is_unreachable() const override { return inference_.unreachable_ > 0; }

 private:
  Inference& inference_;
  const Builtin& row_;
  std::string_view name_;
  const Expression& expression_;
  const Expressions& arguments_;
  Facts& facts_;
};

namespace {

bool has_kind(const Parameter& parameter, ParameterKind kind) {
  for (ParameterKind each : parameter.kinds) {
    if (each == kind) return true;
  }
  return false;
}

}  // namespace

Type Inference::identifier(const Identifier& node, const Expression& expression, Facts& facts) {
  static const Expressions none;
  if (const Builtin* row = find_builtin(catalog_.builtins, node.name)) {
    if (row->form != Form::variable) {
      diagnostics_.report<DiagnosticId::function_not_called>(expression.range, node.name)
          .with_help(fmt::format("call it: `{}(…)`; its prototype is `{}`", node.name, row->prototype));
      return Type::none();
    }
    return invoke(*row, node.name, expression, none, facts);
  }
  if (auto found = target_.enumerator(node.name)) {
    facts.constant = found->first;
    return found->second;
  }
  std::string help = did_you_mean(node.name, builtin_names(catalog_.builtins));
  if (help.empty()) help = fmt::format("text stands in quotes, `\"{0}\"`; a scratch variable is `${0}`, a map `@{0}`", node.name);
  if (find_variable(node.name)) help = fmt::format("did you mean the scratch variable `${}`?", node.name);
  if (final_) diagnostics_.report<DiagnosticId::unknown_name>(expression.range, node.name).with_help(help);
  return Type::none();
}

Type Inference::call(const Call& node, const Expression& expression, Facts& facts) {
  const Builtin* row = find_builtin(catalog_.builtins, node.name);
  if (row != nullptr) return invoke(*row, node.name, expression, node.arguments, facts);
  diagnostics_.report<DiagnosticId::unknown_function>(node.name_range, node.name)
      .with_help(did_you_mean(node.name, builtin_names(catalog_.builtins)));
  return Type::none();
}

Type Inference::invoke(const Builtin& row, std::string_view name, const Expression& expression, const Expressions& arguments, Facts& facts) {
  facts.builtin = &row;
  auto prototype = parse_prototype(row.prototype);
  if (!prototype) return Type::none();  // a unit test keeps every prototype readable
  facts.no_value = prototype->result && prototype->result->is_none();
  if (row.reads_context && !context_known_) return Type::none();
  std::size_t errors = diagnostics_.errors();
  std::size_t most = prototype->parameters.size();
  if (most == 0 && !prototype->variadic && !arguments.empty() && row.form == Form::variable) {
    diagnostics_.report<DiagnosticId::variable_called>(expression.range, name);
  } else if (arguments.size() < prototype->required) {
    diagnostics_.report<DiagnosticId::too_few_arguments>(expression.range, name, arity(*prototype), arguments_noun(*prototype), arguments.size())
        .with_help(fmt::format("its prototype is `{}`", row.prototype));
  } else if (arguments.size() > most && !prototype->variadic) {
    diagnostics_.report<DiagnosticId::too_many_arguments>(expression.range, name, arity(*prototype), arguments_noun(*prototype), arguments.size())
        .with_help(fmt::format("its prototype is `{}`", row.prototype));
  }
  if (row.writes_records && !row.writes_files && is_pinned(probe_.type->program, probe_.attach_points.front())) {
    diagnostics_.report<DiagnosticId::not_available>(expression.range, name, probe_.type->name)
        .with_help("a pinned program outlives the script; `printf` writes to whoever reads the file");
  }
  if (row.unsafe && !program_.settings.unsafe) {
    diagnostics_.report<DiagnosticId::unsafe_builtin>(expression.range, name).with_help("run with `--unsafe` if that is wanted");
  }
  Parameter any;
  any.kinds = {ParameterKind::any};
  bool known = true;  // a name that only the last round reports is not the constant that a row's check relies on
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Parameter& parameter = i < most ? prototype->parameters[i] : any;
    argument(name, parameter, *arguments[i]);
    const Facts& given = this->facts(*arguments[i]);
    const bool wants_text = parameter.kinds.size() == 1 && parameter.kinds[0] == ParameterKind::text;
    const bool wants_number = parameter.kinds.size() == 1 && parameter.kinds[0] == ParameterKind::literal;
    known = known && !(wants_text && !given.text) && !(wants_number && !given.constant);
  }
  facts.type = prototype->result.value_or(Type::none());
  if (row.aggregation) facts.type = Type::aggregation(*row.aggregation, false);
  if (known && diagnostics_.errors() == errors && row.check != nullptr) {
    CallInference call(*this, row, name, expression, arguments, facts);
    row.check(call);
  }
  // A call that is wrong anywhere is told so first.
  if (row.needs && diagnostics_.errors() == errors) need(*row.needs, expression.range, fmt::format("`{}`", name), row.instead);
  if (row.unstable != nullptr) check_stability(row, name, expression.range);
  if (facts.type.is(TypeKind::context)) facts.type = context_type();
  return facts.type;
}

// Of what may still change the settings say whether it may be used.
void Inference::check_stability(const Builtin& row, std::string_view name, Range range) {
  if (!final_ || !program_.unstable_uses.insert(&row).second) return;
  switch (program_.settings.*row.unstable) {
    case Stability::enable: return;
    case Stability::warn:
      diagnostics_.report<DiagnosticId::unstable_builtin>(range, name).with_help(fmt::format("`config = {{ unstable_{} = enable }}` accepts that", name));
      return;
    case Stability::error:
      diagnostics_.report<DiagnosticId::refused_builtin>(range, name, name).with_help(fmt::format("`config = {{ unstable_{} = enable }}` accepts that it may change", name));
      return;
  }
}

// A scratch variable that a call gives a value, and that it declares where it is new.
void Inference::output_variable(std::string_view name, const Expression& argument) {
  const auto* variable = std::get_if<Variable>(&argument.kind);
  if (variable == nullptr) {
    value(argument);
    diagnostics_.report<DiagnosticId::argument_type>(argument.range, name, "a scratch variable", "out", to_string(facts(argument).type));
    return;
  }
  auto index = find_variable(variable->name);
  if (!index) index = declare_variable(variable->name);
  note_value(*index, nullptr);
  Facts& known = facts(argument);
  known.index = *index;
  known.type = probe_.variables[*index].type;
}

void Inference::argument(std::string_view name, const Parameter& parameter, const Expression& argument) {
  Facts& known = facts(argument);
  if (const auto* word = std::get_if<Identifier>(&argument.kind); word != nullptr && has_kind(parameter, ParameterKind::word)) {
    known.text = word->name;
    return;
  }
  if (has_kind(parameter, ParameterKind::variable)) {
    output_variable(name, argument);
    return;
  }
  if (const auto* type = std::get_if<TypeOf>(&argument.kind); type != nullptr && has_kind(parameter, ParameterKind::type)) {
    known.type = resolve(type->type).value_or(Type::none());
    return;
  }
  if (const auto* access = std::get_if<MapAccess>(&argument.kind); access != nullptr && has_kind(parameter, ParameterKind::map)) {
    CheckedMap& map = map_of(*access, argument.range);
    if (access->keys.empty()) {
      known.map_reference = true;
      known.index = static_cast<std::uint32_t>(std::distance(maps_.begin(), maps_.find(access->name)));
      known.type = map.value;
      if (map.value.is_none()) undefined_map(map, argument.range);
      return;
    }
    if (!has_kind(parameter, ParameterKind::any)) {  // delete(@x[k]): the element itself, not its value
      known.index = static_cast<std::uint32_t>(std::distance(maps_.begin(), maps_.find(access->name)));
      keys(*access, argument.range, map);
      known.type = map.value;
      if (map.value.is_none()) undefined_map(map, argument.range);
      return;
    }
  }
  format_follows_ = has_kind(parameter, ParameterKind::text) && std::holds_alternative<StringLiteral>(argument.kind);
  const Type& type = value(argument);
  format_follows_ = false;
  if (type.is_none()) return;
  bool accepted = false;
  for (ParameterKind kind : parameter.kinds) {
    if (kind == ParameterKind::literal) {
      accepted |= known.constant.has_value();
    } else if (kind == ParameterKind::text) {
      accepted |= known.text.has_value();
    } else if (kind != ParameterKind::map && kind != ParameterKind::word && kind != ParameterKind::type) {
      accepted |= accepts(kind, type);
    }
  }
  if (accepted) return;
  bool wants_constant = parameter.kinds.size() == 1 && ((parameter.kinds[0] == ParameterKind::literal && type.is_numeric()) ||
                                                        (parameter.kinds[0] == ParameterKind::text && type.is_string()));
  if (wants_constant) {
    diagnostics_.report<DiagnosticId::argument_not_constant>(argument.range, parameter.name, name);
  } else {
    diagnostics_.report<DiagnosticId::argument_type>(argument.range, name, describe(parameter), parameter.name, to_string(type));
  }
}

}  // namespace fathom
