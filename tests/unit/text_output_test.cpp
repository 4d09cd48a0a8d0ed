// The text format: every kind of value, maps, stacks, times, and when the stream is written.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <limits>

#include "runtime/output/wall_time.h"
#include "tests/unit/output_helpers.h"

namespace fathom {
namespace {

using namespace testing_output;

TEST(TextOutput, PrintfWritesNothingMoreThanItsText) {
  Capture capture;
  capture->text(TextKind::printf, "5%");
  capture->text(TextKind::printf, "");
  capture->text(TextKind::cat, "file");
  EXPECT_EQ(capture.text(), "5%file");
}

TEST(TextOutput, AFormatThatCanNotBeReadIsShownAsItIs) { EXPECT_EQ(format("bad %y", {integer(5)}), "bad %y"); }

TEST(TextOutput, EveryKindOfValue) {
  EXPECT_EQ(shown({NoValue{}}), "null");
  EXPECT_EQ(shown({true}), "true");
  EXPECT_EQ(shown({false}), "false");
  EXPECT_EQ(shown(integer(std::numeric_limits<std::int64_t>::min())), "-9223372036854775808");
  EXPECT_EQ(shown(uint(~0ull)), "18446744073709551615");
  EXPECT_EQ(shown({PointerValue{0x34}}), "0x34");
  EXPECT_EQ(shown({PointerValue{0}}), "0x0");
  EXPECT_EQ(shown(text("")), "");
  EXPECT_EQ(shown({BufferValue{std::string("ok_key\0", 7)}}), "ok_key\\x00");
  EXPECT_EQ(shown({ArrayValue{{integer(1), integer(2)}}}), "[1,2]");
  EXPECT_EQ(shown({ArrayValue{{{ArrayValue{{integer(5), integer(6)}}}, {ArrayValue{}}}}}), "[[5,6],[]]");
  EXPECT_EQ(shown(tuple({integer(1), text("abc"), tuple({integer(4), integer(5)})})), "(1, abc, (4, 5))");
  EXPECT_EQ(shown(tuple({integer(1)})), "(1)");
  EXPECT_EQ(shown(tuple({})), "()");
  EXPECT_EQ(shown({StructValue{{{"m", integer(2)}, {"n", text("x")}}}}), "{ .m = 2, .n = x }");
  EXPECT_EQ(shown({StructValue{}}), "{}");
  EXPECT_EQ(shown({StatsValue{3, 6, false}}), "{ .count = 3, .average = 2, .total = 6 }");
  EXPECT_EQ(shown({StatsValue{2, static_cast<std::uint64_t>(-6), true}}), "{ .count = 2, .average = -3, .total = -6 }");
  EXPECT_EQ(shown({AverageResult{2, static_cast<std::uint64_t>(-6), true}}), "-3");
}

TEST(TextOutput, SymbolsAndUnknownOnes) {
  EXPECT_EQ(shown({SymbolValue{100, SymbolSpace::kernel}}), "do_nanosleep");
  EXPECT_EQ(shown({SymbolValue{1, SymbolSpace::user}}), "0x1");
}

TEST(TextOutput, StacksWithUnknownFrames) {
  EXPECT_EQ(shown({StackFrames{{100, 0xbeef}, SymbolSpace::kernel, 0}}), "\n        do_nanosleep+1\n        0xbeef\n");
  EXPECT_EQ(shown({StackFrames{{}, SymbolSpace::kernel, 0}}), "\n");
}

TEST(TextOutput, StackNamesAreThoseOfItsProcess) {
  EXPECT_EQ(shown({StackFrames{{300}, SymbolSpace::user, 7}}), "\n        main+0\n");
  EXPECT_EQ(shown({StackFrames{{300}, SymbolSpace::user, 8}}), "\n        0x12c\n");
}

TEST(TextOutput, ScalarMaps) {
  EXPECT_EQ(map_text({"@x", Type::none(), Type::int64(), false, {{{NoValue{}}, integer(5)}}}), "@x: 5\n");
  EXPECT_EQ(map_text({"@", Type::none(), Type::tuple({}), false, {{{NoValue{}}, tuple({integer(1), text("s")})}}}), "@: (1, s)\n");
}

TEST(TextOutput, EmptyMapsPrintNothing) {
  EXPECT_EQ(map_text({"@x", Type::none(), Type::int64(), false, {}}), "");
  EXPECT_EQ(map_text({"@x", Type::int64(), Type::int64(), false, {}}, 3, 2), "");
}

TEST(TextOutput, KeyedMaps) {
  EXPECT_EQ(map_text({"@b", Type::int64(), Type::int64(), false, {{integer(2), integer(3)}, {integer(3), integer(4)}}}),
            "@b[2]: 3\n@b[3]: 4\n");
  Type pair = Type::tuple({Type::int64(), Type::int64()});
  EXPECT_EQ(map_text({"@c", pair, Type::int64(), true, {{tuple({text("x"), integer(4)}), integer(5)}}}), "@c[x, 4]: 5\n");
  EXPECT_EQ(map_text({"@c", pair, Type::int64(), false, {{tuple({integer(1), tuple({integer(2), integer(3)})}), integer(4)}}}),
            "@c[1, (2, 3)]: 4\n");
  EXPECT_EQ(map_text({"@s", pair, Type::int64(), true, {{tuple({{StructValue{{{"m", integer(2)}}}}, integer(42)}), integer(0)}}}),
            "@s[{ .m = 2 }, 42]: 0\n");
}

TEST(TextOutput, StackKeys) {
  Value stack{StackFrames{{100, 200}, SymbolSpace::kernel, 0}};
  EXPECT_EQ(map_text({"@", Type::stack(SymbolSpace::kernel, 127), Type::int64(), false, {{stack, integer(12)}}}),
            "@[\n        do_nanosleep+1\n        hrtimer_nanosleep+167\n]: 12\n");
  EXPECT_EQ(map_text({"@", Type::tuple({}), Type::int64(), true, {{tuple({stack, text("bash")}), integer(3)}}}),
            "@[\n        do_nanosleep+1\n        hrtimer_nanosleep+167\n, bash]: 3\n");
}

TEST(TextOutput, HistogramAsValueIsItsRows) { EXPECT_EQ(shown(power_histogram({{1, 1}})), "[1]                    1 |" + bar(52) + "|\n"); }

TEST(TextOutput, LargeMapsAreComplete) {
  MapContents map = sums(std::vector<std::int64_t>(20000, 12345));
  std::string text = map_text(map);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 20000);
  EXPECT_TRUE(text.ends_with("@[19999]: 12345\n"));
}

TEST(TextOutput, PrintkAndEndOfRun) {
  Capture capture;
  capture->text(TextKind::printk, "hi");
  capture->end_of_run();
  capture->map({"@x", Type::none(), Type::int64(), false, {{{NoValue{}}, integer(1)}}}, 0, 0);
  EXPECT_EQ(capture.text(), "hi\n\n\n@x: 1\n");
}

TEST(TextOutput, FullBufferIsWrittenOnlyByFlush) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  std::setvbuf(file, nullptr, _IOFBF, 4096);
  FakeSymbols symbols;
  auto output = make_text_output(file, symbols, {});
  output->text(TextKind::printk, "line");
  char seen[16];
  EXPECT_EQ(pread(fileno(file), seen, sizeof seen, 0), 0);
  output->flush();
  EXPECT_EQ(pread(fileno(file), seen, sizeof seen, 0), 5);
  std::fclose(file);
}

TEST(TextOutput, LineBufferedStreamIsWrittenAtLineEnds) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  std::setvbuf(file, nullptr, _IOLBF, 4096);
  FakeSymbols symbols;
  auto output = make_text_output(file, symbols, {});
  char seen[16];
  output->text(TextKind::printf, "part");
  EXPECT_EQ(pread(fileno(file), seen, sizeof seen, 0), 0);
  output->text(TextKind::printf, "\n");
  EXPECT_EQ(pread(fileno(file), seen, sizeof seen, 0), 5);
  std::fclose(file);
}

class Time : public testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

// 2001-09-09 01:46:40.123456789
constexpr std::int64_t billion = 1'000'000'000'123'456'789;

TEST_F(Time, StrftimeAndMicroseconds) {
  EXPECT_EQ(time_text(billion, "%Y-%m-%d %H:%M:%S.%f"), "2001-09-09 01:46:40.123456");
  EXPECT_EQ(time_text(1'000, "%f"), "000001");
  EXPECT_EQ(time_text(billion, "%H:%M:%S\n"), "01:46:40\n");
}

TEST_F(Time, PercentSigns) {
  EXPECT_EQ(time_text(billion, "%%f %%%f"), "%f %123456");
  EXPECT_EQ(time_text(billion, "100%"), "100%");
  EXPECT_EQ(time_text(billion, ""), "");
  EXPECT_EQ(time_text(billion, "%%"), "%");
}

TEST_F(Time, TextsThatAreEmptyOrLong) {
  EXPECT_EQ(time_text(billion, "%n"), "\n");
  std::string many;
  for (int i = 0; i < 500; ++i) many += "%c";
  EXPECT_EQ(time_text(billion, many).size(), 500 * time_text(billion, "%c").size());
}

TEST_F(Time, BeforeTheEpoch) { EXPECT_EQ(time_text(-1'000, "%Y %H:%M:%S.%f"), "1969 23:59:59.999999"); }

TEST_F(Time, BootClockIsAtTheSameDistanceAlways) {
  std::int64_t first = wall_from_boot(1'000'000'000);
  EXPECT_EQ(wall_from_boot(3'000'000'000) - first, 2'000'000'000);
  timespec boot{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  std::int64_t now = wall_from_boot(static_cast<std::uint64_t>(boot.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(boot.tv_nsec));
  EXPECT_LT(std::abs(now - wall_now()), 5'000'000'000);
}

TEST_F(Time, ValuesPrintByTheirOwnFormat) {
  std::int64_t start = wall_from_boot(0);
  EXPECT_EQ(shown({TimeValue{5'000'000'000, "%H:%M:%S.%f"}}), time_text(start + 5'000'000'000, "%H:%M:%S.%f"));
  EXPECT_EQ(format("<%3s>", {{TimeValue{0, "x"}}}), "<  x>");
}

TEST_F(Time, TimeOfProcessing) {
  Capture capture;
  std::string before = time_text(wall_now(), "%Y");
  capture->text(TextKind::time, time_text(wall_now(), "%Y\n"));
  EXPECT_EQ(capture.text(), before + "\n");
}

}  // namespace
}  // namespace fathom
