// --fmt: what it makes of pieces of scripts, and that it makes nothing more of its own result.
#include <gtest/gtest.h>

#include "ast/diagnostics.h"
#include "ast/source.h"
#include "lexer/token.h"
#include "parser/format.h"

namespace fathom {
namespace {

std::string once(const std::string& text) {
  const SourceFile source("test", text);
  Diagnostics diagnostics;
  const std::vector<Token> tokens = lex(source, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << text;
  return formatted(tokens, source);
}

void expect_layout(const std::string& script, const std::string& wanted) {
  EXPECT_EQ(once(script), wanted);
  EXPECT_EQ(once(wanted), wanted);
}

TEST(LayoutOfScripts, OperatorsInFrontOfOperandsStandBesideThem) {
  expect_layout("BEGIN{$a=-1-(-2)*!$b;}", "BEGIN { $a = -1 - (-2) * !$b; }\n");
  expect_layout("BEGIN{$a=- -1;$b=1- -1;}", "BEGIN {\n  $a = - -1;\n  $b = 1 - -1;\n}\n");
  expect_layout("BEGIN{$a=*(uint64*)$p*2;}", "BEGIN { $a = *(uint64*)$p * 2; }\n");
  expect_layout("BEGIN{$a=sizeof(int)*2;}", "BEGIN { $a = sizeof(int) * 2; }\n");
  expect_layout("BEGIN{@x++;++@x;$b=$a--;}", "BEGIN {\n  @x++;\n  ++@x;\n  $b = $a--;\n}\n");
}

TEST(LayoutOfScripts, APredicateNeverBeginsAComment) { expect_layout("k:f / *$p == 1/{}", "k:f / *$p == 1/ {}\n"); }

TEST(LayoutOfScripts, CommentsStayWhereTheyAre) {
  expect_layout("// a\n\n\n// b\nBEGIN{//c\n//d\nexit();/*e*/}//f", "// a\n\n// b\nBEGIN {  //c\n  //d\n  exit(); /*e*/\n}  //f\n");
  expect_layout("BEGIN { f(1, // one\n 2); }", "BEGIN {\n  f(1,  // one\n      2);\n}\n");
}

TEST(LayoutOfScripts, BlocksThatAreValues) {
  expect_layout("BEGIN{$a={let $b=1;$b};$c=if $a{1}else{2};}", "BEGIN {\n  $a = {\n    let $b = 1;\n    $b\n  };\n  $c = if $a { 1 } else { 2 };\n}\n");
}

TEST(LayoutOfScripts, TheInterpretersLineStays) { expect_layout("#!/usr/bin/fathom -q\nBEGIN{}", "#!/usr/bin/fathom -q\nBEGIN {}\n"); }

TEST(LayoutOfScripts, NothingStaysNothing) {
  expect_layout("", "");
  expect_layout("// only this", "// only this\n");
}

}  // namespace
}  // namespace fathom
