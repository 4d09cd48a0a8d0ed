// The text format: printf against the C library, every kind of value, maps, histograms, stacks, times.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <limits>

#include "runtime/output/histogram.h"
#include "runtime/output/output.h"
#include "runtime/output/selection.h"
#include "runtime/output/wall_time.h"

namespace fathom {
namespace {

class FakeSymbols : public SymbolSource {
 public:
  Name name_of(std::uint64_t address, SymbolSpace space, std::uint32_t process) override {
    if (address == 100) return {"do_nanosleep", 1};
    if (address == 200) return {"hrtimer_nanosleep", 167};
    if (space == SymbolSpace::user && process == 7 && address == 300) return {"main", 0};
    return {};
  }
};

// An output into memory; text() closes it.
class Capture {
 public:
  explicit Capture(Settings settings = {}) : file_(open_memstream(&data_, &size_)), output_(make_text_output(file_, symbols_, settings)) {}
  ~Capture() {
    if (file_ != nullptr) std::fclose(file_);
    std::free(data_);
  }
  Output& operator*() { return *output_; }
  Output* operator->() { return output_.get(); }
  std::string text() {
    std::fclose(file_);
    file_ = nullptr;
    return {data_, size_};
  }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
  FakeSymbols symbols_;
  std::unique_ptr<Output> output_;
};

Value integer(std::int64_t value) { return {value}; }
Value uint(std::uint64_t value) { return {value}; }
Value text(std::string bytes) { return {StringValue{std::move(bytes), false}}; }
Value tuple(std::vector<Value> elements) { return {TupleValue{std::move(elements)}}; }

std::string format(std::string_view format, std::vector<Value> arguments) {
  FakeSymbols symbols;
  return format_text(format, arguments, symbols, Settings{});
}

std::string shown(const Value& value) {
  Capture capture;
  capture->value(value);
  std::string result = capture.text();
  EXPECT_EQ(result.back(), '\n');
  result.pop_back();
  return result;
}

std::string libc(const char* format, auto... arguments) {
  char text[512];
  std::snprintf(text, sizeof text, format, arguments...);
  return text;
}

constexpr std::int64_t numbers[] = {0, 1, -1, 7, 42, -42, 65, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 123456789, 2147483647, 2147483648,
                                    -2147483649, 4294967295, 4294967296, 0x12345678abcdef, std::numeric_limits<std::int64_t>::max(),
                                    std::numeric_limits<std::int64_t>::min()};
constexpr const char* shapes[] = {"", "5", "-5", "05", "+", " ", "+5", " 5", "-+8", "#", "#10", "#010", "-#10", ".0", ".3", "8.3", "-8.3", "08.3",
                                  "+.5", "# +-0", "20", "-020", ".20", "+ 7", "#.0", "3.1"};

TEST(Printf, IntegersAgreeWithTheCLibrary) {
  for (std::int64_t number : numbers) {
    for (const char* shape : shapes) {
      for (char letter : {'d', 'i', 'u', 'o', 'x', 'X'}) {
        auto spelled = [&](const char* modifier) { return fmt::format("<%{}{}{}>", shape, modifier, letter); };
        auto expect = [&](const char* modifier, const std::string& expected) {
          ASSERT_EQ(format(spelled(modifier), {integer(number)}), expected) << spelled(modifier) << " of " << number;
          ASSERT_EQ(format(spelled(modifier), {uint(static_cast<std::uint64_t>(number))}), expected) << spelled(modifier);
        };
        expect("", libc(spelled("").c_str(), static_cast<int>(number)));
        expect("hh", libc(spelled("hh").c_str(), static_cast<int>(number)));
        expect("h", libc(spelled("h").c_str(), static_cast<int>(number)));
        expect("l", libc(spelled("l").c_str(), static_cast<long>(number)));
        expect("ll", libc(spelled("ll").c_str(), static_cast<long long>(number)));
        expect("j", libc(spelled("j").c_str(), static_cast<std::intmax_t>(number)));
        expect("z", libc(spelled("z").c_str(), static_cast<std::size_t>(number)));
        expect("t", libc(spelled("t").c_str(), static_cast<std::ptrdiff_t>(number)));
        expect("L", libc(spelled("ll").c_str(), static_cast<long long>(number)));
      }
    }
  }
}

TEST(Printf, StringsAgreeWithTheCLibrary) {
  for (const char* content : {"", "a", "hello", "hello world, how are you"}) {
    for (const char* shape : {"", "5", "-5", "10", "-10.10", ".3", ".0", ".", "8.3", "-8.3", "30", "-30.", ".100"}) {
      std::string spelled = fmt::format("<%{}s>", shape);
      EXPECT_EQ(format(spelled, {text(content)}), libc(spelled.c_str(), content)) << spelled << " of " << content;
    }
  }
}

TEST(Printf, CharactersAgreeWithTheCLibrary) {
  for (int character : {0x41, 0x7a, 0x20, 0x141, 200}) {
    for (const char* shape : {"", "5", "-5", "1"}) {
      std::string spelled = fmt::format("<%{}c>", shape);
      EXPECT_EQ(format(spelled, {integer(character)}), libc(spelled.c_str(), character)) << spelled;
    }
  }
  EXPECT_EQ(format("%c", {integer(0)}), std::string(1, '\0'));
}

TEST(Printf, StarsAgreeWithTheCLibrary) {
  for (int width : {0, 1, 6, -6, 12}) {
    EXPECT_EQ(format("<%*d>", {integer(width), integer(42)}), libc("<%*d>", width, 42)) << width;
    EXPECT_EQ(format("<%-*d>", {integer(width), integer(42)}), libc("<%-*d>", width, 42)) << width;
    EXPECT_EQ(format("<%*s>", {integer(width), text("abc")}), libc("<%*s>", width, "abc")) << width;
    EXPECT_EQ(format("<%.*s>", {integer(width), text("abc")}), libc("<%.*s>", width, "abc")) << width;
    EXPECT_EQ(format("<%.*d>", {integer(width), integer(42)}), libc("<%.*d>", width, 42)) << width;
    EXPECT_EQ(format("<%*.*d>", {integer(width), integer(3), integer(42)}), libc("<%*.*d>", width, 3, 42)) << width;
  }
}

TEST(Printf, StarsOutOfAllReasonAreCut) {
  EXPECT_EQ(format("%*d", {integer(std::int64_t{1} << 40), integer(1)}).size(), 65535u);
  EXPECT_EQ(format("%*d", {integer(std::numeric_limits<std::int64_t>::min()), integer(1)}).size(), 65535u);
  EXPECT_EQ(format("%.*s", {integer(-5), text("abc")}), "abc");
}

TEST(Printf, PointersAgreeWithTheCLibrary) {
  auto pointer = [](std::uint64_t address) { return Value{PointerValue{address}}; };
  for (const char* shape : {"", "20", "-20", "020"}) {
    std::string spelled = fmt::format("<%{}p>", shape);
    EXPECT_EQ(format(spelled, {pointer(0xabc)}), libc(spelled.c_str(), reinterpret_cast<void*>(0xabc))) << spelled;
  }
  EXPECT_EQ(format("%p", {pointer(0)}), "0x0");
  EXPECT_EQ(format("%p", {integer(-1)}), "0xffffffffffffffff");
  EXPECT_EQ(format("<%6p>", {pointer(0)}), "<   0x0>");
}

TEST(Printf, CutsToTheWidthOfTheModifier) {
  std::vector<Value> four(4, integer(0x12345678abcdef));
  EXPECT_EQ(format("%hhx %hx %x %jx", four), "ef cdef 78abcdef 12345678abcdef");
  EXPECT_EQ(format("%d", {integer(std::int64_t{1} << 32)}), "0");
  EXPECT_EQ(format("%5s %04x\n", {text("ba"), integer(2)}), "   ba 0002\n");
}

TEST(Printf, AnyScalarIsANumber) {
  EXPECT_EQ(format("%d %d", {{true}, {false}}), "1 0");
  EXPECT_EQ(format("%x", {{PointerValue{0xff}}}), "ff");
  EXPECT_EQ(format("%d", {{EnumValue{3, "THREE"}}}), "3");
  EXPECT_EQ(format("%lx", {{SymbolValue{100, SymbolSpace::kernel}}}), "64");
  EXPECT_EQ(format("%d", {{AverageResult{2, 10, true}}}), "5");
}

TEST(Printf, AnyValueAsString) {
  EXPECT_EQ(format("%s %s", {{EnumValue{3, "THREE"}}, {EnumValue{4, ""}}}), "THREE 4");
  EXPECT_EQ(format("<%-8s>", {{EnumValue{3, "THREE"}}}), "<THREE   >");
  EXPECT_EQ(format("<%.3s>", {{EnumValue{3, "THREE"}}}), "<THR>");
  EXPECT_EQ(format("<%10s>", {tuple({integer(1), text("a")})}), "<    (1, a)>");
  EXPECT_EQ(format("<%5s>", {integer(-7)}), "<   -7>");
  EXPECT_EQ(format("%s", {{StackFrames{{100}, SymbolSpace::kernel, 0}}}), "\n        do_nanosleep+1\n");
}

TEST(Printf, BuffersInThreeForms) {
  Value buffer{BufferValue{std::string("a\xfe\\z\0", 5)}};
  EXPECT_EQ(format("%r|%rx|%rh", {buffer, buffer, buffer}), "a\\xfe\\z\\x00|\\x61\\xfe\\x5c\\x7a\\x00|61 fe 5c 7a 00");
  EXPECT_EQ(format("%rh", {text("ab")}), "61 62");
  EXPECT_EQ(format("%rx", {{ArrayValue{{uint(1), integer(-1)}}}}), "\\x01\\xff");
  EXPECT_EQ(format("<%r><%rh>", {{BufferValue{""}}, {BufferValue{""}}}), "<><>");
  EXPECT_EQ(format("<%6r>", {{BufferValue{"ab"}}}), "<    ab>");
}

TEST(Printf, TruncatedStringsGetTheTrailer) {
  FakeSymbols symbols;
  Settings settings;
  Value cut{StringValue{"abc", true}};
  EXPECT_EQ(format_text("%s", {{cut}}, symbols, settings), "abc..");
  settings.truncation_trailer = " (cut)";
  EXPECT_EQ(format_text("%s", {{cut}}, symbols, settings), "abc (cut)");
}

TEST(Printf, ControlBytesPassUnchanged) { EXPECT_EQ(format("\x1b[1m%s", {text("\x1b[31m\x01")}), "\x1b[1m\x1b[31m\x01"); }

TEST(Printf, MissingArgumentsAndBadFormatsDoNoHarm) {
  EXPECT_EQ(format("a%db%sc%*d", {}), "abc");
  EXPECT_EQ(format("a %y", {integer(1)}), "a %y");
  EXPECT_EQ(format("%d", {text("abc")}), "abc");
  EXPECT_EQ(format("%d", {{NoValue{}}}), "null");
}

TEST(TextOutput, FormattedWritesNothingMoreThanItsText) {
  Capture capture;
  std::vector<Value> arguments = {integer(5)};
  capture->formatted("%d%%", arguments);
  capture->formatted("%d%%", arguments);
  capture->formatted("bad %y", {});
  EXPECT_EQ(capture.text(), "5%5%bad %y");
}

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

std::string map_text(const MapContents& map, std::uint64_t top = 0, std::uint64_t divisor = 0) {
  Capture capture;
  capture->map(map, top, divisor);
  return capture.text();
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
  EXPECT_EQ(map_text({"@b", Type::int64(), Type::int64(), false, {{integer(2), integer(3)}, {integer(3), integer(4)}}}), "@b[2]: 3\n@b[3]: 4\n");
  Type pair = Type::tuple({Type::int64(), Type::int64()});
  EXPECT_EQ(map_text({"@c", pair, Type::int64(), true, {{tuple({text("x"), integer(4)}), integer(5)}}}), "@c[x, 4]: 5\n");
  EXPECT_EQ(map_text({"@c", pair, Type::int64(), false, {{tuple({integer(1), tuple({integer(2), integer(3)})}), integer(4)}}}), "@c[1, (2, 3)]: 4\n");
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

Value power_histogram(std::vector<std::pair<std::int64_t, std::uint64_t>> values, std::uint32_t bits = 0) {
  HistogramValue histogram{std::vector<std::uint64_t>(layout::hist_buckets(bits)), {.bits = bits}, false};
  for (auto [value, count] : values) histogram.counts[layout::hist_bucket(value, bits)] += count;
  return {histogram};
}

Value linear_histogram(std::vector<std::pair<std::int64_t, std::uint64_t>> values, Buckets buckets) {
  HistogramValue histogram{std::vector<std::uint64_t>(layout::lhist_buckets(buckets)), buckets, true};
  for (auto [value, count] : values) histogram.counts[layout::lhist_bucket(value, buckets)] += count;
  return {histogram};
}

std::vector<std::string> labels(const Value& value) {
  const auto& histogram = std::get<HistogramValue>(value.kind);
  std::vector<std::string> result;
  for (const HistogramRow& row : histogram_rows(histogram)) result.push_back(histogram_label(row, histogram));
  return result;
}

using Labels = std::vector<std::string>;

std::string bar(std::size_t length) { return std::string(length, '@') + std::string(52 - length, ' '); }

TEST(Histogram, AsItIsPrinted) {
  MapContents map{"@", Type::none(), Type::aggregation(Aggregation::hist, true), false, {{{NoValue{}}, power_histogram({{-5, 1}, {2, 2}, {4, 1}})}}};
  EXPECT_EQ(map_text(map),
            "@:\n"
            "(..., 0)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |\n"
            "[0]                    0 |                                                    |\n"
            "[1]                    0 |                                                    |\n"
            "[2, 4)                 2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
            "[4, 8)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |\n"
            "\n");
}

TEST(Histogram, LinearAsItIsPrinted) {
  Value value = linear_histogram({{-1, 1}, {2, 2}, {11, 1}}, {.min = 0, .max = 4, .step = 2});
  EXPECT_EQ(map_text({"@l", Type::int64(), Type::aggregation(Aggregation::lhist, true), false, {{integer(7), value}}}),
            "@l[7]:\n"
            "(..., 0)               1 |" + bar(26) + "|\n"
            "[0, 2)                 0 |" + bar(0) + "|\n"
            "[2, 4)                 2 |" + bar(52) + "|\n"
            "[4, ...)               1 |" + bar(26) + "|\n"
            "\n");
}

TEST(Histogram, SuffixesByPowersOf1024) {
  EXPECT_EQ(labels(power_histogram({{512, 1}, {1024, 1}})), (Labels{"[512, 1K)", "[1K, 2K)"}));
  EXPECT_EQ(labels(power_histogram({{1 << 20, 1}})), Labels{"[1M, 2M)"});
  EXPECT_EQ(labels(power_histogram({{1ll << 31, 1}})), Labels{"[2G, 4G)"});
  EXPECT_EQ(labels(power_histogram({{1ll << 49, 1}})), Labels{"[512T, 1P)"});
  EXPECT_EQ(labels(power_histogram({{std::numeric_limits<std::int64_t>::max(), 1}})), Labels{"[4E, 8E)"});
}

TEST(Histogram, FinerBuckets) {
  EXPECT_EQ(labels(power_histogram({{15, 1}, {16, 1}, {18, 1}}, 3)), (Labels{"[15]", "[16, 18)", "[18, 20)"}));
  EXPECT_EQ(labels(power_histogram({{1024, 1}, {1920, 1}}, 3)).front(), "[1K, 1152)");
  EXPECT_EQ(labels(power_histogram({{1920, 1}}, 3)), Labels{"[1920, 2K)"});
}

TEST(Histogram, LinearLabels) {
  EXPECT_EQ(labels(linear_histogram({{5, 1}}, {.min = 0, .max = 10, .step = 1})), Labels{"[5]"});
  EXPECT_EQ(labels(linear_histogram({{2048, 1}}, {.min = 0, .max = 10240, .step = 1024})), Labels{"[2K, 3K)"});
  EXPECT_EQ(labels(linear_histogram({{2048, 1}}, {.min = 0, .max = 10000, .step = 1000})), Labels{"[2000, 3000)"});
  EXPECT_EQ(labels(linear_histogram({{1024, 1}}, {.min = 0, .max = 4096, .step = 512})), Labels{"[1024, 1536)"});
  EXPECT_EQ(labels(linear_histogram({{-15, 1}}, {.min = -20, .max = 20, .step = 10})), Labels{"[-20, -10)"});
  EXPECT_EQ(labels(linear_histogram({{99, 1}, {100, 1}}, {.min = 0, .max = 100, .step = 30})), (Labels{"[90, 100)", "[100, ...)"}));
  EXPECT_EQ(labels(linear_histogram({{-21, 1}}, {.min = -20, .max = 20, .step = 10})), Labels{"(..., -20)"});
}

TEST(Histogram, EmptyHasNoRows) {
  EXPECT_TRUE(labels(power_histogram({})).empty());
  EXPECT_TRUE(labels(linear_histogram({}, {.min = 0, .max = 10, .step = 1})).empty());
}

TEST(Histogram, RowsKnowTheirFirstAndLastValue) {
  auto rows = histogram_rows(std::get<HistogramValue>(power_histogram({{-1, 1}, {0, 1}, {3, 2}}).kind));
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].first, std::nullopt);
  EXPECT_EQ(rows[0].last, -1);
  EXPECT_EQ(rows[1].first, 0);
  EXPECT_EQ(rows[1].last, 0);
  EXPECT_EQ(rows[3].first, 2);
  EXPECT_EQ(rows[3].last, 3);
  EXPECT_EQ(rows[3].count, 2u);
  auto over = histogram_rows(std::get<HistogramValue>(linear_histogram({{50, 1}}, {.min = 0, .max = 10, .step = 5}).kind));
  EXPECT_EQ(over[0].first, 10);
  EXPECT_EQ(over[0].last, std::nullopt);
}

TEST(Histogram, BarsAreRoundedDown) {
  std::string text;
  append_histogram(text, std::get<HistogramValue>(power_histogram({{0, 1}, {1, 99}, {2, 100}}).kind));
  EXPECT_NE(text.find("[0]                    1 |" + bar(0) + "|\n"), std::string::npos);
  EXPECT_NE(text.find("[1]                   99 |" + bar(51) + "|\n"), std::string::npos);
}

TEST(Histogram, HugeCountsDoNotOverflowTheirBars) {
  std::string text;
  append_histogram(text, std::get<HistogramValue>(power_histogram({{0, ~0ull}, {1, ~0ull / 2}}).kind));
  EXPECT_EQ(text, "[0]             18446744073709551615 |" + bar(52) + "|\n[1]             9223372036854775807 |" + bar(26) + "|\n");
}

MapContents sums(std::vector<std::int64_t> values) {
  MapContents map{"@", Type::int64(), Type::aggregation(Aggregation::sum, true), false, {}};
  for (std::int64_t value : values) map.entries.push_back({integer(static_cast<std::int64_t>(map.entries.size())), integer(value)});
  return map;
}

TEST(Selection, TopKeepsTheLast) {
  EXPECT_EQ(map_text(sums({1, 2, 3}), 2), "@[1]: 2\n@[2]: 3\n");
  EXPECT_EQ(map_text(sums({1, 2}), 5), "@[0]: 1\n@[1]: 2\n");
}

TEST(Selection, DivisorDividesNumbers) {
  EXPECT_EQ(map_text(sums({-25, 9, 30}), 0, 10), "@[0]: -2\n@[1]: 0\n@[2]: 3\n");
  EXPECT_EQ(map_text(sums({-25}), 0, ~0ull), "@[0]: 0\n");
  MapContents averages{"@", Type::none(), Type::aggregation(Aggregation::average, true), false, {{{NoValue{}}, {AverageResult{2, 80, true}}}}};
  EXPECT_EQ(map_text(averages, 2, 10), "@: 4\n");
}

TEST(Selection, StatsKnowNeitherTopNorDivisor) {
  MapContents map{"@", Type::int64(), Type::aggregation(Aggregation::stats, false), false,
                  {{integer(1), {StatsValue{1, 1, false}}}, {integer(2), {StatsValue{1, 20, false}}}}};
  EXPECT_EQ(map_text(map, 1, 10), "@[1]: { .count = 1, .average = 1, .total = 1 }\n@[2]: { .count = 1, .average = 20, .total = 20 }\n");
}

TEST(Selection, DivisorAndHistograms) {
  MapContents powers{"@", Type::none(), Type::aggregation(Aggregation::hist, true), false, {{{NoValue{}}, power_histogram({{0, 40}, {1, 5}})}}};
  EXPECT_EQ(map_text(powers, 0, 10), "@:\n[0]                    4 |" + bar(52) + "|\n[1]                    0 |" + bar(0) + "|\n\n");
  EXPECT_EQ(map_text(powers, 0, 100), "@:\n[0]                    0 |" + bar(0) + "|\n[1]                    0 |" + bar(0) + "|\n\n");
  Value linear = linear_histogram({{0, 40}}, {.min = 0, .max = 10, .step = 5});
  MapContents lines{"@", Type::none(), Type::aggregation(Aggregation::lhist, true), false, {{{NoValue{}}, linear}}};
  EXPECT_EQ(map_text(lines, 0, 10), "@:\n[0, 5)                40 |" + bar(52) + "|\n\n");
}

TEST(Selection, DivisorLeavesOtherValuesAlone) {
  EXPECT_EQ(map_text({"@", Type::none(), Type::string(4), false, {{{NoValue{}}, text("abc")}}}, 0, 10), "@: abc\n");
  EXPECT_EQ(map_text({"@", Type::none(), Type::boolean(), false, {{{NoValue{}}, {true}}}}, 0, 10), "@: true\n");
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
  capture->printk("hi");
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
  output->printk("line");
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
  output->formatted("part", {});
  EXPECT_EQ(pread(fileno(file), seen, sizeof seen, 0), 0);
  output->formatted("\n", {});
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
  capture->time("%Y\n");
  EXPECT_EQ(capture.text(), before + "\n");
}

}  // namespace
}  // namespace fathom
