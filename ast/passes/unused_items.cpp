// See the header: unknown names, wrong numbers of arguments, variables that never get a value, `break` outside of loops.
#include "ast/passes/unused_items.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "ast/passes/infer.h"
#include "ast/text.h"
#include "ast/walk.h"

namespace fathom {

using namespace ast;

namespace {

bool takes(const Parameter& parameter, ParameterKind kind) { return std::ranges::find(parameter.kinds, kind) != parameter.kinds.end(); }

class ItemCheck {
 public:
  ItemCheck(const Program& program, const Catalog& catalog, const Target& target, Diagnostics& diagnostics)
      : program_(program), catalog_(catalog), target_(target), diagnostics_(diagnostics) {}

  void check(const Macro& macro);
  void check(const Function& function);

 private:
  void find_variables(const Expression& node);
  void find_variables(const Block& block);
  void find_declared(const Block& block);
  void look(const Expression& node);
  void look_all(const Expressions& nodes) {
    for (const ExpressionPtr& node : nodes) look(*node);
  }
  void look_at_children(const Expression& node) {
    each_child(node.kind, [&](const Expression& child) { look(child); });
  }
  void name(const Identifier& node, Range range);
  void call(const Call& node, Range range);
  void builtin(const Builtin& row, const Call& node, Range range);
  bool macro_call(const Call& node, Range range);
  void unknown(Range range, const std::string& name, const std::vector<std::string>& names);
  void type(const TypeName& name);
  // A name that may be a type's, as in sizeof(name).
  bool is_type(const ExpressionPtr& node) const;
  void leaves(const Block& block, bool in_loop);

  const Program& program_;
  const Catalog& catalog_;
  const Target& target_;
  Diagnostics& diagnostics_;
  const Macro* macro_ = nullptr;
  const std::string* item_ = nullptr;  // its name, or the function's
  std::set<std::string> variables_;    // that get a value somewhere
  std::set<std::string> expressions_;  // parameters without a mark
  std::set<std::string> maps_;         // parameters
};

void ItemCheck::check(const Macro& macro) {
  macro_ = &macro;
  item_ = &macro.name;
  for (const MacroParameter& parameter : macro.parameters) {
    switch (parameter.kind) {
      case MacroParameterKind::variable: variables_.insert(parameter.name); break;
      case MacroParameterKind::map: maps_.insert(parameter.name); break;
      case MacroParameterKind::expression: expressions_.insert(parameter.name); break;
    }
  }
  find_variables(*macro.body);
  look(*macro.body);
}

void ItemCheck::check(const Function& function) {
  item_ = &function.name;
  for (const FunctionParameter& parameter : function.parameters) {
    variables_.insert(parameter.name);
    type(parameter.type);
  }
  if (function.result) type(*function.result);
  find_variables(function.body);
  each_expression(function.body, [&](const Expression& node) { look(node); });
  leaves(function.body, false);
}

void ItemCheck::find_variables(const Expression& node) {
  // What a macro or a builtin is handed may get its value there.
  if (const auto* call = std::get_if<Call>(&node.kind)) {
    for (const ExpressionPtr& argument : call->arguments) {
      if (const auto* variable = std::get_if<Variable>(&argument->kind)) variables_.insert(variable->name);
    }
  }
  if (const auto* block = std::get_if<BlockExpression>(&node.kind)) find_declared(block->body);
  each_child(node.kind, [&](const Expression& child) { find_variables(child); });
}

void ItemCheck::find_variables(const Block& block) {
  find_declared(block);
  each_expression(block, [&](const Expression& node) { find_variables(node); });
}

void ItemCheck::find_declared(const Block& block) {
  auto note = [&](const Expression& target) {
    if (const auto* variable = std::get_if<Variable>(&target.kind)) variables_.insert(variable->name);
  };
  each_assigned(block, note);
  for (const StatementPtr& statement : block.statements) {
    match(
        statement->kind, [](const ExpressionStatement&) {}, [](const Assignment&) {},
        [&](const If& node) {
          find_declared(node.then);
          if (node.otherwise) find_declared(*node.otherwise);
        },
        [](const Return&) {}, [&](const Unroll& node) { find_declared(node.body); }, [&](const While& node) { find_declared(node.body); },
        [&](const For& node) {
          note(*node.variable);
          find_declared(node.body);
        },
        [](const Break&) {}, [](const Continue&) {},
        [&](const Declaration& node) {
          note(*node.variable);
          if (node.type) type(*node.type);
        },
        [&](const Block& node) { find_declared(node); });
  }
}

void ItemCheck::look(const Expression& node) {
  match(
      node.kind, [](const IntegerLiteral&) {}, [](const StringLiteral&) {}, [](const BooleanLiteral&) {}, [](const Positional&) {},
      [](const PositionalCount&) {}, [&](const Identifier& n) { name(n, node.range); },
      [&](const Variable& n) {
        if (!variables_.contains(n.name)) diagnostics_.report<DiagnosticId::undefined_variable>(node.range, n.name);
      },
      [&](const MapAccess& n) {
        look_all(n.keys);
        if (macro_ == nullptr || maps_.contains(n.name)) return;
        diagnostics_.report<DiagnosticId::map_in_macro>(node.range, macro_->name, n.name)
            .with_help(fmt::format("maps are handed to macros like variables: `macro {}(@{})`; a `fn` may use any map", macro_->name, n.name));
      },
      [&](const Call& n) { call(n, node.range); }, [&](const Unary&) { look_at_children(node); }, [&](const Step&) { look_at_children(node); },
      [&](const Binary&) { look_at_children(node); }, [&](const Ternary&) { look_at_children(node); }, [&](const Member&) { look_at_children(node); },
      [&](const Subscript&) { look_at_children(node); },
      [&](const Cast& n) {
        type(n.type);
        look(*n.operand);
      },
      [&](const ast::Tuple&) { look_at_children(node); }, [&](const Record&) { look_at_children(node); },
      [&](const SizeOf& n) {
        if (n.type) type(*n.type);
        if (n.operand && !is_type(n.operand)) look(*n.operand);
      },
      [&](const OffsetOf& n) {
        if (n.type) type(*n.type);
        if (n.operand && !is_type(n.operand)) look(*n.operand);
      },
      [&](const TypeOf& n) { type(n.type); }, [&](const Comptime&) { look_at_children(node); },
      [&](const BlockExpression&) { look_at_children(node); });
}

bool ItemCheck::is_type(const ExpressionPtr& node) const {
  const auto* word = std::get_if<Identifier>(&node->kind);
  return word != nullptr && is_type_name(word->name, target_);
}

// Collections of macros name what other versions and kernels have: that is only an error once something calls them.
void ItemCheck::unknown(Range range, const std::string& name, const std::vector<std::string>& names) {
  diagnostics_.report<DiagnosticId::unknown_in_unused>(range, name, *item_).with_help(did_you_mean(name, names));
}

void ItemCheck::type(const TypeName& name) {
  if (name.of) {
    if (!is_type(name.of)) look(*name.of);
  } else if (!is_type_name(name.base, target_)) {
    unknown(name.range, name.base, {});
  }
}

void ItemCheck::name(const Identifier& node, Range range) {
  if (expressions_.contains(node.name)) return;
  const bool is_macro = std::ranges::any_of(program_.macros, [&](const Macro& macro) { return macro.name == node.name && macro.parameters.empty(); });
  if (is_macro) return;
  if (const Builtin* row = find_builtin(catalog_.builtins, node.name)) {
    if (row->form == Form::variable) return;
    diagnostics_.report<DiagnosticId::function_not_called>(range, node.name).with_help(fmt::format("call it: `{}(…)`; its prototype is `{}`", node.name, row->prototype));
  } else if (!target_.enumerator(node.name)) {
    std::vector<std::string> names = builtin_names(catalog_.builtins);
    names.insert(names.end(), expressions_.begin(), expressions_.end());
    unknown(range, node.name, names);
  }
}

bool ItemCheck::macro_call(const Call& node, Range range) {
  bool known = false;
  bool fits = false;
  for (const Macro& macro : program_.macros) {
    if (macro.name != node.name) continue;
    known = true;
    fits = fits || macro.parameters.size() == node.arguments.size();
  }
  if (known && !fits && find_builtin(catalog_.builtins, node.name) != nullptr) return false;
  if (known && !fits) diagnostics_.report<DiagnosticId::unknown_macro_form>(range, node.name);
  return known;
}

void ItemCheck::call(const Call& node, Range range) {
  auto function = std::ranges::find(program_.functions, node.name, &Function::name);
  if (macro_call(node, range)) {
    look_all(node.arguments);
  } else if (function != program_.functions.end()) {
    if (function->parameters.size() != node.arguments.size()) {
      diagnostics_.report<DiagnosticId::function_arguments>(range, node.name, counted(function->parameters.size(), "argument"), node.arguments.size())
          .label(function->name_range, "defined here");
    }
    look_all(node.arguments);
  } else if (const Builtin* row = find_builtin(catalog_.builtins, node.name)) {
    builtin(*row, node, range);
  } else {
    look_all(node.arguments);
    std::vector<std::string> names = builtin_names(catalog_.builtins);
    for (const Macro& macro : program_.macros) names.push_back(macro.name);
    for (const Function& other : program_.functions) names.push_back(other.name);
    unknown(node.name_range, node.name, names);
  }
}

void ItemCheck::builtin(const Builtin& row, const Call& node, Range range) {
  const auto prototype = parse_prototype(row.prototype);
  if (!prototype) return;
  const std::size_t given = node.arguments.size();
  const std::string help = fmt::format("its prototype is `{}`", row.prototype);
  if (given < prototype->required) {
    diagnostics_.report<DiagnosticId::too_few_arguments>(range, node.name, arity(*prototype), arguments_noun(*prototype), given).with_help(help);
  } else if (given > prototype->parameters.size() && !prototype->variadic) {
    diagnostics_.report<DiagnosticId::too_many_arguments>(range, node.name, arity(*prototype), arguments_noun(*prototype), given).with_help(help);
  }
  for (std::size_t i = 0; i < given; ++i) {
    const bool is_word = i < prototype->parameters.size() && takes(prototype->parameters[i], ParameterKind::word);
    if (!is_word || !std::holds_alternative<Identifier>(node.arguments[i]->kind)) look(*node.arguments[i]);
  }
}

void ItemCheck::leaves(const Block& block, bool in_loop) {
  auto outside = [&](Range range, const char* what) {
    if (!in_loop) diagnostics_.report<DiagnosticId::outside_loop>(range, what);
  };
  for (const StatementPtr& statement : block.statements) {
    match(
        statement->kind, [](const ExpressionStatement&) {}, [](const Assignment&) {},
        [&](const If& node) {
          leaves(node.then, in_loop);
          if (node.otherwise) leaves(*node.otherwise, in_loop);
        },
        [](const Return&) {}, [&](const Unroll& node) { leaves(node.body, true); }, [&](const While& node) { leaves(node.body, true); },
        [&](const For& node) { leaves(node.body, true); }, [&](const Break&) { outside(statement->range, "break"); },
        [&](const Continue&) { outside(statement->range, "continue"); }, [](const Declaration&) {}, [&](const Block& node) { leaves(node, in_loop); });
  }
}

}  // namespace

void check_unused_items(const Program& program, const Catalog& catalog, const Target& target, Diagnostics& diagnostics) {
  for (const Macro& macro : program.macros) {
    if (!macro.used) ItemCheck(program, catalog, target, diagnostics).check(macro);
  }
  for (const Function& function : program.functions) {
    if (!function.used) ItemCheck(program, catalog, target, diagnostics).check(function);
  }
}

}  // namespace fathom
