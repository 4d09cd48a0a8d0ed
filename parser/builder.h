// What the grammar's actions call: hands out tokens, makes nodes with ids and ranges, and words the syntax errors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ast/diagnostics.h"
#include "ast/nodes.h"
#include "lexer/token.h"

namespace fathom {

class Builder {
 public:
  Builder(const std::vector<Token>& tokens, const SourceFile& source, Diagnostics& diagnostics)
      : tokens_(tokens), source_(source), diagnostics_(diagnostics) {}

  // The next token, or null at the end.
  const Token* next();
  Range end_of_input() const;

  void definition(ast::DefinitionKind kind, const Token& token);
  void probe(ast::Probe& probe) { program_.probes.push_back(std::move(probe)); }
  ast::Probe make_probe(std::vector<ast::AttachPointText>& points, ast::ExpressionPtr& predicate, ast::Block& body, Range range);

  ast::ExpressionPtr node(Range range, ast::Expression::Kind kind);
  ast::ExpressionPtr unary(Range range, ast::UnaryOperator op, ast::ExpressionPtr operand);
  ast::ExpressionPtr binary(Range range, ast::BinaryOperator op, ast::ExpressionPtr left, ast::ExpressionPtr right);
  ast::ExpressionPtr tuple(Range range, ast::ExpressionPtr first, ast::Expressions rest);

  ast::StatementPtr statement(Range range, ast::Statement::Kind kind);
  ast::StatementPtr assignment(Range range, ast::ExpressionPtr target, const Token& op, ast::ExpressionPtr value);
  ast::StatementPtr loop(Range range, const Token& variable, ast::ExpressionPtr sequence, ast::ExpressionPtr last, ast::Block body);
  ast::Block block(std::vector<ast::StatementPtr>& statements, ast::StatementPtr last, Range range);
  ast::Block wrap(ast::StatementPtr statement, Range range);

  ast::TypeName type_name(const Token& cast);
  ast::TypeName type_words(const std::vector<const Token*>& words, Range range);
  ast::TypeName array_of(ast::TypeName type, const Token& count, Range range);

  // `expected`: the tokens that could have stood at `range`.
  void unexpected(Range range, const std::vector<TokenKind>& expected, bool end_expected);

  ast::Program take();

 private:
  std::uint32_t depth_below(const ast::Expression::Kind& kind) const;

  const std::vector<Token>& tokens_;
  const SourceFile& source_;
  Diagnostics& diagnostics_;
  std::size_t next_ = 0;
  ast::Program program_;
  std::vector<std::uint16_t> depths_;  // by NodeId
  std::uint32_t chain_ = 0;            // nested `else if`
  bool too_deep_ = false;
};

}  // namespace fathom
