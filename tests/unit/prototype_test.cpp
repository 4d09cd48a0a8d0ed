// Prototypes of builtins: reading them, what their parameters take, and finding a row by its name.
#include "ast/prototype.h"

#include <gtest/gtest.h>

#include "ast/builtin.h"

namespace fathom {
namespace {

TEST(Prototype, VariableWithoutParentheses) {
  auto prototype = parse_prototype("uint32 pid");
  ASSERT_TRUE(prototype);
  EXPECT_EQ(prototype->name, "pid");
  EXPECT_EQ(prototype->result, Type::integer(4, false));
  EXPECT_TRUE(prototype->parameters.empty());
  EXPECT_FALSE(prototype->variadic);
}

TEST(Prototype, UnionOptionalAndOrder) {
  auto prototype = parse_prototype("string str(pointer|int | string value, [int length])");
  ASSERT_TRUE(prototype);
  ASSERT_EQ(prototype->parameters.size(), 2u);
  EXPECT_EQ(prototype->parameters[0].kinds, (std::vector{ParameterKind::pointer, ParameterKind::integer, ParameterKind::string}));
  EXPECT_EQ(prototype->parameters[0].name, "value");
  EXPECT_FALSE(prototype->parameters[0].optional);
  EXPECT_EQ(prototype->parameters[1].name, "length");
  EXPECT_TRUE(prototype->parameters[1].optional);
  EXPECT_EQ(prototype->required, 1u);
  EXPECT_TRUE(prototype->result->is_string());
}

TEST(Prototype, Variadic) {
  auto prototype = parse_prototype("none printf(text format, ...)");
  ASSERT_TRUE(prototype);
  EXPECT_TRUE(prototype->variadic);
  EXPECT_TRUE(prototype->result->is_none());
  EXPECT_EQ(prototype->required, 1u);
  EXPECT_TRUE(parse_prototype("none f(...)")->variadic);
}

TEST(Prototype, EmptyParenthesesAndBlanks) {
  EXPECT_EQ(parse_prototype("  none   exit ( ) ")->name, "exit");
  EXPECT_EQ(parse_prototype("none f(\n int a ,\n int b )")->parameters.size(), 2u);
}

TEST(Prototype, EveryResult) {
  EXPECT_FALSE(parse_prototype("auto f")->result.has_value());
  EXPECT_EQ(parse_prototype("bool f")->result, Type::boolean());
  EXPECT_EQ(parse_prototype("int f")->result, Type::int64());
  EXPECT_EQ(parse_prototype("int64 f")->result, Type::int64());
  EXPECT_EQ(parse_prototype("uint64 f")->result, Type::uint64());
  EXPECT_TRUE(parse_prototype("pointer f")->result->is_pointer());
  EXPECT_TRUE(parse_prototype("stack f")->result->is(TypeKind::stack));
  EXPECT_TRUE(parse_prototype("symbol f")->result->is(TypeKind::symbol));
  EXPECT_TRUE(parse_prototype("timestamp f")->result->is(TypeKind::timestamp));
}

TEST(Prototype, KindsThatAreSpelledDifferentlyAreOne) {
  EXPECT_EQ(parse_prototype("none f(int|uint32|uint64|int64 a)")->parameters[0].kinds, std::vector{ParameterKind::integer});
}

class BadPrototype : public testing::TestWithParam<const char*> {};

TEST_P(BadPrototype, IsRefused) { EXPECT_FALSE(parse_prototype(GetParam())) << GetParam(); }

INSTANTIATE_TEST_SUITE_P(Table, BadPrototype,
                         testing::Values("", "pid", "uint32", "uint16 pid", "uint32 pid x", "none f(", "none f(int)", "none f(int a",
                                         "none f(int a,)", "none f(,int a)", "none f(int a int b)", "none f(none a)", "none f(auto a)",
                                         "none f([int a)", "none f(int a])", "none f([int a], int b)", "none f(..., int a)",
                                         "none f(int a, int a)", "none f(int| a)", "none f(|int a)", "map f", "any f", "word f", "text f",
                                         "literal f", "none f()x", "none 1f()", "none f(int 1a)", "none f(..)"));

TEST(Accepts, NumbersStandForIntegersAndBooleans) {
  Type enumeration = Type::enumeration("e", Type::integer(4, false), nullptr);
  for (ParameterKind kind : {ParameterKind::integer, ParameterKind::boolean, ParameterKind::literal}) {
    EXPECT_TRUE(accepts(kind, Type::int64()));
    EXPECT_TRUE(accepts(kind, Type::boolean()));
    EXPECT_TRUE(accepts(kind, enumeration));
    EXPECT_FALSE(accepts(kind, Type::pointer(Type::none(), AddressSpace::user)));
    EXPECT_FALSE(accepts(kind, Type::string(16)));
  }
}

TEST(Accepts, EachKindItsOwn) {
  EXPECT_TRUE(accepts(ParameterKind::string, Type::string(4)));
  EXPECT_FALSE(accepts(ParameterKind::string, Type::buffer(4)));
  EXPECT_TRUE(accepts(ParameterKind::text, Type::string(4)));
  EXPECT_TRUE(accepts(ParameterKind::pointer, Type::pointer(Type::int64(), AddressSpace::kernel)));
  EXPECT_FALSE(accepts(ParameterKind::pointer, Type::uint64()));
  EXPECT_TRUE(accepts(ParameterKind::stack, Type::stack(SymbolSpace::user, 3)));
  EXPECT_FALSE(accepts(ParameterKind::stack, Type::symbol(SymbolSpace::user)));
  EXPECT_TRUE(accepts(ParameterKind::symbol, Type::symbol(SymbolSpace::user)));
  EXPECT_TRUE(accepts(ParameterKind::timestamp, Type::timestamp()));
  EXPECT_FALSE(accepts(ParameterKind::timestamp, Type::uint64()));
  EXPECT_TRUE(accepts(ParameterKind::map, Type::none()));
  EXPECT_TRUE(accepts(ParameterKind::word, Type::none()));
}

TEST(Accepts, AnyIsAnyValueButNotWhatIsNone) {
  EXPECT_TRUE(accepts(ParameterKind::any, Type::tuple({})));
  EXPECT_TRUE(accepts(ParameterKind::any, Type::structure("s", false, 8, 1)));
  EXPECT_FALSE(accepts(ParameterKind::any, Type::none()));
  EXPECT_FALSE(accepts(ParameterKind::any, Type::context()));
  EXPECT_FALSE(accepts(ParameterKind::any, Type::aggregation(Aggregation::hist, true)));
}

TEST(Describe, ListsTheKinds) {
  auto prototype = parse_prototype("none f(pointer a, pointer|int b, pointer|int|string c, any d, map e, literal g, text h, word i)");
  ASSERT_TRUE(prototype);
  std::vector<std::string> texts;
  for (const Parameter& parameter : prototype->parameters) texts.push_back(describe(parameter));
  EXPECT_EQ(texts, (std::vector<std::string>{"a pointer", "a pointer or an integer", "a pointer, an integer or a string", "any value",
                                             "a map", "a constant integer", "a constant string", "a bare word"}));
}

constexpr Builtin first_rows[] = {{.prototype = "uint32 pid", .doc = ""}, {.prototype = "none exit([int code])", .doc = ""}};
constexpr Builtin second_rows[] = {{.prototype = "string str (pointer value)", .doc = ""}};
const BuiltinFamily families[] = {{"one", first_rows}, {"two", second_rows}};

TEST(FindBuiltin, InEveryFamily) {
  EXPECT_EQ(find_builtin(families, "pid"), &first_rows[0]);
  EXPECT_EQ(find_builtin(families, "exit"), &first_rows[1]);
  EXPECT_EQ(find_builtin(families, "str"), &second_rows[0]);
}

TEST(FindBuiltin, OnlyByTheWholeName) {
  for (const char* name : {"", "pi", "pidx", "uint32", "code", "exit(", "value", "PID"})
    EXPECT_EQ(find_builtin(families, name), nullptr) << name;
  EXPECT_EQ(find_builtin({}, "pid"), nullptr);
}

TEST(BuiltinNames, InOrder) { EXPECT_EQ(builtin_names(families), (std::vector<std::string>{"pid", "exit", "str"})); }

TEST(BuiltinNames, AgreeWithThePrototypesRead) {
  for (const BuiltinFamily& family : families) {
    for (const Builtin& row : family.rows) EXPECT_EQ(find_builtin(families, parse_prototype(row.prototype)->name), &row);
  }
}

}  // namespace
}  // namespace fathom
