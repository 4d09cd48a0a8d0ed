// Dump of the tree: one node a line, two blanks a level.
#include "ast/print.h"

#include <fmt/format.h>

#include "ast/text.h"
#include "ast/walk.h"

namespace fathom::ast {

std::string_view spelling(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::multiply: return "*";
    case BinaryOperator::divide: return "/";
    case BinaryOperator::remainder: return "%";
    case BinaryOperator::add: return "+";
    case BinaryOperator::subtract: return "-";
    case BinaryOperator::shift_left: return "<<";
    case BinaryOperator::shift_right: return ">>";
    case BinaryOperator::less: return "<";
    case BinaryOperator::less_equal: return "<=";
    case BinaryOperator::greater: return ">";
    case BinaryOperator::greater_equal: return ">=";
    case BinaryOperator::equal: return "==";
    case BinaryOperator::not_equal: return "!=";
    case BinaryOperator::bitwise_and: return "&";
    case BinaryOperator::bitwise_xor: return "^";
    case BinaryOperator::bitwise_or: return "|";
    case BinaryOperator::logical_and: return "&&";
    case BinaryOperator::logical_or: return "||";
  }
  return "";
}

std::string_view spelling(UnaryOperator op) {
  switch (op) {
    case UnaryOperator::negate: return "-";
    case UnaryOperator::logical_not: return "!";
    case UnaryOperator::bitwise_not: return "~";
    case UnaryOperator::dereference: return "*";
    case UnaryOperator::address_of: return "&";
  }
  return "";
}

namespace {

std::string spelled(const TypeName& type) {
  std::string text = type.of ? "typeof" : type.base;
  for (std::uint32_t suffix : type.suffixes) {
    text += suffix == 0 ? " *" : suffix == unsized_array ? "[]" : fmt::format("[{}]", suffix);
  }
  return text;
}

std::string_view spelled(StepKind kind) {
  switch (kind) {
    case StepKind::pre_increment: return "++x";
    case StepKind::pre_decrement: return "--x";
    case StepKind::post_increment: return "x++";
    case StepKind::post_decrement: return "x--";
  }
  return "";
}

class Printer {
 public:
  explicit Printer(const std::function<std::string(const Expression&)>& note) : note_(note) {}

  void probe(const Probe& probe) {
    line("probe");
    ++level_;
    if (!probe.name.empty()) line("name " + probe.name);
    for (const AttachPointText& point : probe.attach_points) line("attach_point " + point.text);
    if (probe.predicate) titled("predicate", *probe.predicate);
    block(probe.body);
    --level_;
  }

  void definition(const Definition& definition) {
    line((definition.kind == DefinitionKind::preprocessor ? "preprocessor " : "type ") + quote(definition.text));
  }

  void config(const Program& program) {
    if (!program.config_range) return;
    line("config");
    ++level_;
    for (const ConfigEntry& entry : program.config) line(fmt::format("{} {}", entry.key, entry.is_string ? quote(entry.value) : entry.value));
    --level_;
  }

  void declaration(const MapDeclaration& map) { line(fmt::format("let @{} {}({})", map.name, map.type, map.size)); }

  void macro(const Macro& macro) {
    line("macro " + macro.name);
    ++level_;
    for (const MacroParameter& parameter : macro.parameters) {
      constexpr std::string_view marks[] = {"$", "@", ""};
      line(fmt::format("parameter {}{}", marks[static_cast<std::size_t>(parameter.kind)], parameter.name));
    }
    expression(*macro.body);
    --level_;
  }

  void function(const Function& function) {
    line("fn " + function.name + (function.result ? " : " + spelled(*function.result) : ""));
    ++level_;
    for (const FunctionParameter& parameter : function.parameters) line(fmt::format("parameter ${} : {}", parameter.name, spelled(parameter.type)));
    block(function.body);
    --level_;
  }

  void import(const Import& import) { line("import " + quote(import.path)); }

  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view text) {
    text_.append(2 * level_, ' ');
    text_ += text;
    text_ += '\n';
  }

  void titled(std::string_view title, const Expression& node) {
    line(title);
    ++level_;
    expression(node);
    --level_;
  }

  void block(const Block& block) {
    line("block");
    ++level_;
    for (const StatementPtr& child : block.statements) statement(*child);
    --level_;
  }

  void expression(const Expression& node) {
    std::string head = match(
        node.kind, [](const IntegerLiteral& n) { return fmt::format("integer {}", n.value); },
        [](const StringLiteral& n) { return "string " + quote(n.value); },
        [](const BooleanLiteral& n) { return fmt::format("boolean {}", n.value); },
        [](const Positional& n) { return fmt::format("positional ${}", n.index); }, [](const PositionalCount&) { return std::string("positional $#"); },
        [](const Identifier& n) { return "name " + n.name; }, [](const Variable& n) { return "variable $" + n.name; },
        [](const MapAccess& n) { return "map @" + n.name; }, [](const Call& n) { return "call " + n.name; },
        [](const Unary& n) { return fmt::format("unary {}", spelling(n.op)); }, [](const Step& n) { return fmt::format("step {}", spelled(n.kind)); },
        [](const Binary& n) { return fmt::format("binary {}", spelling(n.op)); }, [](const Ternary&) { return std::string("ternary"); },
        [](const Member& n) { return "member " + n.name; }, [](const Subscript&) { return std::string("subscript"); },
        [](const Cast& n) { return "cast " + spelled(n.type); }, [](const Tuple&) { return std::string("tuple"); },
        [](const Record& n) {
          std::string text = "record";
          for (const std::string& name : n.names) text += " " + name;
          return text;
        },
        [](const SizeOf& n) { return n.type ? "sizeof " + spelled(*n.type) : std::string("sizeof"); },
        [](const OffsetOf& n) {
          std::string text = "offsetof";
          for (const std::string& name : n.path) text += " " + name;
          return n.type ? text + " of " + spelled(*n.type) : text;
        },
        [](const TypeOf& n) { return "typeof " + spelled(n.type); }, [](const Comptime&) { return std::string("comptime"); },
        [](const BlockExpression&) { return std::string("block_expression"); });
    if (note_) head += note_(node);
    line(head);
    ++level_;
    if (const auto* n = std::get_if<BlockExpression>(&node.kind)) {
      block(n->body);
      optional(n->value);
      --level_;
      return;
    }
    each_child(node.kind, [&](const Expression& child) { expression(child); });
    --level_;
  }

  void optional(const ExpressionPtr& node) {
    if (node) expression(*node);
  }

  void statement(const Statement& node) {
    match(
        node.kind, 
        [&](const ExpressionStatement& n) {
          if (!n.discarded) return expression(*n.expression);
          titled("discard", *n.expression);
        },
        [&](const Assignment& n) {
          line(n.op ? fmt::format("assign {}=", spelling(*n.op)) : "assign =");
          ++level_;
          expression(*n.target);
          expression(*n.value);
          --level_;
        },
        [&](const If& n) {
          line("if");
          ++level_;
          expression(*n.condition);
          block(n.then);
          if (n.otherwise) block(*n.otherwise);
          --level_;
        },
        [&](const Return& n) {
          line("return");
          ++level_;
          optional(n.value);
          --level_;
        },
        [&](const Unroll& n) { loop("unroll", n.count, n.body); }, [&](const While& n) { loop("while", n.condition, n.body); },
        [&](const For& n) {
          line("for");
          ++level_;
          expression(*n.variable);
          expression(*n.sequence);
          optional(n.last);
          block(n.body);
          --level_;
        },
        [&](const Break&) { line("break"); }, [&](const Continue&) { line("continue"); },
        [&](const Declaration& n) {
          line(n.type ? "let : " + spelled(*n.type) : "let");
          ++level_;
          expression(*n.variable);
          optional(n.value);
          --level_;
        },
        [&](const Block& n) { block(n); });
  }

  void loop(std::string_view title, const ExpressionPtr& head, const Block& body) {
    line(title);
    ++level_;
    expression(*head);
    block(body);
    --level_;
  }

  const std::function<std::string(const Expression&)>& note_;
  std::string text_;
  std::size_t level_ = 0;
};

}  // namespace

std::string to_string(const Program& program) {
  std::function<std::string(const Expression&)> none;
  Printer printer(none);
  for (const Definition& definition : program.definitions) printer.definition(definition);
  printer.config(program);
  for (const Import& import : program.imports) printer.import(import);
  for (const MapDeclaration& map : program.map_declarations) printer.declaration(map);
  for (const Macro& macro : program.macros) printer.macro(macro);
  for (const Function& function : program.functions) printer.function(function);
  for (const Probe& probe : program.probes) printer.probe(probe);
  return printer.take();
}

std::string to_string(const Probe& probe, const std::function<std::string(const Expression&)>& note) {
  Printer printer(note);
  printer.probe(probe);
  return printer.take();
}

}  // namespace fathom::ast
