// The lexer: where it is, what a number is, and where a body ends.
#include <gtest/gtest.h>

#include "lexer/token.h"

namespace fathom {
namespace {

std::vector<Token> tokens_of(std::string text, std::string* problems = nullptr) {
  SourceFile source("test", std::move(text));
  Diagnostics diagnostics;
  std::vector<Token> tokens = lex(source, diagnostics);
  if (problems != nullptr) {
    for (const Diagnostic& diagnostic : diagnostics.all()) *problems += std::string(row_of(diagnostic.id).name) + " ";
  }
  return tokens;
}

std::string kinds(const std::string& text) {
  std::string names;
  for (const Token& token : tokens_of(text)) names += (names.empty() ? "" : " ") + std::string(name_of(token.kind));
  return names;
}

std::uint64_t number(const std::string& text) {
  std::vector<Token> tokens = tokens_of("BEGIN { " + text + " }");
  return tokens.size() == 4 && tokens[2].kind == TokenKind::integer ? tokens[2].number : 0xdead;
}

std::string problems(const std::string& text) {
  std::string found;
  tokens_of(text, &found);
  return found;
}

TEST(Lexer, AttachPointsAreOneTokenEach) {
  EXPECT_EQ(kinds("tracepoint:a:b , i:s:1,BEGIN{}"), "attach_point comma attach_point comma attach_point brace_open brace_close");
  EXPECT_EQ(tokens_of("uprobe:/bin/a//b:f /1/ { }")[0].text, "uprobe:/bin/a//b:f");
  EXPECT_EQ(tokens_of("u:x:\"ns::f(a, b)\" { }")[0].text, "u:x:\"ns::f(a, b)\"");
}

TEST(Lexer, ProbeIsAWordOnlyBetweenProbes) {
  EXPECT_EQ(kinds("probe BEGIN { probe }"), "kw_probe attach_point brace_open identifier brace_close");
  EXPECT_EQ(kinds("probed:x {}"), "attach_point brace_open brace_close");
}

TEST(Lexer, PredicateEndsAtASlashBeforeABody) {
  EXPECT_EQ(kinds("BEGIN /pid / 2/ { }"), "attach_point predicate_open identifier slash integer predicate_close brace_open brace_close");
  EXPECT_EQ(kinds("BEGIN /pid/ // why\n < >"), "attach_point predicate_open identifier predicate_close angle_open angle_close");
  EXPECT_EQ(kinds("BEGIN/pid/{}"), "attach_point predicate_open identifier predicate_close brace_open brace_close");
}

TEST(Lexer, AngleBodyEndsAtTheFirstOuterGreaterThan) {
  EXPECT_EQ(kinds("BEGIN < a > BEGIN < b >"), "attach_point angle_open identifier angle_close attach_point angle_open identifier angle_close");
  EXPECT_EQ(kinds("BEGIN < (a > b) >"),
            "attach_point angle_open parenthesis_open identifier greater identifier parenthesis_close angle_close");
  EXPECT_EQ(kinds("BEGIN < a->b >"), "attach_point angle_open identifier arrow identifier angle_close");
  EXPECT_EQ(kinds("BEGIN < if (a) { b > c } >"),
            "attach_point angle_open kw_if parenthesis_open identifier parenthesis_close brace_open identifier greater identifier brace_close "
            "angle_close");
}

TEST(Lexer, Numbers) {
  EXPECT_EQ(number("42"), 42u);
  EXPECT_EQ(number("0x2A"), 42u);
  EXPECT_EQ(number("052"), 42u);
  EXPECT_EQ(number("1_000"), 1000u);
  EXPECT_EQ(number("1e6"), 1'000'000u);
  EXPECT_EQ(number("7ull"), 7u);
  EXPECT_EQ(number("10ms"), 10'000'000u);
  EXPECT_EQ(number("1m"), 60'000'000'000u);
  EXPECT_EQ(number("18446744073709551615"), 18446744073709551615u);
}

TEST(Lexer, MalformedNumbers) {
  for (const char* text : {"12x", "0x", "09", "1_", "1e", "5usx", "0xfg", "1lul"}) {
    EXPECT_EQ(problems(std::string("BEGIN { ") + text + " }"), "malformed_number ") << text;
  }
  for (const char* text : {"18446744073709551616", "0x10000000000000000", "1e20", "9999999999999d"}) {
    EXPECT_EQ(problems(std::string("BEGIN { ") + text + " }"), "number_too_large ") << text;
  }
}

TEST(Lexer, Strings) {
  EXPECT_EQ(tokens_of(R"(BEGIN { "a\n\t\"\\\101\x42" })")[2].text, "a\n\t\"\\AB");
  EXPECT_EQ(problems(R"(BEGIN { "\q" })"), "bad_escape ");
  EXPECT_EQ(problems(R"(BEGIN { "\777" })"), "bad_escape ");
  EXPECT_EQ(problems("BEGIN { \"abc }"), "unterminated_string ");
  EXPECT_EQ(problems("BEGIN { \"abc\n\" }"), "unterminated_string unterminated_string ");
}

TEST(Lexer, Parameters) {
  EXPECT_EQ(tokens_of("BEGIN { $12 }")[2].number, 12u);
  EXPECT_EQ(kinds("BEGIN { $# }"), "attach_point brace_open positional_count brace_close");
  EXPECT_EQ(problems("BEGIN { $0 }"), "bad_positional ");
  EXPECT_EQ(problems("BEGIN { $99999999999999999999 }"), "bad_positional ");
}

TEST(Lexer, InterpreterLineIsNoPartOfTheProgram) {
  std::vector<Token> tokens = tokens_of("#!/usr/bin/env fathom\nBEGIN {}");
  ASSERT_EQ(tokens.size(), 3u);
  EXPECT_EQ(tokens[0].range.begin, 22u);
}

TEST(Lexer, AByteOrderMarkIsSkipped) {
  EXPECT_EQ(kinds("\xef\xbb\xbf" "BEGIN { }"), "attach_point brace_open brace_close");
}

TEST(Lexer, DefinitionsAreKeptAsText) {
  EXPECT_EQ(kinds("#include <a.h>\nstruct x { struct { int y; } z; };\nBEGIN {}"),
            "preprocessor type_definition attach_point brace_open brace_close");
  EXPECT_EQ(problems("struct x { int y;"), "unterminated_type ");
}

TEST(Lexer, StrayCharacters) {
  EXPECT_EQ(problems("BEGIN { # }"), "stray_character ");
  EXPECT_EQ(problems("BEGIN { \xe2\x80\x9c }"), "stray_character ");  // one report for a multi-byte character
  EXPECT_EQ(problems("/* open"), "unterminated_comment ");
  EXPECT_EQ(problems("}"), "stray_character ");
  EXPECT_EQ(problems(std::string("BEGIN {") + '\0' + "}"), "stray_character ");
  EXPECT_EQ(problems("BEGIN { 'x' }"), "stray_character ");
}

TEST(Lexer, LongTokensAndDeepBrackets) {
  std::string comment = "/*" + std::string(100000, 'a') + "*/ BEGIN { }";
  EXPECT_EQ(tokens_of(comment).size(), 3u);
  EXPECT_EQ(tokens_of("BEGIN { \"" + std::string(100000, 'a') + "\" }")[2].text.size(), 100000u);
  EXPECT_EQ(problems("BEGIN " + std::string(1000, '{')), "nested_too_deeply ");
}

TEST(Lexer, GreaterThanInAPredicateIsAComparison) {
  EXPECT_EQ(kinds("BEGIN /a > 1/ { }"), "attach_point predicate_open identifier greater integer predicate_close brace_open brace_close");
}

TEST(Lexer, RangesCoverTheTokens) {
  SourceFile source("test", "BEGIN { @abc[$x] }");
  Diagnostics diagnostics;
  std::vector<Token> tokens = lex(source, diagnostics);
  EXPECT_EQ(source.text(tokens[2].range), "@abc");
  EXPECT_EQ(source.text(tokens[4].range), "$x");
  EXPECT_EQ(tokens[2].text, "abc");
}

}  // namespace
}  // namespace fathom
