// See the header. One function per kind of node copies it; calls, names and variables are looked up on the way.
#include "parser/expand.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "ast/text.h"
#include "ast/walk.h"

namespace fathom {

using namespace ast;

namespace {

constexpr std::size_t max_nodes = 200'000;
// Macros within macros; every later phase recurses over what comes out.
constexpr std::size_t max_nesting = 64;
constexpr std::uint32_t max_depth = 500;

// What names mean in the text being copied.
struct Names {
  Range original;                                        // of the macro's body
  std::uint32_t begin = 0;                               // of the copy
  std::size_t number = 0;                                // of the copy; 0: the script itself
  const Macro* macro = nullptr;                          // what is copied, if it is no function
  std::map<std::string, const Expression*> expressions;  // parameters: arguments, already in the caller's terms
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> maps;
};

class Expander {
 public:
  Expander(const Program& program, SourceFile& source, Diagnostics& diagnostics, BuiltinFamilies builtins)
      : program_(program), source_(source), diagnostics_(diagnostics), builtins_(builtins) {
    for (const Macro& macro : program.macros) macros_[macro.name].push_back(&macro);
    for (const Function& function : program.functions) functions_.try_emplace(function.name, &function);
  }

  Program run() {
    report_repeated();
    Program expanded;
    for (const Probe& probe : program_.probes) {
      Probe copy;
      copy.name = probe.name;
      copy.attach_points = probe.attach_points;
      copy.range = probe.range;
      copy.first_node = nodes_;
      copy.predicate = expression(probe.predicate);
      copy.body = block(probe.body);
      copy.end_node = nodes_;
      expanded.probes.push_back(std::move(copy));
    }
    expanded.node_count = nodes_;
    return expanded;
  }
  // Whether a copy of this macro or function was made.
  bool used(const void* item) const { return used_.contains(item); }

 private:
  using Kind = Expression::Kind;

  void report_repeated();
  template <class Parameters>
  void report_repeated_parameters(const Parameters& parameters);
  Range place(Range range) const;
  std::string variable(const std::string& name) const;
  ExpressionPtr make(Range range, Kind kind);
  ExpressionPtr expression(const ExpressionPtr& node) { return node ? expression(*node) : nullptr; }
  ExpressionPtr expression(const Expression& node);
  Expressions expressions(const Expressions& nodes);
  TypeName type(const TypeName& name);
  std::optional<TypeName> type(const std::optional<TypeName>& name) { return name ? std::optional(type(*name)) : std::nullopt; }
  Kind size_of(const SizeOf& node);
  Kind offset_of(const OffsetOf& node);
  Block block(const Block& node);
  StatementPtr statement(const Statement& node);
  StatementPtr statement_of(const Statement& node);
  ExpressionPtr call(const Call& node, Range range);
  ExpressionPtr macro(const std::vector<const Macro*>& forms, const std::string& name, const Expressions& arguments, Range range);
  ExpressionPtr function(const Function& function, const Expressions& arguments, Range range);
  bool enter(const void* item, const std::string& name, Range range, Range definition);
  ExpressionPtr nothing(Range range) { return make(range, IntegerLiteral{0}); }

  const Program& program_;
  SourceFile& source_;
  Diagnostics& diagnostics_;
  BuiltinFamilies builtins_;
  std::map<std::string, std::vector<const Macro*>> macros_;
  std::map<std::string, const Function*> functions_;
  std::vector<const void*> active_;  // macros and functions being expanded
  std::set<const void*> used_;
  Names names_;
  std::size_t copies_ = 0;
  NodeId nodes_ = 0;
  std::uint32_t depth_ = 0;
  bool too_large_ = false;
};

bool same_parameters(const Macro& a, const Macro& b) {
  return std::ranges::equal(a.parameters, b.parameters, [](const MacroParameter& x, const MacroParameter& y) { return x.kind == y.kind; });
}

// Two parameters of one name, the first of which nobody could read.
template <class Parameters>
void Expander::report_repeated_parameters(const Parameters& parameters) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto written = [&](const auto& parameter) { return source_.text(parameter.range); };
    const auto first = std::ranges::find(parameters, written(parameters[i]), written);
    if (&*first == &parameters[i]) continue;
    diagnostics_.report<DiagnosticId::repeated_item>(parameters[i].range, "parameter", written(parameters[i])).label(first->range, "first defined here");
  }
}

void Expander::report_repeated() {
  for (const Macro& macro : program_.macros) report_repeated_parameters(macro.parameters);
  for (const Function& function : program_.functions) report_repeated_parameters(function.parameters);
  for (const Function& function : program_.functions) {
    const auto macro = macros_.find(function.name);
    if (macro == macros_.end()) continue;
    diagnostics_.report<DiagnosticId::repeated_item>(function.name_range, "function", function.name)
        .label(macro->second.front()->name_range, "a macro of this name is defined here");
  }
  for (const auto& [name, forms] : macros_) {
    for (std::size_t i = 0; i < forms.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (!same_parameters(*forms[i], *forms[j])) continue;
        diagnostics_.report<DiagnosticId::repeated_item>(forms[i]->name_range, "macro", name).label(forms[j]->name_range, "first defined here");
      }
    }
  }
  for (const Function& function : program_.functions) {
    const Function* first = functions_.at(function.name);
    if (first == &function) continue;
    diagnostics_.report<DiagnosticId::repeated_item>(function.name_range, "function", function.name).label(first->name_range, "first defined here");
  }
}

// Ranges of the body being copied move to the copy; those of arguments are where they were written.
Range Expander::place(Range range) const {
  bool inside = names_.number != 0 && range.begin >= names_.original.begin && range.end <= names_.original.end;
  if (!inside) return range;
  std::uint32_t shift = names_.begin - names_.original.begin;
  return {range.begin + shift, range.end + shift};
}

std::string Expander::variable(const std::string& name) const {
  if (names_.number == 0) return name;
  auto parameter = names_.variables.find(name);
  return parameter != names_.variables.end() ? parameter->second : fmt::format("{}#{}", name, names_.number);
}

ExpressionPtr Expander::make(Range range, Kind kind) {
  if (nodes_ >= max_nodes && !too_large_) {
    diagnostics_.report<DiagnosticId::expansion_too_large>(range).with_help("use fewer calls, or loops instead of repetition");
    too_large_ = true;
  }
  return std::make_unique<Expression>(Expression{nodes_++, place(range), std::move(kind)});
}

Expressions Expander::expressions(const Expressions& nodes) {
  Expressions copies;
  for (const ExpressionPtr& node : nodes) copies.push_back(expression(node));
  return copies;
}

ExpressionPtr Expander::expression(const Expression& node) {
  if (depth_ > max_depth || too_large_) {
    if (!too_large_) diagnostics_.report<DiagnosticId::expansion_too_large>(place(node.range)).with_help("it is nested too deeply");
    too_large_ = true;
    return nothing(node.range);
  }
  ++depth_;
  auto name = [&](const Identifier& n) -> ExpressionPtr {
    if (auto parameter = names_.expressions.find(n.name); parameter != names_.expressions.end()) {
      // An argument is in the caller's terms: no name of this body applies to it.
      Names own = std::exchange(names_, Names{});
      ExpressionPtr copy = expression(*parameter->second);
      names_ = std::move(own);
      return copy;
    }
    auto forms = macros_.find(n.name);
    bool is_macro = forms != macros_.end() && std::ranges::any_of(forms->second, [](const Macro* form) { return form->parameters.empty(); });
    return is_macro ? macro(forms->second, n.name, {}, place(node.range)) : make(node.range, n);
  };
  auto same = [&](auto kind) { return make(node.range, std::move(kind)); };
  ExpressionPtr copy = match(
      node.kind, [&](const IntegerLiteral& n) { return same(n); }, [&](const StringLiteral& n) { return same(n); },
      [&](const BooleanLiteral& n) { return same(n); }, [&](const Positional& n) { return same(n); },
      [&](const PositionalCount& n) { return same(n); }, name, [&](const Variable& n) { return same(Variable{variable(n.name)}); },
      [&](const MapAccess& n) {
        auto parameter = names_.maps.find(n.name);
        if (parameter == names_.maps.end() && names_.macro != nullptr) {
          diagnostics_.report<DiagnosticId::map_in_macro>(place(node.range), names_.macro->name, n.name)
              .with_help(fmt::format("maps are handed to macros like variables: `macro {}(@{})`; a `fn` may use any map", names_.macro->name, n.name));
        }
        return same(MapAccess{parameter != names_.maps.end() ? parameter->second : n.name, expressions(n.keys)});
      },
      [&](const Call& n) { return call(n, node.range); }, [&](const Unary& n) { return same(Unary{n.op, expression(n.operand)}); },
      [&](const Step& n) { return same(Step{n.kind, expression(n.operand)}); },
      [&](const Binary& n) {
        ExpressionPtr left = expression(n.left);
        return same(Binary{n.op, std::move(left), expression(n.right)});
      },
      [&](const Ternary& n) {
        ExpressionPtr condition = expression(n.condition);
        ExpressionPtr then = expression(n.then);
        return same(Ternary{std::move(condition), std::move(then), expression(n.otherwise)});
      },
      [&](const Member& n) { return same(Member{expression(n.base), n.name, place(n.name_range)}); },
      [&](const Subscript& n) {
        ExpressionPtr base = expression(n.base);
        return same(Subscript{std::move(base), expression(n.index)});
      },
      [&](const Cast& n) {
        TypeName to = type(n.type);
        return same(Cast{std::move(to), expression(n.operand)});
      },
      [&](const ast::Tuple& n) { return same(ast::Tuple{expressions(n.elements)}); },
      [&](const Record& n) { return same(Record{n.names, n.name_ranges, expressions(n.elements)}); },
      [&](const SizeOf& n) { return same(size_of(n)); }, [&](const OffsetOf& n) { return same(offset_of(n)); },
      [&](const TypeOf& n) { return same(TypeOf{type(n.type)}); }, [&](const Comptime& n) { return same(Comptime{expression(n.operand)}); },
      [&](const BlockExpression& n) {
        Block body = block(n.body);
        ExpressionPtr value = expression(n.value);
        return same(BlockExpression{std::move(body), std::move(value), n.catches_return, type(n.result)});
      });
  --depth_;
  return copy;
}

// Where an argument was itself a type, `typeof(parameter)` is that type.
TypeName Expander::type(const TypeName& name) {
  TypeName copy;
  copy.base = name.base;
  copy.suffixes = name.suffixes;
  copy.range = place(name.range);
  copy.of = expression(name.of);
  auto* inner = copy.of ? std::get_if<TypeOf>(&copy.of->kind) : nullptr;
  if (inner == nullptr) return copy;
  TypeName known = std::move(inner->type);
  known.suffixes.insert(known.suffixes.end(), copy.suffixes.begin(), copy.suffixes.end());
  return known;
}

Expression::Kind Expander::size_of(const SizeOf& node) {
  SizeOf copy{type(node.type), expression(node.operand)};
  if (auto* inner = copy.operand ? std::get_if<TypeOf>(&copy.operand->kind) : nullptr) {
    copy.type = std::move(inner->type);
    copy.operand = nullptr;
  }
  return copy;
}

Expression::Kind Expander::offset_of(const OffsetOf& node) {
  OffsetOf copy{type(node.type), expression(node.operand), node.path, place(node.path_range)};
  if (auto* inner = copy.operand ? std::get_if<TypeOf>(&copy.operand->kind) : nullptr) {
    copy.type = std::move(inner->type);
    copy.operand = nullptr;
  }
  // container_of() and the like take the member's name as an argument.
  for (std::string& part : copy.path) {
    auto parameter = names_.expressions.find(part);
    if (parameter == names_.expressions.end()) continue;
    if (const auto* word = std::get_if<Identifier>(&parameter->second->kind)) part = word->name;
  }
  return copy;
}

Block Expander::block(const Block& node) {
  Block copy;
  copy.range = place(node.range);
  copy.has_tail = node.has_tail;
  for (const StatementPtr& child : node.statements) copy.statements.push_back(statement(*child));
  return copy;
}

StatementPtr Expander::statement(const Statement& node) {
  // Deep nests of blocks end at the next expression in them.
  ++depth_;
  StatementPtr copy = statement_of(node);
  --depth_;
  return copy;
}

StatementPtr Expander::statement_of(const Statement& node) {
  auto make_statement = [&](Statement::Kind kind) { return std::make_unique<Statement>(Statement{place(node.range), std::move(kind)}); };
  return match(
      node.kind, [&](const ExpressionStatement& n) { return make_statement(ExpressionStatement{expression(n.expression), n.discarded}); },
      [&](const Assignment& n) {
        ExpressionPtr target = expression(n.target);
        return make_statement(Assignment{std::move(target), n.op, expression(n.value)});
      },
      [&](const If& n) {
        ExpressionPtr condition = expression(n.condition);
        Block then = block(n.then);
        std::optional<Block> otherwise;
        if (n.otherwise) otherwise = block(*n.otherwise);
        return make_statement(If{std::move(condition), std::move(then), std::move(otherwise)});
      },
      [&](const Return& n) { return make_statement(Return{expression(n.value)}); },
      [&](const Unroll& n) {
        ExpressionPtr count = expression(n.count);
        return make_statement(Unroll{std::move(count), block(n.body)});
      },
      [&](const While& n) {
        ExpressionPtr condition = expression(n.condition);
        return make_statement(While{std::move(condition), block(n.body)});
      },
      [&](const For& n) {
        ExpressionPtr variable = expression(n.variable);
        ExpressionPtr sequence = expression(n.sequence);
        ExpressionPtr last = expression(n.last);
        return make_statement(For{std::move(variable), std::move(sequence), std::move(last), block(n.body)});
      },
      [&](const Break&) { return make_statement(Break{}); }, [&](const Continue&) { return make_statement(Continue{}); },
      [&](const Declaration& n) {
        ExpressionPtr variable = expression(n.variable);
        std::optional<TypeName> declared = type(n.type);
        return make_statement(Declaration{std::move(variable), std::move(declared), expression(n.value)});
      },
      [&](const Block& n) { return make_statement(block(n)); });
}

// How well the argument fits; 0: not at all.
int fit(const MacroParameter& parameter, const Expression& argument) {
  const auto* map = std::get_if<MapAccess>(&argument.kind);
  switch (parameter.kind) {
    case MacroParameterKind::variable: return std::holds_alternative<Variable>(argument.kind) ? 2 : 0;
    case MacroParameterKind::map: return map != nullptr && map->keys.empty() ? 2 : 0;
    case MacroParameterKind::expression: return 1;
  }
  return 0;
}

const Macro* best_form(const std::vector<const Macro*>& forms, const Expressions& arguments) {
  const Macro* best = nullptr;
  int best_fit = -1;
  for (const Macro* form : forms) {
    if (form->parameters.size() != arguments.size()) continue;
    int total = 0;
    bool fits = true;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      int one = fit(form->parameters[i], *arguments[i]);
      fits = fits && one > 0;
      total += one;
    }
    if (!fits || total <= best_fit) continue;
    best = form;
    best_fit = total;
  }
  return best;
}

ExpressionPtr Expander::call(const Call& node, Range range) {
  auto forms = macros_.find(node.name);
  auto known = functions_.find(node.name);
  Expressions arguments = expressions(node.arguments);
  const bool falls_back = forms != macros_.end() && best_form(forms->second, arguments) == nullptr && find_builtin(builtins_, node.name) != nullptr;
  if ((forms == macros_.end() && known == functions_.end()) || falls_back) {
    return make(range, Call{node.name, place(node.name_range), std::move(arguments)});
  }
  if (forms != macros_.end()) return macro(forms->second, node.name, arguments, place(range));
  return function(*known->second, arguments, place(range));
}

std::string spelled(const Macro& macro) {
  std::string text = macro.name + "(";
  for (const MacroParameter& parameter : macro.parameters) {
    constexpr std::string_view marks[] = {"$", "@", ""};
    text += fmt::format("{}{}{}", text.ends_with('(') ? "" : ", ", marks[static_cast<std::size_t>(parameter.kind)], parameter.name);
  }
  return text + ")";
}

bool Expander::enter(const void* item, const std::string& name, Range range, Range definition) {
  if (std::ranges::find(active_, item) != active_.end()) {
    diagnostics_.report<DiagnosticId::recursive_expansion>(range, name)
        .label(definition, "defined here")
        .with_help("macros and functions become part of the probe: write a loop instead");
    return false;
  }
  if (active_.size() >= max_nesting) {
    if (!too_large_) diagnostics_.report<DiagnosticId::expansion_too_large>(range).with_help("macros and functions are nested too deeply");
    too_large_ = true;
    return false;
  }
  active_.push_back(item);
  used_.insert(item);
  return true;
}

ExpressionPtr Expander::macro(const std::vector<const Macro*>& forms, const std::string& name, const Expressions& arguments, Range range) {
  const Macro* form = best_form(forms, arguments);
  if (form == nullptr) {
    Diagnostic& diagnostic = diagnostics_.report<DiagnosticId::unknown_macro_form>(range, name);
    for (const Macro* known : forms) diagnostic.label(known->name_range, "`" + spelled(*known) + "`");
    bool wants_name = std::ranges::any_of(forms, [&](const Macro* known) { return known->parameters.size() == arguments.size(); });
    diagnostic.with_help(wants_name ? "parameters `$x` take a scratch variable, `@x` a map without keys" : "");
    return nothing(range);
  }
  if (!enter(form, name, range, form->name_range)) return nothing(range);
  Names own;
  own.original = form->body->range;
  own.macro = form;
  own.begin = source_.expand(own.original, range);
  own.number = ++copies_;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& parameter = form->parameters[i].name;
    switch (form->parameters[i].kind) {
      case MacroParameterKind::variable: own.variables[parameter] = std::get<Variable>(arguments[i]->kind).name; break;
      case MacroParameterKind::map: own.maps[parameter] = std::get<MapAccess>(arguments[i]->kind).name; break;
      case MacroParameterKind::expression: own.expressions[parameter] = arguments[i].get(); break;
    }
  }
  std::swap(names_, own);
  const auto& body = std::get<BlockExpression>(form->body->kind);
  // One expression alone needs no block around it, and may then be a constant or a map's value.
  ExpressionPtr copy = body.body.statements.empty() && body.value ? expression(*body.value) : expression(*form->body);
  std::swap(names_, own);
  active_.pop_back();
  return copy;
}

// A block that declares the parameters with the arguments as their values and catches what the body returns.
ExpressionPtr Expander::function(const Function& function, const Expressions& arguments, Range range) {
  if (arguments.size() != function.parameters.size()) {
    diagnostics_.report<DiagnosticId::function_arguments>(range, function.name, counted(function.parameters.size(), "argument"), arguments.size())
        .label(function.name_range, "defined here");
    return nothing(range);
  }
  if (!enter(&function, function.name, range, function.name_range)) return nothing(range);
  // The parameters are copied along with the body, whose text they stand before.
  Names own;
  own.original = {function.name_range.begin, function.body.range.end};
  own.begin = source_.expand(own.original, range);
  own.number = ++copies_;
  std::swap(names_, own);
  Block body;
  body.range = place(function.body.range);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const FunctionParameter& parameter = function.parameters[i];
    ExpressionPtr name = make(parameter.range, Variable{variable(parameter.name)});
    TypeName declared = type(parameter.type);
    // Arguments are in the caller's terms.
    Names inner = std::exchange(names_, Names{});
    ExpressionPtr value = expression(*arguments[i]);
    names_ = std::move(inner);
    Range argument_range = value->range;
    body.statements.push_back(
        std::make_unique<Statement>(Statement{argument_range, Declaration{std::move(name), std::move(declared), std::move(value)}}));
  }
  for (const StatementPtr& child : function.body.statements) body.statements.push_back(statement(*child));
  std::optional<TypeName> result = type(function.result);
  ExpressionPtr copy = make(function.body.range, BlockExpression{std::move(body), nullptr, true, std::move(result)});
  std::swap(names_, own);
  active_.pop_back();
  return copy;
}

}  // namespace

Program expand(Program program, SourceFile& source, Diagnostics& diagnostics, BuiltinFamilies builtins) {
  if (program.macros.empty() && program.functions.empty()) return program;
  Expander expander(program, source, diagnostics, builtins);
  Program expanded = expander.run();
  for (Macro& macro : program.macros) macro.used = expander.used(&macro);
  for (Function& function : program.functions) function.used = expander.used(&function);
  expanded.macros = std::move(program.macros);
  expanded.functions = std::move(program.functions);
  expanded.definitions = std::move(program.definitions);
  expanded.config = std::move(program.config);
  expanded.config_range = program.config_range;
  expanded.imports = std::move(program.imports);
  expanded.map_declarations = std::move(program.map_declarations);
  return expanded;
}

}  // namespace fathom
