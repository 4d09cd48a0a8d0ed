// printf: every flag, width, precision and modifier against the C library, and what goes beyond C.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/output_helpers.h"

namespace fathom {
namespace {

using namespace testing_output;

std::string libc(const char* format, auto... arguments) {
  char text[512];
  std::snprintf(text, sizeof text, format, arguments...);
  return text;
}

constexpr std::int64_t numbers[] = {0,
                                    1,
                                    -1,
                                    7,
                                    42,
                                    -42,
                                    65,
                                    127,
                                    128,
                                    255,
                                    256,
                                    32767,
                                    32768,
                                    65535,
                                    65536,
                                    123456789,
                                    2147483647,
                                    2147483648,
                                    -2147483649,
                                    4294967295,
                                    4294967296,
                                    0x12345678abcdef,
                                    std::numeric_limits<std::int64_t>::max(),
                                    std::numeric_limits<std::int64_t>::min()};
constexpr const char* shapes[] = {"",   "5",  "-5",  "05",   "+",    " ",   "+5",    " 5", "-+8",  "#",   "#10", "#010", "-#10",
                                  ".0", ".3", "8.3", "-8.3", "08.3", "+.5", "# +-0", "20", "-020", ".20", "+ 7", "#.0",  "3.1"};

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
  for (const char* shape : {"", "20", "-20", "020", ".6", "20.6", "020.6", "-20.6", "-020", "2"}) {
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
  EXPECT_EQ(Formatter(symbols, settings)("%s", {{cut}}), "abc..");
  settings.truncation_trailer = " (cut)";
  EXPECT_EQ(Formatter(symbols, settings)("%s", {{cut}}), "abc (cut)");
}

TEST(Printf, ControlBytesPassUnchanged) { EXPECT_EQ(format("\x1b[1m%s", {text("\x1b[31m\x01")}), "\x1b[1m\x1b[31m\x01"); }

TEST(Printf, MissingArgumentsAndBadFormatsDoNoHarm) {
  EXPECT_EQ(format("a%db%sc%*d", {}), "abc");
  EXPECT_EQ(format("a %y", {integer(1)}), "a %y");
  EXPECT_EQ(format("%d", {text("abc")}), "abc");
  EXPECT_EQ(format("%d", {{NoValue{}}}), "null");
}

}  // namespace
}  // namespace fathom
