// Type inference: blocks and what stands in them: declarations, loops, return, blocks that are values.
#include <fmt/format.h>

#include "ast/passes/infer.h"
#include "ast/passes/typing.h"
#include "ast/walk.h"

namespace fathom {

using namespace ast;

void Inference::block(const Block& node) {
  scopes_.emplace_back();
  statements(node);
  scopes_.pop_back();
}

void Inference::statements(const Block& node) {
  bool left = false;
  for (const StatementPtr& child : node.statements) {
    if (left && final_) {
      diagnostics_.report<DiagnosticId::unreachable_code>(child->range);
      left = false;
    }
    statement(*child);
    bool leaves = std::holds_alternative<Return>(child->kind) || std::holds_alternative<Break>(child->kind) ||
                  std::holds_alternative<Continue>(child->kind);
    left = leaves && child != node.statements.back();
  }
}

Type Inference::block_expression(const BlockExpression& node, Facts& facts) {
  scopes_.emplace_back();
  statements(node.body);
  Type type;
  if (node.value) {
    type = infer(*node.value);
    const Facts& value = this->facts(*node.value);
    facts.no_value = value.no_value;
    facts.is_signed = value.is_signed;
  }
  scopes_.pop_back();
  return type;
}

// Called where the block is wanted as a value.
void Inference::require_value(const BlockExpression& node, Range range) {
  if (node.value) {
    value(*node.value);
  } else if (final_) {
    diagnostics_.report<DiagnosticId::block_without_value>(range).with_help("end it with an expression without a `;`: `{ …; $x }`");
  }
}

Type Inference::comptime(const Comptime& node, Facts& facts) {
  Type type = value(*node.operand);
  const Facts& operand = this->facts(*node.operand);
  facts.constant = operand.constant;
  facts.text = operand.text;
  if (final_ && !operand.constant && !operand.text && !type.is_none()) {
    diagnostics_.report<DiagnosticId::not_comptime>(node.operand->range).with_help("numbers, strings, parameters (`$1`), sizeof and the like are known before the script runs");
  }
  return type;
}

}  // namespace fathom
