// The one traversal of the tree: calls a function for each direct child expression of a node, in source order. Whoever wants all of them
// recurses from there.
#pragma once

#include <variant>

#include "ast/nodes.h"

namespace fathom::ast {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

// std::visit with the variant first.
template <class Variant, class... Functions>
decltype(auto) match(Variant&& variant, Functions&&... functions) {
  return std::visit(Overloaded{std::forward<Functions>(functions)...}, std::forward<Variant>(variant));
}

template <class Function>
void each_expression(const Block& block, Function&& call);

template <class Function>
void each_child(const Expression::Kind& kind, Function&& call) {
  auto in_type = [&](const TypeName& type) {
    if (type.of) call(*type.of);
  };
  auto one = [&](const ExpressionPtr& child) {
    if (child) call(*child);
  };
  auto all = [&](const Expressions& children) {
    for (const ExpressionPtr& child : children) one(child);
  };
  match(
      kind, [](const IntegerLiteral&) {}, [](const StringLiteral&) {}, [](const BooleanLiteral&) {}, [](const Positional&) {},
      [](const PositionalCount&) {}, [](const Identifier&) {}, [](const Variable&) {}, [&](const MapAccess& node) { all(node.keys); },
      [&](const Call& node) { all(node.arguments); }, [&](const Unary& node) { one(node.operand); },
      [&](const Step& node) { one(node.operand); },
      [&](const Binary& node) {
        one(node.left);
        one(node.right);
      },
      [&](const Ternary& node) {
        one(node.condition);
        one(node.then);
        one(node.otherwise);
      },
      [&](const Member& node) { one(node.base); },
      [&](const Subscript& node) {
        one(node.base);
        one(node.index);
      },
      [&](const Cast& node) {
        in_type(node.type);
        one(node.operand);
      },
      [&](const Tuple& node) { all(node.elements); }, [&](const Record& node) { all(node.elements); },
      [&](const SizeOf& node) {
        if (node.type) in_type(*node.type);
        one(node.operand);
      },
      [&](const OffsetOf& node) {
        if (node.type) in_type(*node.type);
        one(node.operand);
      },
      [&](const TypeOf& node) { in_type(node.type); }, [&](const Comptime& node) { one(node.operand); },
      [&](const BlockExpression& node) {
        each_expression(node.body, call);
        one(node.value);
        if (node.result) in_type(*node.result);
      });
}

// Every expression that stands directly in a statement of the block, nested statements included.
template <class Function>
void each_expression(const Block& block, Function&& call) {
  auto one = [&](const ExpressionPtr& child) {
    if (child) call(*child);
  };
  for (const StatementPtr& statement : block.statements) {
    match(
        statement->kind, [&](const ExpressionStatement& node) { one(node.expression); },
        [&](const Assignment& node) {
          one(node.target);
          one(node.value);
        },
        [&](const If& node) {
          one(node.condition);
          each_expression(node.then, call);
          if (node.otherwise) each_expression(*node.otherwise, call);
        },
        [&](const Return& node) { one(node.value); },
        [&](const Unroll& node) {
          one(node.count);
          each_expression(node.body, call);
        },
        [&](const While& node) {
          one(node.condition);
          each_expression(node.body, call);
        },
        [&](const For& node) {
          one(node.variable);
          one(node.sequence);
          one(node.last);
          each_expression(node.body, call);
        },
        [](const Break&) {}, [](const Continue&) {}, 
        [&](const Declaration& node) {
          one(node.variable);
          if (node.type && node.type->of) call(*node.type->of);
          one(node.value);
        },
        [&](const Block& node) { each_expression(node, call); });
  }
}

// The target of every assignment in the block, nested statements included.
template <class Function>
void each_assigned(const Block& block, Function&& call) {
  for (const StatementPtr& statement : block.statements) {
    match(
        statement->kind, [](const ExpressionStatement&) {}, [&](const Assignment& node) { call(*node.target); },
        [&](const If& node) {
          each_assigned(node.then, call);
          if (node.otherwise) each_assigned(*node.otherwise, call);
        },
        [](const Return&) {}, [&](const Unroll& node) { each_assigned(node.body, call); },
        [&](const While& node) { each_assigned(node.body, call); }, [&](const For& node) { each_assigned(node.body, call); },
        [](const Break&) {}, [](const Continue&) {}, [](const Declaration&) {}, [&](const Block& node) { each_assigned(node, call); });
  }
}

}  // namespace fathom::ast
