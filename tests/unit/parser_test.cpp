// The parser: shape of trees where it is easy to get wrong, casts, and the wording of syntax errors.
#include <gtest/gtest.h>

#include "compile_helpers.h"

namespace fathom {
namespace {

// The tree of one expression, on one line.
std::string tree(const std::string& expression) {
  Compiled compiled = parse_text("BEGIN { @ = " + expression + " }");
  if (compiled.diagnostics.has_errors()) return "error: " + compiled.diagnostics.all().front().message;
  std::string dump = ast::to_string(*compiled.program);
  std::string line;
  std::size_t begin = dump.find("map @\n") + 6;
  for (char c : dump.substr(begin)) {
    if (c == '\n') {
      line += ';';
    } else if (c != ' ' || (!line.empty() && line.back() != ';' && line.back() != ' ')) {
      line += c;
    }
  }
  return line;
}

std::string help_of(const std::string& text) {
  Compiled compiled = parse_text(text);
  if (!compiled.diagnostics.has_errors()) return "no error";
  const Diagnostic& diagnostic = compiled.diagnostics.all().front();
  return diagnostic.help.empty() ? "" : diagnostic.help.front();
}

TEST(Parser, PrecedenceIsThatOfC) {
  EXPECT_EQ(tree("1 + 2 * 3"), "binary +;integer 1;binary *;integer 2;integer 3;");
  EXPECT_EQ(tree("1 << 2 + 3"), "binary <<;integer 1;binary +;integer 2;integer 3;");
  EXPECT_EQ(tree("a & b == c"), "binary &;name a;binary ==;name b;name c;");
  EXPECT_EQ(tree("a || b && c"), "binary ||;name a;binary &&;name b;name c;");
  EXPECT_EQ(tree("1 - 2 - 3"), "binary -;binary -;integer 1;integer 2;integer 3;");
  EXPECT_EQ(tree("a ? b : c ? d : e"), "ternary;name a;name b;ternary;name c;name d;name e;");
  EXPECT_EQ(tree("-a.b"), "unary -;member b;name a;");
}

TEST(Parser, CastsAreToldFromParentheses) {
  EXPECT_EQ(tree("(uint64)-1"), "cast uint64;unary -;integer 1;");
  EXPECT_EQ(tree("(pid) - 1"), "binary -;name pid;integer 1;");
  EXPECT_EQ(tree("(struct task_struct *)curtask"), "cast struct task_struct *;name curtask;");
  EXPECT_EQ(tree("(a * b)"), "binary *;name a;name b;");
  EXPECT_EQ(tree("(foo_t *)a"), "cast foo_t *;name a;");
  EXPECT_EQ(tree("(foo)a"), "cast foo;name a;");
  EXPECT_EQ(tree("(unsigned long)a"), "cast unsigned long;name a;");
  EXPECT_EQ(tree("sizeof(struct file)"), "sizeof struct file;");
  EXPECT_EQ(tree("sizeof(a)"), "sizeof;name a;");
}

TEST(Parser, TuplesAndMembers) {
  EXPECT_EQ(tree("(1, 2)"), "tuple;integer 1;integer 2;");
  EXPECT_EQ(tree("(1,)"), "tuple;integer 1;");
  EXPECT_EQ(tree("$t.0.1"), "member 1;member 0;variable $t;");
  EXPECT_EQ(tree("args.if"), "member if;name args;");
  EXPECT_EQ(tree("@x[1, 2]"), "map @x;integer 1;integer 2;");
}

TEST(Parser, BodiesAndProbesInEveryForm) {
  for (const char* text : {"BEGIN {}", "probe BEGIN { }", "BEGIN < count() >", "probe a:b, c:d, /1/ { 1; }", "BEGIN { if 1 { } else if 2 { } else { } }",
                           "BEGIN { unroll (3) { @++ } }", "BEGIN { return }", "BEGIN { { 1 } 2 }", "BEGIN{;;}"}) {
    EXPECT_FALSE(parse_text(text).diagnostics.has_errors()) << text;
  }
}

TEST(Parser, SyntaxErrors) {
  for (const char* text : {"BEGIN", "BEGIN {", "BEGIN { 1 2 }", "{ }", "BEGIN /1 { }", "BEGIN { @x[ = 1 }", "BEGIN { if { } }", "probe { }",
                           "BEGIN { 1 + }", "BEGIN { (1 }", "BEGIN < 1", "BEGIN { else { } }", "BEGIN { @x[] = 1 }", ", BEGIN { }"}) {
    EXPECT_TRUE(parse_text(text).diagnostics.has_errors()) << text;
  }
}

TEST(Parser, SyntaxErrorsSayWhatToDo) {
  EXPECT_NE(help_of("BEGIN { @ = 1").find("`}`"), std::string::npos);
  EXPECT_NE(help_of("BEGIN < @ = 1").find("`>`"), std::string::npos);
  EXPECT_NE(help_of("BEGIN < @ = pid > 5 >").find("parentheses"), std::string::npos);
  EXPECT_NE(help_of("BEGIN /pid = 1/ { }").find("`==`"), std::string::npos);
}

TEST(Parser, DepthIsBounded) {
  std::string nested = "1";
  for (int i = 0; i < 2000; ++i) nested = "1 + " + nested;
  EXPECT_EQ(parse_text("BEGIN { @ = " + nested + " }").ids(), "nested_too_deeply");
  EXPECT_EQ(parse_text("BEGIN { @ = " + std::string(2000, '~') + "1 }").ids(), "nested_too_deeply");
}

}  // namespace
}  // namespace fathom
