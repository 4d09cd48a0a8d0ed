/* The grammar of fathom. Actions only build nodes; names, types and attach points are resolved by check.
   Casts never make the grammar ambiguous: parser/casts.cpp has already turned `(struct foo *)` into one token. */
%require "3.8"
%skeleton "lalr1.cc"
%language "c++"
%define api.namespace {fathom::grammar}
%define api.parser.class {Parser}
%define api.location.type {fathom::Range}
%define api.token.prefix {T_}
%define api.token.constructor
%define api.value.type variant
%define parse.error custom
%define parse.lac full
%expect 0

%code requires {
#include "lexer/token.h"
#include "parser/builder.h"
}

%param { fathom::Builder& build }

%code {
#define YYLLOC_DEFAULT(current, rhs, count)                                          \
  do {                                                                               \
    (current).begin = (count) ? YYRHSLOC(rhs, 1).begin : YYRHSLOC(rhs, 0).end;       \
    (current).end = YYRHSLOC(rhs, count).end;                                        \
  } while (false)

using namespace fathom;
using namespace fathom::ast;

namespace fathom::grammar {
// The next token, in the form the parser wants it.
static Parser::symbol_type yylex(Builder& build) {
  const Token* token = build.next();
  if (token == nullptr) return Parser::symbol_type(Parser::token::T_YYEOF, build.end_of_input());
  switch (token->kind) {
#define TOKEN(name, spelling) \
  case TokenKind::name: return Parser::symbol_type(Parser::token::T_##name, token, token->range);
#include "lexer/token.def"
  }
  return Parser::symbol_type(Parser::token::T_YYEOF, build.end_of_input());
}
}  // namespace fathom::grammar
}

%token <const fathom::Token*>
  integer string identifier variable map positional attach_point preprocessor type_definition cast probe_name cast_open value_brace value_if
  kw_probe kw_config kw_import kw_macro kw_fn kw_break kw_continue kw_else kw_for kw_if kw_let kw_return kw_sizeof kw_offsetof kw_typeof kw_typeinfo kw_comptime kw_unroll
  kw_while kw_true kw_false kw_struct kw_union kw_enum
  positional_count predicate_open predicate_close angle_open angle_close brace_open brace_close
  parenthesis_open parenthesis_close bracket_open bracket_close comma semicolon colon question dot arrow range
  assign add_assign subtract_assign multiply_assign divide_assign remainder_assign and_assign or_assign xor_assign
  shift_left_assign shift_right_assign increment decrement plus minus star slash percent shift_left shift_right
  less less_equal greater greater_equal equal not_equal ampersand pipe caret logical_and logical_or logical_not tilde

%type <fathom::ast::Probe> probe
%type <std::vector<fathom::ast::AttachPointText>> attach_points
%type <fathom::ast::ExpressionPtr> predicate expression unary postfix primary optional_value
%type <fathom::ast::Expressions> expressions arguments
%type <fathom::ast::Block> body block value_block function_body else_block
%type <std::vector<fathom::ast::StatementPtr>> statements
%type <fathom::ast::StatementPtr> simple_statement block_statement
%type <const fathom::Token*> assignment_operator member_name config_value
%type <fathom::ast::TypeName> type_name typeof_name typeof_argument tagged_type
%type <std::optional<fathom::ast::TypeName>> optional_result
%type <std::vector<const fathom::Token*>> type_words path
%type <fathom::ast::Record> fields
%type <std::vector<fathom::ast::MacroParameter>> macro_parameters some_macro_parameters
%type <fathom::ast::MacroParameter> macro_parameter
%type <std::vector<fathom::ast::FunctionParameter>> parameters some_parameters

%precedence bare_map
%precedence bracket_open
%right question colon
%left logical_or
%left logical_and
%left pipe
%left caret
%left ampersand
%left equal not_equal
%left less less_equal greater greater_equal
%left shift_left shift_right
%left plus minus
%left star slash percent

%%

program:
    %empty
  | program preprocessor     { build.definition(DefinitionKind::preprocessor, *$2); }
  | program type_definition  { build.definition(DefinitionKind::type, *$2); }
  | program probe            { build.probe($2); }
  | program probe_name probe { $3.name = $2->text; build.probe($3); }
  | program kw_config assign brace_open config_entries brace_close  { build.config(@2); }
  | program kw_import string semicolon                              { build.import(*$3, join(@2, @3)); }
  | program kw_let map assign identifier parenthesis_open integer parenthesis_close semicolon
                                                                    { build.map_declaration(*$3, *$5, *$7); }
  | program kw_macro identifier parenthesis_open macro_parameters parenthesis_close block
                                                                    { build.macro(*$3, $5, std::move($7)); }
  | program kw_fn identifier parenthesis_open parameters parenthesis_close optional_result function_body
                                                                    { build.function(*$3, $5, $7, std::move($8)); }
  ;

config_entries:
    %empty
  | config_entries semicolon
  | config_entries identifier assign config_value                   { build.config_entry(*$2, *$4); }
  ;

config_value: integer | string | identifier | kw_true | kw_false;

macro_parameters:
    %empty                 { }
  | some_macro_parameters  { $$ = std::move($1); }
  ;

some_macro_parameters:
    macro_parameter                              { $$.push_back($1); }
  | some_macro_parameters comma macro_parameter  { $$ = std::move($1); $$.push_back($3); }
  ;

macro_parameter:
    variable    { $$ = {MacroParameterKind::variable, $1->text, @1}; }
  | map         { $$ = {MacroParameterKind::map, $1->text, @1}; }
  | identifier  { $$ = {MacroParameterKind::expression, $1->text, @1}; }
  ;

parameters:
    %empty           { }
  | some_parameters  { $$ = std::move($1); }
  ;

some_parameters:
    variable colon type_name                        { $$.push_back({$1->text, std::move($3), @1}); }
  | some_parameters comma variable colon type_name  { $$ = std::move($1); $$.push_back({$3->text, std::move($5), @3}); }
  ;

optional_result:
    %empty           { }
  | colon type_name  { $$ = std::move($2); }
  ;

probe:
    attach_points optional_comma predicate body           { $$ = build.make_probe($1, $3, $4, @$); }
  | kw_probe attach_points optional_comma predicate body  { $$ = build.make_probe($2, $4, $5, @$); }
  ;

optional_comma: %empty | comma;

attach_points:
    attach_point                      { $$.push_back({$1->text, @1}); }
  | attach_points comma attach_point  { $$ = std::move($1); $$.push_back({$3->text, @3}); }
  ;

predicate:
    %empty                                     { $$ = nullptr; }
  | predicate_open expression predicate_close  { $$ = std::move($2); }
  ;

body:
    block                                           { $$ = std::move($1); }
  | angle_open statements angle_close               { $$ = build.block($2, nullptr, @$); }
  | angle_open statements simple_statement angle_close  { $$ = build.block($2, std::move($3), @$); }
  ;

block:
    brace_open statements brace_close                   { $$ = build.block($2, nullptr, @$); }
  | brace_open statements simple_statement brace_close  { $$ = build.block($2, std::move($3), @$); }
  ;

// Where an operand stands: see mark_values().
value_block:
    value_brace statements brace_close                   { $$ = build.block($2, nullptr, @$); }
  | value_brace statements simple_statement brace_close  { $$ = build.block($2, std::move($3), @$); }
  ;

function_body:
    block        { $$ = std::move($1); }
  | value_block  { $$ = std::move($1); }  // behind `: int8 *`
  ;

statements:
    %empty                                 { }
  | statements semicolon                   { $$ = std::move($1); }
  | statements block_statement             { $$ = std::move($1); $$.push_back(std::move($2)); }
  | statements simple_statement semicolon  { $$ = std::move($1); $$.push_back(std::move($2)); }
  ;

simple_statement:
    expression                             { $$ = build.statement(@$, ExpressionStatement{std::move($1), false}); }
  | postfix assignment_operator expression  { $$ = build.assignment(@$, std::move($1), *$2, std::move($3)); }
  | kw_return optional_value               { $$ = build.statement(@$, Return{std::move($2)}); }
  | kw_break                               { $$ = build.statement(@$, Break{}); }
  | kw_continue                            { $$ = build.statement(@$, Continue{}); }
  | kw_let variable                        { $$ = build.declaration(@$, *$2, std::nullopt, nullptr); }
  | kw_let variable assign expression      { $$ = build.declaration(@$, *$2, std::nullopt, std::move($4)); }
  | kw_let variable colon type_name        { $$ = build.declaration(@$, *$2, std::move($4), nullptr); }
  | kw_let variable colon type_name assign expression
                                           { $$ = build.declaration(@$, *$2, std::move($4), std::move($6)); }
  ;

optional_value:
    %empty      { $$ = nullptr; }
  | expression  { $$ = std::move($1); }
  ;

block_statement:
    block                                   { $$ = build.statement(@$, std::move($1)); }
  | kw_if expression block                  { $$ = build.statement(@$, If{std::move($2), std::move($3), std::nullopt}); }
  | kw_if expression block kw_else else_block
                                            { $$ = build.statement(@$, If{std::move($2), std::move($3), std::move($5)}); }
  | kw_unroll expression block              { $$ = build.statement(@$, Unroll{std::move($2), std::move($3)}); }
  | kw_while expression block               { $$ = build.statement(@$, While{std::move($2), std::move($3)}); }
  | kw_for variable colon expression block  { $$ = build.loop(@$, *$2, std::move($4), nullptr, std::move($5)); }
  | kw_for variable colon expression range expression block
                                            { $$ = build.loop(@$, *$2, std::move($4), std::move($6), std::move($7)); }
  | kw_for parenthesis_open variable colon expression parenthesis_close block
                                            { $$ = build.loop(@$, *$3, std::move($5), nullptr, std::move($7)); }
  | kw_for parenthesis_open variable colon expression range expression parenthesis_close block
                                            { $$ = build.loop(@$, *$3, std::move($5), std::move($7), std::move($9)); }
  ;

else_block:
    block                                   { $$ = std::move($1); }
  | kw_if expression block                  { $$ = build.wrap(build.statement(@$, If{std::move($2), std::move($3), std::nullopt}), @$); }
  | kw_if expression block kw_else else_block
                                            { $$ = build.wrap(build.statement(@$, If{std::move($2), std::move($3), std::move($5)}), @$); }
  ;

assignment_operator:
    assign | add_assign | subtract_assign | multiply_assign | divide_assign | remainder_assign | and_assign | or_assign | xor_assign
  | shift_left_assign | shift_right_assign
  ;

expression:
    unary                                { $$ = std::move($1); }
  | expression logical_or expression     { $$ = build.binary(@$, BinaryOperator::logical_or, std::move($1), std::move($3)); }
  | expression logical_and expression    { $$ = build.binary(@$, BinaryOperator::logical_and, std::move($1), std::move($3)); }
  | expression pipe expression           { $$ = build.binary(@$, BinaryOperator::bitwise_or, std::move($1), std::move($3)); }
  | expression caret expression          { $$ = build.binary(@$, BinaryOperator::bitwise_xor, std::move($1), std::move($3)); }
  | expression ampersand expression      { $$ = build.binary(@$, BinaryOperator::bitwise_and, std::move($1), std::move($3)); }
  | expression equal expression          { $$ = build.binary(@$, BinaryOperator::equal, std::move($1), std::move($3)); }
  | expression not_equal expression      { $$ = build.binary(@$, BinaryOperator::not_equal, std::move($1), std::move($3)); }
  | expression less expression           { $$ = build.binary(@$, BinaryOperator::less, std::move($1), std::move($3)); }
  | expression less_equal expression     { $$ = build.binary(@$, BinaryOperator::less_equal, std::move($1), std::move($3)); }
  | expression greater expression        { $$ = build.binary(@$, BinaryOperator::greater, std::move($1), std::move($3)); }
  | expression greater_equal expression  { $$ = build.binary(@$, BinaryOperator::greater_equal, std::move($1), std::move($3)); }
  | expression shift_left expression     { $$ = build.binary(@$, BinaryOperator::shift_left, std::move($1), std::move($3)); }
  | expression shift_right expression    { $$ = build.binary(@$, BinaryOperator::shift_right, std::move($1), std::move($3)); }
  | expression plus expression           { $$ = build.binary(@$, BinaryOperator::add, std::move($1), std::move($3)); }
  | expression minus expression          { $$ = build.binary(@$, BinaryOperator::subtract, std::move($1), std::move($3)); }
  | expression star expression           { $$ = build.binary(@$, BinaryOperator::multiply, std::move($1), std::move($3)); }
  | expression slash expression          { $$ = build.binary(@$, BinaryOperator::divide, std::move($1), std::move($3)); }
  | expression percent expression        { $$ = build.binary(@$, BinaryOperator::remainder, std::move($1), std::move($3)); }
  | expression question expression colon expression
                                         { $$ = build.node(@$, Ternary{std::move($1), std::move($3), std::move($5)}); }
  | expression question colon expression %prec question
                                         { $$ = build.node(@$, Ternary{std::move($1), nullptr, std::move($4)}); }
  ;

unary:
    postfix             { $$ = std::move($1); }
  | minus unary        { $$ = build.unary(@$, UnaryOperator::negate, std::move($2)); }
  | logical_not unary  { $$ = build.unary(@$, UnaryOperator::logical_not, std::move($2)); }
  | tilde unary        { $$ = build.unary(@$, UnaryOperator::bitwise_not, std::move($2)); }
  | star unary         { $$ = build.unary(@$, UnaryOperator::dereference, std::move($2)); }
  | ampersand unary    { $$ = build.unary(@$, UnaryOperator::address_of, std::move($2)); }
  | increment unary    { $$ = build.node(@$, Step{StepKind::pre_increment, std::move($2)}); }
  | decrement unary    { $$ = build.node(@$, Step{StepKind::pre_decrement, std::move($2)}); }
  | kw_comptime unary  { $$ = build.node(@$, Comptime{std::move($2)}); }
  | cast_open type_name parenthesis_close unary
                       { $$ = build.node(@$, Cast{std::move($2), std::move($4)}); }
  | cast unary         { $$ = build.node(@$, Cast{build.type_name(*$1), std::move($2)}); }
  ;

postfix:
    primary                                        { $$ = std::move($1); }
  | postfix dot member_name                        { $$ = build.node(@$, Member{std::move($1), $3->text, @3}); }
  | postfix dot integer                            { $$ = build.node(@$, Member{std::move($1), std::to_string($3->number), @3}); }
  | postfix arrow member_name                      { $$ = build.node(@$, Member{std::move($1), $3->text, @3}); }
  | postfix bracket_open expression bracket_close  { $$ = build.node(@$, Subscript{std::move($1), std::move($3)}); }
  | postfix increment                              { $$ = build.node(@$, Step{StepKind::post_increment, std::move($1)}); }
  | postfix decrement                              { $$ = build.node(@$, Step{StepKind::post_decrement, std::move($1)}); }
  ;

member_name:
    identifier | kw_break | kw_continue | kw_else | kw_for | kw_if | kw_let | kw_return | kw_sizeof | kw_offsetof | kw_typeof
  | kw_typeinfo | kw_comptime | kw_unroll | kw_while | kw_true | kw_false | kw_struct | kw_union | kw_enum
  ;

primary:
    integer                                     { $$ = build.node(@$, IntegerLiteral{$1->number}); }
  | string                                      { $$ = build.node(@$, StringLiteral{$1->text}); }
  | kw_true                                     { $$ = build.node(@$, BooleanLiteral{true}); }
  | kw_false                                    { $$ = build.node(@$, BooleanLiteral{false}); }
  | positional                                  { $$ = build.node(@$, Positional{static_cast<std::uint32_t>($1->number)}); }
  | positional_count                            { $$ = build.node(@$, PositionalCount{}); }
  | identifier                                  { $$ = build.node(@$, Identifier{$1->text}); }
  | variable                                    { $$ = build.node(@$, Variable{$1->text}); }
  | map %prec bare_map                          { $$ = build.node(@$, MapAccess{$1->text, {}}); }
  | map bracket_open expressions bracket_close  { $$ = build.node(@$, MapAccess{$1->text, std::move($3)}); }
  | identifier parenthesis_open arguments parenthesis_close
                                                { $$ = build.node(@$, Call{$1->text, @1, std::move($3)}); }
  | kw_sizeof parenthesis_open expression parenthesis_close
                                                { $$ = build.node(@$, SizeOf{std::nullopt, std::move($3)}); }
  | kw_sizeof cast                              { $$ = build.node(@$, SizeOf{build.type_name(*$2), nullptr}); }
  | kw_sizeof cast_open type_name parenthesis_close
                                                { $$ = build.node(@$, SizeOf{std::move($3), nullptr}); }
  | kw_offsetof parenthesis_open expression comma path parenthesis_close
                                                { $$ = build.offset_of(@$, std::nullopt, std::move($3), $5, @5); }
  | kw_offsetof parenthesis_open tagged_type comma path parenthesis_close
                                                { $$ = build.offset_of(@$, std::move($3), nullptr, $5, @5); }
  | typeof_name                                 { $$ = build.node(@$, TypeOf{std::move($1)}); }
  | kw_typeinfo typeof_argument                 { $$ = build.type_call(@$, *$1, std::move($2), @2); }
  | parenthesis_open expression parenthesis_close
                                                { $$ = std::move($2); $$->range = @$; }
  | value_block                                 { $$ = build.block_value(@$, std::move($1)); }
  | value_if expression block kw_else else_block
                                                { $$ = build.if_value(@$, std::move($2), std::move($3), std::move($5)); }
  | parenthesis_open parenthesis_close          { $$ = build.node(@$, ast::Tuple{}); }
  | parenthesis_open expression comma parenthesis_close
                                                { $$ = build.tuple(@$, std::move($2), {}); }
  | parenthesis_open expression comma expressions optional_comma parenthesis_close
                                                { $$ = build.tuple(@$, std::move($2), std::move($4)); }
  | parenthesis_open fields optional_comma parenthesis_close
                                                { $$ = build.node(@$, std::move($2)); }
  ;

path:
    member_name           { $$.push_back($1); }
  | path dot member_name  { $$ = std::move($1); $$.push_back($3); }
  ;

fields:
    member_name assign expression               { build.field($$, *$1, std::move($3)); }
  | fields comma member_name assign expression  { $$ = std::move($1); build.field($$, *$3, std::move($5)); }
  ;

arguments:
    %empty       { }
  | expressions  { $$ = std::move($1); }
  ;

expressions:
    expression                    { $$.push_back(std::move($1)); }
  | expressions comma expression  { $$ = std::move($1); $$.push_back(std::move($3)); }
  ;

type_name:
    type_words          { $$ = build.type_words($1, @$); }
  | tagged_type         { $$ = std::move($1); }
  | typeof_name         { $$ = std::move($1); }
  | type_name star      { $$ = std::move($1); $$.suffixes.push_back(0); $$.range = @$; }
  | type_name bracket_open integer bracket_close
                        { $$ = build.array_of(std::move($1), *$3, @$); }
  ;

type_words:
    identifier             { $$.push_back($1); }
  | type_words identifier  { $$ = std::move($1); $$.push_back($2); }
  ;

tagged_type:
    kw_struct identifier  { $$ = build.type_words({$1, $2}, @$); }
  | kw_union identifier   { $$ = build.type_words({$1, $2}, @$); }
  | kw_enum identifier    { $$ = build.type_words({$1, $2}, @$); }
  ;

typeof_name: kw_typeof typeof_argument  { $$ = std::move($2); if ($$.of) $$.range = @$; };

typeof_argument:
    cast                                            { $$ = build.type_name(*$1); }
  | cast_open type_name parenthesis_close           { $$ = std::move($2); }
  | parenthesis_open tagged_type parenthesis_close  { $$ = std::move($2); }
  | parenthesis_open expression parenthesis_close   { $$.of = std::move($2); $$.range = @$; }
  ;

%%

namespace fathom::grammar {

// Bison calls this only for errors that actions throw; none do.
void Parser::error(const Range& range, const std::string&) { build.unexpected(range, {}, false); }

void Parser::report_syntax_error(const context& where) const {
  constexpr int limit = 64;
  symbol_kind_type kinds[limit];
  int count = where.expected_tokens(kinds, limit);
  std::vector<TokenKind> expected;
  bool end_expected = false;
  for (int i = 0; i < count; ++i) {
    end_expected |= kinds[i] == symbol_kind::S_YYEOF;
#define TOKEN(name, spelling) \
  if (kinds[i] == symbol_kind::S_##name) expected.push_back(TokenKind::name);
#include "lexer/token.def"
  }
  build.unexpected(where.location(), expected, end_expected);
}

}  // namespace fathom::grammar
