// Diagnostics: their order, the text that is shown, and the name that was probably meant.
// The rows of diagnostics.def change with the language, so that the tests take whichever row has the wanted severity.
#include "ast/diagnostics.h"

#include <gtest/gtest.h>

#include "ast/display_text.h"

namespace fathom {
namespace {

// The first row of a severity whose format takes `arguments` plain arguments; -1 where there is none.
constexpr int row_with(Severity severity, int arguments) {
  for (std::size_t i = 0; i < std::size(diagnostic_rows); ++i) {
    int braces = 0;
    bool plain = true;
    std::string_view format = diagnostic_rows[i].format;
    for (std::size_t j = 0; j < format.size(); ++j) {
      if (format[j] != '{') continue;
      ++braces;
      plain = plain && j + 1 < format.size() && format[j + 1] == '}';
    }
    if (plain && braces == arguments && diagnostic_rows[i].severity == severity) return static_cast<int>(i);
  }
  return -1;
}

template <Severity severity>
constexpr bool has_row = row_with(severity, 0) >= 0 || row_with(severity, 1) >= 0;

template <Severity severity>
Diagnostic& report(Diagnostics& diagnostics, Range range, const char* argument = "x") {
  if constexpr (row_with(severity, 1) >= 0) {
    return diagnostics.report<static_cast<DiagnosticId>(row_with(severity, 1))>(range, argument);
  } else {
    (void)argument;
    return diagnostics.report<static_cast<DiagnosticId>(row_with(severity, 0))>(range);
  }
}

Diagnostic made(Range range, std::string message = "it is wrong") { return {DiagnosticId{}, range, std::move(message), {}, {}}; }

// The rendered text behind its first line, which names a row.
std::string body(const Diagnostic& diagnostic, const SourceFile& source) {
  std::string text = render(diagnostic, source, false);
  return text.substr(text.find('\n') + 1);
}

TEST(Diagnostics, CountsOnlyErrorsAsErrors) {
  Diagnostics diagnostics;
  EXPECT_FALSE(diagnostics.has_errors());
  if constexpr (has_row<Severity::warning>) {
    report<Severity::warning>(diagnostics, {0, 1});
    EXPECT_FALSE(diagnostics.has_errors());
  }
  report<Severity::error>(diagnostics, {0, 1});
  EXPECT_TRUE(diagnostics.has_errors());
}

TEST(Diagnostics, SortsByPlace) {
  Diagnostics diagnostics;
  report<Severity::error>(diagnostics, {20, 21});
  report<Severity::error>(diagnostics, {3, 9});
  report<Severity::error>(diagnostics, {3, 4});
  std::vector<Diagnostic> sorted = diagnostics.sorted();
  ASSERT_EQ(sorted.size(), 3u);
  EXPECT_EQ(sorted[0].range, (Range{3, 4}));
  EXPECT_EQ(sorted[1].range, (Range{3, 9}));
  EXPECT_EQ(sorted[2].range, (Range{20, 21}));
}

TEST(Diagnostics, ErrorsComeBeforeEarlierWarnings) {
  if constexpr (has_row<Severity::warning>) {
    Diagnostics diagnostics;
    report<Severity::warning>(diagnostics, {0, 1});
    report<Severity::error>(diagnostics, {5, 6});
    EXPECT_EQ(row_of(diagnostics.sorted().front().id).severity, Severity::error);
  } else {
    GTEST_SKIP() << "skipped: no warning among the diagnostics";
  }
}

TEST(Diagnostics, DropsRepeatsOnly) {
  Diagnostics diagnostics;
  report<Severity::error>(diagnostics, {5, 6}).with_help("the first");
  report<Severity::error>(diagnostics, {5, 7});
  report<Severity::error>(diagnostics, {5, 6}).with_help("the second");
  ASSERT_EQ(diagnostics.sorted().size(), 2u);
  EXPECT_EQ(diagnostics.sorted()[0].help, std::vector<std::string>{"the first"});
  EXPECT_EQ(diagnostics.all().size(), 3u);
}

TEST(Diagnostics, SamePlaceOtherMessageIsNoRepeat) {
  if constexpr (row_with(Severity::error, 1) >= 0) {
    Diagnostics diagnostics;
    report<Severity::error>(diagnostics, {5, 6}, "a");
    report<Severity::error>(diagnostics, {5, 6}, "b");
    report<Severity::error>(diagnostics, {5, 6}, "a");
    EXPECT_EQ(diagnostics.sorted().size(), 2u);
  } else {
    GTEST_SKIP() << "skipped: no diagnostic with one argument";
  }
}

TEST(Diagnostics, EmptyHelpAddsNothing) { EXPECT_TRUE(made({0, 1}).with_help("").help.empty()); }

TEST(Render, FirstLineNamesSeverityAndRow) {
  SourceFile source("a.bt", "abc");
  std::string text = render(made({0, 1}, "it is `x`"), source, false);
  const DiagnosticRow& row = row_of(DiagnosticId{});
  std::string severity = row.severity == Severity::error ? "error" : "warning";
  EXPECT_EQ(text.substr(0, text.find('\n')), fmt::format("{}: it is `x` [{}]", severity, row.name));
}

TEST(Render, UnderlinesTheRangeWithItsLabelAndHelp) {
  SourceFile source("script.bt", "t:a:b\n{\n  printf(\"%s\\n\", str(args.filname));\n}\n");
  Range range{34, 41};
  Diagnostic diagnostic = made(range);
  diagnostic.label(range, "not a field of this probe").with_help("did you mean `filename`?");
  EXPECT_EQ(body(diagnostic, source),
            " --> script.bt:3:27\n"
            "  |\n"
            "3 |   printf(\"%s\\n\", str(args.filname));\n"
            "  |                           ^^^^^^^ not a field of this probe\n"
            "  = help: did you mean `filename`?\n");
}

TEST(Render, TwoLabelsOnThePrimaryRangeShareItsLine) {
  SourceFile source("a", "abc");
  Diagnostic diagnostic = made({0, 3});
  diagnostic.label({0, 3}, "one").label({0, 3}, "two");
  EXPECT_EQ(body(diagnostic, source), " --> a:1:1\n  |\n1 | abc\n  | ^^^ one; two\n");
}

TEST(Render, TabsBecomeFourBlanksAndTheUnderlineKeepsStep) {
  SourceFile source("a", "\tx\ty");
  EXPECT_EQ(body(made({3, 4}), source), " --> a:1:4\n  |\n1 |     x    y\n  |          ^\n");
  EXPECT_EQ(body(made({2, 3}), source), " --> a:1:3\n  |\n1 |     x    y\n  |      ^^^^\n");
}

TEST(Render, RangeOverLinesUnderlinesTheFirstToItsEnd) {
  SourceFile source("a", "ab cd\nef\n");
  EXPECT_EQ(body(made({3, 8}), source), " --> a:1:4\n  |\n1 | ab cd\n  |    ^^\n");
}

TEST(Render, RangeThatStartsAtTheLineBreakGetsOneColumn) {
  SourceFile source("a", "ab\ncd");
  EXPECT_EQ(body(made({2, 5}), source), " --> a:1:3\n  |\n1 | ab\n  |   ^\n");
}

TEST(Render, CarriageReturnIsNotShown) {
  SourceFile source("a", "ab\r\ncd");
  EXPECT_EQ(body(made({1, 5}), source), " --> a:1:2\n  |\n1 | ab\n  |  ^\n");
}

TEST(Render, EmptyRangeAtTheEndOfFile) {
  SourceFile source("a", "abc");
  EXPECT_EQ(body(made({3, 3}), source), " --> a:1:4\n  |\n1 | abc\n  |    ^\n");
  SourceFile broken("a", "abc\n");
  EXPECT_EQ(body(made({4, 4}), broken), " --> a:2:1\n  |\n2 |\n  | ^\n");
  SourceFile empty("a", "");
  EXPECT_EQ(body(made({0, 0}), empty), " --> a:1:1\n  |\n1 |\n  | ^\n");
}

TEST(Render, RangeBehindTheTextPointsAtItsEnd) {
  SourceFile source("a", "abc");
  EXPECT_EQ(body(made({90, 95}), source), " --> a:1:4\n  |\n1 | abc\n  |    ^\n");
}

TEST(Render, LabelOnTheSameLineGetsItsOwnUnderline) {
  SourceFile source("a", "@x = @y");
  Diagnostic diagnostic = made({5, 7});
  diagnostic.label({5, 7}, "a string").label({0, 2}, "a number");
  EXPECT_EQ(body(diagnostic, source), " --> a:1:6\n  |\n1 | @x = @y\n  |      ^^ a string\n  | -- a number\n");
}

TEST(Render, LabelsOnOtherLinesFollowAsExcerptsInOrder) {
  std::string text = "l1\nl2\nl3\nl4\nl5\nl6\nl7\nl8\nl9\nlast\n";
  SourceFile source("a", text);
  Diagnostic diagnostic = made({3, 5});
  diagnostic.label({27, 31}, "third").label({0, 2}, "second");
  EXPECT_EQ(body(diagnostic, source),
            "  --> a:2:1\n"
            "   |\n"
            " 2 | l2\n"
            "   | ^^\n"
            "   |\n"
            " 1 | l1\n"
            "   | -- second\n"
            "   |\n"
            "10 | last\n"
            "   | ---- third\n");
}

TEST(Render, LongLineIsCutAroundTheRange) {
  SourceFile source("a", std::string(150, 'a') + "BAD" + std::string(150, 'c'));
  EXPECT_EQ(body(made({150, 153}), source),
            " --> a:1:151\n  |\n1 | …" + std::string(60, 'a') + "BAD" + std::string(97, 'c') + "…\n  | " + std::string(61, ' ') + "^^^\n");
}

TEST(Render, LongLineWithTheRangeAtItsEnds) {
  SourceFile source("a", std::string(300, 'a'));
  EXPECT_EQ(body(made({0, 2}), source), " --> a:1:1\n  |\n1 | " + std::string(160, 'a') + "…\n  | ^^\n");
  EXPECT_EQ(body(made({300, 300}), source), " --> a:1:301\n  |\n1 | …" + std::string(60, 'a') + "\n  | " + std::string(61, ' ') + "^\n");
}

TEST(Render, RangeLongerThanTheWindowIsUnderlinedAsFarAsShown) {
  SourceFile source("a", std::string(400, 'a'));
  EXPECT_EQ(body(made({0, 400}), source), " --> a:1:1\n  |\n1 | " + std::string(160, 'a') + "…\n  | " + std::string(160, '^') + "\n");
}

TEST(Render, LineOfExactlyTheLimitIsNotCut) {
  SourceFile source("a", std::string(200, 'a'));
  EXPECT_NE(body(made({0, 1}), source).find(std::string(200, 'a') + "\n"), std::string::npos);
}

TEST(Render, NothingRawReachesTheTerminal) {
  SourceFile source("evil\x1b[31m.bt", "a\x1b[2J\xff\xc2\x9b\xe2\x80\xaez\x7f");
  Diagnostic diagnostic = made({1, 2}, "odd \x1b[0m\n text");
  diagnostic.label({1, 2}, "here\x07").with_help("not \xfe");
  std::string text = render(diagnostic, source, false);
  for (char c : text) EXPECT_TRUE(c == '\n' || (c >= ' ' && c < 0x7f)) << static_cast<int>(c);
  EXPECT_NE(text.find("1 | a\\x1b[2J\\xff\\u009b\\u202ez\\x7f\n  |  ^^^^ here\\x07\n"), std::string::npos) << text;
  EXPECT_NE(text.find("odd \\x1b[0m\\x0a text"), std::string::npos) << text;
  EXPECT_NE(text.find("evil\\x1b[31m.bt:1:2"), std::string::npos) << text;
}

TEST(Render, ColorsAreEscapesAroundTheSameText) {
  SourceFile source("a", "abc");
  Diagnostic diagnostic = made({0, 1});
  diagnostic.label({0, 1}, "here").with_help("do that");
  std::string colored = render(diagnostic, source, true);
  std::string plain;
  for (std::size_t i = 0; i < colored.size(); ++i) {
    if (colored[i] == '\x1b') {
      i = colored.find('m', i);
    } else {
      plain += colored[i];
    }
  }
  EXPECT_NE(colored.find("\x1b["), std::string::npos);
  EXPECT_EQ(plain, render(diagnostic, source, false));
}

TEST(DisplayText, WideAndCombiningCharactersCountTheirColumns) {
  DisplayLine line = display_line("a世e\xcc\x81z");
  EXPECT_EQ(line.width, 5u);
  EXPECT_EQ(line.column_of(4), 3u);   // e
  EXPECT_EQ(line.column_of(2), 1u);   // inside the wide character
  EXPECT_EQ(line.column_of(7), 4u);   // z
  EXPECT_EQ(line.column_of(99), 5u);  // behind the line
}

TEST(DisplayText, OverlongAndTruncatedSequencesAreBytes) {
  EXPECT_EQ(display_text("\xc0\xaf"), "\\xc0\\xaf");
  EXPECT_EQ(display_text("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
  EXPECT_EQ(display_text("\xf0\x82\x82\xac"), "\\xf0\\x82\\x82\\xac");
  EXPECT_EQ(display_text("\xe2\x82"), "\\xe2\\x82");
  EXPECT_EQ(display_text("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(display_text("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
  EXPECT_EQ(display_text("ü€😀"), "ü€😀");
  EXPECT_EQ(display_text(std::string_view("\0", 1)), "\\x00");
}

TEST(Nearest, FindsOneEditOfEachKind) {
  std::vector<std::string> names = {"count", "printf", "hist"};
  EXPECT_EQ(nearest("cout", names), "count");      // insert
  EXPECT_EQ(nearest("printff", names), "printf");  // delete
  EXPECT_EQ(nearest("hast", names), "hist");       // replace
  EXPECT_EQ(nearest("ihst", names), "hist");       // swap, which counts once
}

TEST(Nearest, LetterCaseIsNoEdit) {
  EXPECT_EQ(nearest("PID", {"tid", "pid"}), "pid");
  EXPECT_EQ(did_you_mean("Comm", {"comm"}), "did you mean `comm`?");
}

TEST(Nearest, TakesTheNearestAndOfEqualsTheFirst) {
  EXPECT_EQ(nearest("filenames", {"filena", "filename", "filenamex"}), "filename");
  EXPECT_EQ(nearest("abcdef", {"abcdxf", "abcdef2"}), "abcdxf");
}

TEST(Nearest, TooManyEditsFindNothing) {
  EXPECT_EQ(nearest("pid", {"xyd", "comm"}), "");    // two edits of three letters
  EXPECT_EQ(nearest("filename", {"fxxxname"}), "");  // three of eight
  EXPECT_EQ(nearest("filename", {"fxxename"}), "fxxename");
  EXPECT_EQ(nearest("filename", {}), "");
  EXPECT_EQ(did_you_mean("filename", {"tid"}), "");
}

TEST(Nearest, NothingInCommonIsNoSuggestion) {
  EXPECT_EQ(nearest("x", {"y"}), "");
  EXPECT_EQ(nearest("x", {"xy"}), "xy");
  EXPECT_EQ(nearest("", {"a"}), "");
}

TEST(Nearest, TheNameItselfIsNotSuggested) { EXPECT_EQ(did_you_mean("pid", {"pid"}), ""); }

}  // namespace
}  // namespace fathom
