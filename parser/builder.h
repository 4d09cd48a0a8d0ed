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
  Builder(const SourceFile& source, Diagnostics& diagnostics) : source_(source), diagnostics_(diagnostics) {}

  // What follows are the tokens of another file; its items join those of the files before.
  void begin_file(std::vector<Token> tokens, std::size_t file);

  // The next token, or null at the end.
  const Token* next();
  Range end_of_input() const;

  void definition(ast::DefinitionKind kind, const Token& token);
  void probe(ast::Probe& probe) { program_.probes.push_back(std::move(probe)); }
  void config_entry(const Token& key, const Token& value);
  void config(Range range);
  void import(const Token& path, Range range);
  void map_declaration(const Token& name, const Token& type, const Token& size);
  void macro(const Token& name, std::vector<ast::MacroParameter>& parameters, ast::Block body);
  void function(const Token& name, std::vector<ast::FunctionParameter>& parameters, std::optional<ast::TypeName>& result, ast::Block body);
  ast::Probe make_probe(std::vector<ast::AttachPointText>& points, ast::ExpressionPtr& predicate, ast::Block& body, Range range);

  ast::ExpressionPtr node(Range range, ast::Expression::Kind kind);
  ast::ExpressionPtr unary(Range range, ast::UnaryOperator op, ast::ExpressionPtr operand);
  ast::ExpressionPtr binary(Range range, ast::BinaryOperator op, ast::ExpressionPtr left, ast::ExpressionPtr right);
  ast::ExpressionPtr tuple(Range range, ast::ExpressionPtr first, ast::Expressions rest);

  // A block, or an `if` with both branches, where a value is wanted: its last statement gives the value, if it has one.
  ast::ExpressionPtr block_value(Range range, ast::Block block);
  ast::ExpressionPtr if_value(Range range, ast::ExpressionPtr condition, ast::Block then, ast::Block otherwise);
  ast::ExpressionPtr offset_of(Range range, std::optional<ast::TypeName> type, ast::ExpressionPtr operand, const std::vector<const Token*>& path,
                               Range path_range);
  // A call that has a type for its argument.
  ast::ExpressionPtr type_call(Range range, const Token& name, ast::TypeName type, Range type_range);
  void field(ast::Record& record, const Token& name, ast::ExpressionPtr value);

  ast::StatementPtr statement(Range range, ast::Statement::Kind kind);
  ast::StatementPtr assignment(Range range, ast::ExpressionPtr target, const Token& op, ast::ExpressionPtr value);
  ast::StatementPtr loop(Range range, const Token& variable, ast::ExpressionPtr sequence, ast::ExpressionPtr last, ast::Block body);
  ast::StatementPtr declaration(Range range, const Token& variable, std::optional<ast::TypeName> type, ast::ExpressionPtr value);
  ast::Block block(std::vector<ast::StatementPtr>& statements, ast::StatementPtr last, Range range);
  ast::Block wrap(ast::StatementPtr statement, Range range);

  ast::TypeName type_name(const Token& cast);
  ast::TypeName type_words(const std::vector<const Token*>& words, Range range);
  ast::TypeName array_of(ast::TypeName type, const Token& count, Range range);

  // `expected`: the tokens that could have stood at `range`.
  void unexpected(Range range, const std::vector<TokenKind>& expected, bool end_expected);

  ast::Program take();

 private:
  // Reports an item that stands behind what it must stand before.
  void check_order(Range range, const char* what);
  std::uint32_t depth_below(const ast::Expression::Kind& kind) const;

  const SourceFile& source_;
  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  std::size_t file_ = 0;
  bool has_settings_ = false;  // this file had `config` or `import`
  bool has_code_ = false;      // this file had a probe, macro, function or map declaration
  ast::Program program_;
  std::vector<std::uint16_t> depths_;  // by NodeId
  std::uint32_t chain_ = 0;            // nested `else if`
  bool too_deep_ = false;
};

}  // namespace fathom
