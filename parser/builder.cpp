// Node construction and nesting limits.
#include "parser/builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "ast/walk.h"
#include "grammar.h"
#include "parser/casts.h"
#include "parser/parser.h"

namespace fathom {

using namespace ast;

namespace {

// Every later phase recurses over the tree; this bounds their stack.
constexpr std::uint32_t max_depth = 400;

std::optional<BinaryOperator> operator_of_assignment(TokenKind kind) {
  constexpr std::pair<TokenKind, BinaryOperator> operators[] = {
      {TokenKind::add_assign, BinaryOperator::add},
      {TokenKind::subtract_assign, BinaryOperator::subtract},
      {TokenKind::multiply_assign, BinaryOperator::multiply},
      {TokenKind::divide_assign, BinaryOperator::divide},
      {TokenKind::remainder_assign, BinaryOperator::remainder},
      {TokenKind::and_assign, BinaryOperator::bitwise_and},
      {TokenKind::or_assign, BinaryOperator::bitwise_or},
      {TokenKind::xor_assign, BinaryOperator::bitwise_xor},
      {TokenKind::shift_left_assign, BinaryOperator::shift_left},
      {TokenKind::shift_right_assign, BinaryOperator::shift_right},
  };
  for (const auto& [token, op] : operators) {
    if (token == kind) return op;
  }
  return std::nullopt;
}

}  // namespace

void Builder::begin_file(std::vector<Token> tokens, std::size_t file) {
  tokens_ = std::move(tokens);
  next_ = 0;
  file_ = file;
  has_settings_ = has_code_ = false;
}

const Token* Builder::next() { return next_ < tokens_.size() ? &tokens_[next_++] : nullptr; }

Range Builder::end_of_input() const {
  std::uint32_t end = source_.extent(file_).end;
  return {end, end};
}

void Builder::check_order(Range range, const char* what) {
  if (has_code_) diagnostics_.report<DiagnosticId::misplaced_item>(range, what).with_help("move it to the top of the script");
}

void Builder::definition(DefinitionKind kind, const Token& token) {
  if (has_settings_ || has_code_) {
    diagnostics_.report<DiagnosticId::misplaced_definition>(token.range).with_help("move it to the top of the script");
  }
  program_.definitions.push_back({kind, token.text, token.range});
}

void Builder::config_entry(const Token& key, const Token& value) {
  bool is_string = value.kind == TokenKind::string;
  program_.config.push_back({key.text, key.range, is_string ? value.text : std::string(source_.text(value.range)), is_string, value.range});
}

void Builder::config(Range range) {
  if (program_.config_range) {
    diagnostics_.report<DiagnosticId::repeated_config>(range).label(*program_.config_range, "the first one").with_help("write all settings into one block");
  }
  check_order(range, "`config`");
  if (file_ != 0) diagnostics_.report<DiagnosticId::config_in_import>(range).with_help("settings belong into the script that imports this file");
  has_settings_ = true;
  program_.config_range = range;
}

void Builder::import(const Token& path, Range range) {
  check_order(range, "`import`");
  has_settings_ = true;
  program_.imports.push_back({path.text, range});
}

void Builder::map_declaration(const Token& name, const Token& type, const Token& size) {
  has_code_ = true;
  program_.map_declarations.push_back({name.text, type.text, size.number, name.range, type.range, size.range});
}

void Builder::macro(const Token& name, std::vector<MacroParameter>& parameters, Block body) {
  has_code_ = true;
  Range range = body.range;
  program_.macros.push_back({name.text, name.range, std::move(parameters), block_value(range, std::move(body))});
}

void Builder::function(const Token& name, std::vector<FunctionParameter>& parameters, std::optional<TypeName>& result, Block body) {
  has_code_ = true;
  program_.functions.push_back({name.text, name.range, std::move(parameters), std::move(result), std::move(body)});
}

Probe Builder::make_probe(std::vector<AttachPointText>& points, ExpressionPtr& predicate, Block& body, Range range) {
  has_code_ = true;
  NodeId first = program_.probes.empty() ? 0 : program_.probes.back().end_node;
  return {{}, std::move(points), std::move(predicate), std::move(body), range, first, program_.node_count};
}

std::uint32_t Builder::depth_below(const Expression::Kind& kind) const {
  std::uint32_t depth = 0;
  each_child(kind, [&](const Expression& child) { depth = std::max<std::uint32_t>(depth, depths_[child.id]); });
  return depth;
}

ExpressionPtr Builder::node(Range range, Expression::Kind kind) {
  std::uint32_t depth = depth_below(kind) + 1;
  if (depth > max_depth) {
    if (!too_deep_) {
      diagnostics_.report<DiagnosticId::nested_too_deeply>(range, max_depth).with_help("keep parts of it in scratch variables (`$part = …`)");
    }
    too_deep_ = true;
    kind = IntegerLiteral{0};
    depth = 1;
  }
  depths_.push_back(static_cast<std::uint16_t>(depth));
  return std::make_unique<Expression>(Expression{program_.node_count++, range, std::move(kind)});
}

ExpressionPtr Builder::unary(Range range, UnaryOperator op, ExpressionPtr operand) { return node(range, Unary{op, std::move(operand)}); }

ExpressionPtr Builder::binary(Range range, BinaryOperator op, ExpressionPtr left, ExpressionPtr right) {
  return node(range, Binary{op, std::move(left), std::move(right)});
}

ExpressionPtr Builder::tuple(Range range, ExpressionPtr first, Expressions rest) {
  rest.insert(rest.begin(), std::move(first));
  return node(range, ast::Tuple{std::move(rest)});
}

ExpressionPtr Builder::block_value(Range range, Block block) {
  ExpressionPtr value;
  if (!block.statements.empty()) {
    Statement& last = *block.statements.back();
    if (auto* tail = std::get_if<ExpressionStatement>(&last.kind)) {
      if (block.has_tail && !tail->discarded) value = std::move(tail->expression);
    } else if (auto* choice = std::get_if<If>(&last.kind); choice != nullptr && choice->otherwise) {
      value = if_value(last.range, std::move(choice->condition), std::move(choice->then), std::move(*choice->otherwise));
    } else if (auto* inner = std::get_if<Block>(&last.kind)) {
      value = block_value(last.range, std::move(*inner));
    }
    if (value) block.statements.pop_back();
  }
  return node(range, BlockExpression{std::move(block), std::move(value), false, std::nullopt});
}

ExpressionPtr Builder::if_value(Range range, ExpressionPtr condition, Block then, Block otherwise) {
  Range then_range = then.range;
  Range otherwise_range = otherwise.range;
  ExpressionPtr first = block_value(then_range, std::move(then));
  ExpressionPtr second = block_value(otherwise_range, std::move(otherwise));
  return node(range, Ternary{std::move(condition), std::move(first), std::move(second)});
}

ExpressionPtr Builder::offset_of(Range range, std::optional<TypeName> type, ExpressionPtr operand, const std::vector<const Token*>& path,
                                 Range path_range) {
  std::vector<std::string> names;
  for (const Token* name : path) names.push_back(name->text);
  return node(range, OffsetOf{std::move(type), std::move(operand), std::move(names), path_range});
}

ExpressionPtr Builder::type_call(Range range, const Token& name, TypeName type, Range type_range) {
  Expressions arguments;
  arguments.push_back(node(type_range, TypeOf{std::move(type)}));
  return node(range, Call{name.text, name.range, std::move(arguments)});
}

void Builder::field(Record& record, const Token& name, ExpressionPtr value) {
  record.names.push_back(name.text);
  record.name_ranges.push_back(name.range);
  record.elements.push_back(std::move(value));
}

StatementPtr Builder::statement(Range range, Statement::Kind kind) {
  return std::make_unique<Statement>(Statement{range, std::move(kind)});
}

StatementPtr Builder::assignment(Range range, ExpressionPtr target, const Token& op, ExpressionPtr value) {
  const auto* name = std::get_if<Identifier>(&target->kind);
  if (name != nullptr && name->name == "_" && op.kind == TokenKind::assign) return statement(range, ExpressionStatement{std::move(value), true});
  return statement(range, Assignment{std::move(target), operator_of_assignment(op.kind), std::move(value)});
}

StatementPtr Builder::loop(Range range, const Token& variable, ExpressionPtr sequence, ExpressionPtr last, Block body) {
  ExpressionPtr name = node(variable.range, Variable{variable.text});
  return statement(range, For{std::move(name), std::move(sequence), std::move(last), std::move(body)});
}

StatementPtr Builder::declaration(Range range, const Token& variable, std::optional<TypeName> type, ExpressionPtr value) {
  Range name_range = variable.range;
  ExpressionPtr name = node(name_range, Variable{variable.text});
  return statement(range, Declaration{std::move(name), std::move(type), std::move(value)});
}

Block Builder::block(std::vector<StatementPtr>& statements, StatementPtr last, Range range) {
  bool has_tail = last != nullptr;
  if (last) statements.push_back(std::move(last));
  chain_ = 0;
  return {std::move(statements), range, has_tail};
}

Block Builder::wrap(StatementPtr statement, Range range) {
  if (++chain_ > max_depth && !too_deep_) {
    diagnostics_.report<DiagnosticId::nested_too_deeply>(range, max_depth).with_help("use a map keyed by the value instead of this many branches");
    too_deep_ = true;
  }
  if (too_deep_) return {{}, range, false};
  std::vector<StatementPtr> statements;
  statements.push_back(std::move(statement));
  return {std::move(statements), range, false};
}

TypeName Builder::type_words(const std::vector<const Token*>& words, Range range) {
  TypeName type;
  for (const Token* word : words) type.base += (type.base.empty() ? "" : " ") + word->text;
  type.range = range;
  return type;
}

TypeName Builder::array_of(TypeName type, const Token& count, Range range) {
  type.suffixes.push_back(static_cast<std::uint32_t>(count.number));
  type.range = range;
  return type;
}

// The token's text is "struct task_struct *", "uint8[8]", "char[]".
TypeName Builder::type_name(const Token& cast) {
  TypeName type;
  type.range = {cast.range.begin + 1, cast.range.end - 1};
  std::string_view text = cast.text;
  std::size_t i = 0;
  auto is_word = [](char c) { return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); };
  while (i < text.size()) {
    if (is_word(text[i])) {
      std::size_t begin = i;
      while (i < text.size() && is_word(text[i])) ++i;
      type.base += (type.base.empty() ? "" : " ") + std::string(text.substr(begin, i - begin));
    } else if (text[i] == '*') {
      type.suffixes.push_back(0);
      ++i;
    } else if (text[i] == '[') {
      std::uint32_t count = 0;
      for (++i; i < text.size() && text[i] != ']'; ++i) {
        if (text[i] >= '0' && text[i] <= '9') count = count * 10 + static_cast<std::uint32_t>(text[i] - '0');
      }
      // `char[]` is what a string is cast to: as long as the operand, which check knows.
      type.suffixes.push_back(count == 0 ? unsized_array : count);
      ++i;
    } else {
      ++i;
    }
  }
  return type;
}

Program Builder::take() { return std::move(program_); }

Program parse(const std::vector<Token>& tokens, const SourceFile& source, Diagnostics& diagnostics) {
  Builder builder(source, diagnostics);
  // File by file, so that a mistake at the end of one does not show at the beginning of the next.
  for (auto begin = tokens.begin(); begin != tokens.end() || tokens.empty();) {
    std::size_t file = begin == tokens.end() ? 0 : source.file(begin->range.begin);
    auto end = std::find_if(begin, tokens.end(), [&](const Token& token) { return source.file(token.range.begin) != file; });
    builder.begin_file(mark_values(fold_casts({begin, end})), file);
    grammar::Parser(builder).parse();
    begin = end;
    if (begin == tokens.end()) break;
  }
  return builder.take();
}

}  // namespace fathom
