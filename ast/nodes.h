// The syntax tree: closed variants, built once by the parser and never changed afterwards. What later phases learn about a node stands
// in side tables that are indexed by Expression::id (CheckedProgram), not here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ast/source.h"

namespace fathom::ast {

using NodeId = std::uint32_t;

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;
using Expressions = std::vector<ExpressionPtr>;

struct Statement;
using StatementPtr = std::unique_ptr<Statement>;

// A type as written: "struct task_struct *", "uint8[8]", "typeof($x)".
struct TypeName {
  std::string base;  // "uint32", "struct foo", "unsigned long"; empty where `of` is set
  ExpressionPtr of;  // typeof(expression): its type
  // Read left to right: 0 is a pointer, n an array of n.
  std::vector<std::uint32_t> suffixes;
  Range range;
};
// The suffix `[]`.
inline constexpr std::uint32_t unsized_array = 0xffffffff;

enum class UnaryOperator : std::uint8_t { negate, logical_not, bitwise_not, dereference, address_of };

enum class BinaryOperator : std::uint8_t {
  multiply, divide, remainder, add, subtract, shift_left, shift_right,
  less, less_equal, greater, greater_equal, equal, not_equal,
  bitwise_and, bitwise_xor, bitwise_or, logical_and, logical_or,
};

enum class StepKind : std::uint8_t { pre_increment, pre_decrement, post_increment, post_decrement };

struct IntegerLiteral {
  std::uint64_t value = 0;
};
struct StringLiteral {
  std::string value;
};
struct BooleanLiteral {
  bool value = false;
};
// $1; index counts from 1.
struct Positional {
  std::uint32_t index = 0;
};
// $#
struct PositionalCount {};
// A plain name: a builtin variable, an enumerator or a constant. Which one is found out by check.
struct Identifier {
  std::string name;
};
// $name, without the dollar sign.
struct Variable {
  std::string name;
};
// @name[keys]; name without the at sign, empty for `@`.
struct MapAccess {
  std::string name;
  Expressions keys;
};
struct Call {
  std::string name;
  Range name_range;
  Expressions arguments;
};
struct Unary {
  UnaryOperator op;
  ExpressionPtr operand;
};
// ++ and --
struct Step {
  StepKind kind;
  ExpressionPtr operand;
};
struct Binary {
  BinaryOperator op;
  ExpressionPtr left, right;
};
// `then` is null in `a ?: b`.
struct Ternary {
  ExpressionPtr condition, then, otherwise;
};
// base.name, base->name, and base.0 for tuples.
struct Member {
  ExpressionPtr base;
  std::string name;
  Range name_range;
};
struct Subscript {
  ExpressionPtr base, index;
};
struct Cast {
  TypeName type;
  ExpressionPtr operand;
};
struct Tuple {
  Expressions elements;
};
// (x = 1, y = "s")
struct Record {
  std::vector<std::string> names;
  std::vector<Range> name_ranges;
  Expressions elements;
};
// sizeof(type) or sizeof(expression): exactly one is set.
struct SizeOf {
  std::optional<TypeName> type;
  ExpressionPtr operand;
};
// offsetof(type, a.b.c) or offsetof(expression, a.b.c): exactly one of type and operand is set.
struct OffsetOf {
  std::optional<TypeName> type;
  ExpressionPtr operand;
  std::vector<std::string> path;
  Range path_range;
};
// A type where an expression stands: typeof(type) as an argument of a macro.
struct TypeOf {
  TypeName type;
};
// comptime expression: its value must be known before the script runs.
struct Comptime {
  ExpressionPtr operand;
};

struct Block {
  std::vector<StatementPtr> statements;
  Range range;
  bool has_tail = false;  // the last statement is an expression without a semicolon, or a block or `if` that may be a value
};

// { statements; value }. `value` may be null: then it has none.
// A call of a `fn` that was expanded is one too: `return` leads behind it and gives its value, of type `result` where that is said.
struct BlockExpression {
  Block body;
  ExpressionPtr value;
  bool catches_return = false;
  std::optional<TypeName> result;
};

struct Expression {
  using Kind = std::variant<IntegerLiteral, StringLiteral, BooleanLiteral, Positional, PositionalCount, Identifier, Variable, MapAccess, Call,
                            Unary, Step, Binary, Ternary, Member, Subscript, Cast, Tuple, Record, SizeOf, OffsetOf, TypeOf, Comptime,
                            BlockExpression>;
  NodeId id = 0;  // dense over the program, from 0
  Range range;
  Kind kind;
};

struct ExpressionStatement {
  ExpressionPtr expression;
  bool discarded = false;  // `_ = expression`: on purpose
};
// target = value, or target op= value.
struct Assignment {
  ExpressionPtr target;
  std::optional<BinaryOperator> op;
  ExpressionPtr value;
};
struct If {
  ExpressionPtr condition;
  Block then;
  std::optional<Block> otherwise;
};
struct Return {
  ExpressionPtr value;  // may be null
};
struct Unroll {
  ExpressionPtr count;
  Block body;
};
struct While {
  ExpressionPtr condition;
  Block body;
};
// for ($name : sequence), or for ($name : sequence..last).
struct For {
  ExpressionPtr variable;  // a Variable
  ExpressionPtr sequence, last;
  Block body;
};
struct Break {};
struct Continue {};
// let $name [: type] [= value]
struct Declaration {
  ExpressionPtr variable;  // a Variable
  std::optional<TypeName> type;
  ExpressionPtr value;
};

struct Statement {
  using Kind = std::variant<ExpressionStatement, Assignment, If, Return, Unroll, While, For, Break, Continue, Declaration, Block>;
  Range range;
  Kind kind;
};

// One attach point as written; its provider parses it.
struct AttachPointText {
  std::string text;
  Range range;
};

struct Probe {
  std::string name;  // `name = kprobe:x { … }`; usually empty
  std::vector<AttachPointText> attach_points;
  ExpressionPtr predicate;  // may be null
  Block body;
  Range range;
  NodeId first_node = 0, end_node = 0;  // the ids of its expressions
};

enum class DefinitionKind : std::uint8_t { preprocessor, type };

// A C line before the probes: `#include …`, `struct foo { … };`, kept as text.
struct Definition {
  DefinitionKind kind;
  std::string text;
  Range range;
};

// key = value in a config block. The value as written: a number, a string, or a word (`true`, `error`, `PER_PID`).
struct ConfigEntry {
  std::string key;
  Range key_range;
  std::string value;
  bool is_string = false;
  Range value_range;
};

// import "path";
struct Import {
  std::string path;
  Range range;
};

// let @name = type(size);
struct MapDeclaration {
  std::string name;
  std::string type;
  std::uint64_t size = 0;
  Range name_range, type_range, size_range;
};

enum class MacroParameterKind : std::uint8_t { variable, map, expression };

// macro name($variable, @map, expression) { body }
struct MacroParameter {
  MacroParameterKind kind;
  std::string name;
  Range range;
};
struct Macro {
  std::string name;
  Range name_range;
  std::vector<MacroParameter> parameters;
  ExpressionPtr body;  // a BlockExpression
  bool used = false;   // by a probe: a copy of it was checked there
};

// fn name($a : type, …) : result { body }
struct FunctionParameter {
  std::string name;
  TypeName type;
  Range range;
};
struct Function {
  std::string name;
  Range name_range;
  std::vector<FunctionParameter> parameters;
  std::optional<TypeName> result;
  Block body;
  bool used = false;
};

struct Program {
  std::vector<Definition> definitions;
  std::vector<ConfigEntry> config;
  std::optional<Range> config_range;
  std::vector<Import> imports;
  std::vector<MapDeclaration> map_declarations;
  std::vector<Macro> macros;
  std::vector<Function> functions;
  std::vector<Probe> probes;
  NodeId node_count = 0;
};

// The name of a variable as the script has it: a copy of a macro's body adds a number to its own.
inline std::string_view written_name(std::string_view name) { return name.substr(0, name.find('#')); }

// "+", "&&", "<<="'s "<<".
std::string_view spelling(BinaryOperator op);
std::string_view spelling(UnaryOperator op);

}  // namespace fathom::ast
