// The JSON format: kinds of values, escapes, keys, and what becomes of maps.
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "runtime/output/json_text.h"
#include "tests/unit/output_helpers.h"

namespace fathom {
namespace {

using namespace testing_output;

std::string json_string(std::string_view bytes) {
  std::string text;
  append_json_string(text, bytes);
  EXPECT_TRUE(nlohmann::json::accept(text)) << text;
  return text;
}

std::string line(const std::function<void(Output&)>& print) {
  Capture capture(Settings{}, make_json_output);
  print(*capture.operator->());
  std::string text = capture.text();
  EXPECT_TRUE(nlohmann::json::accept(text)) << text;
  return text;
}

std::string value_line(const Value& value) {
  return line([&](Output& output) { output.value(value); });
}

std::string map_line(const MapContents& map, std::uint64_t top = 0, std::uint64_t divisor = 0) {
  return line([&](Output& output) { output.map(map, top, divisor); });
}

TEST(JsonText, EscapesWhatHasToBe) {
  EXPECT_EQ(json_string("a\"b\\c\n\r\t"), R"("a\"b\\c\n\r\t")");
  EXPECT_EQ(json_string(std::string_view("\0\x1f\x7f", 3)), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(json_string(""), R"("")");
}

TEST(JsonText, KeepsUtf8AndSpellsOutOtherBytes) {
  EXPECT_EQ(json_string("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
  EXPECT_EQ(json_string("\xff\x80"), R"("\u00ff\u0080")");
  EXPECT_EQ(json_string("\xc3"), R"("\u00c3")");                            // cut short
  EXPECT_EQ(json_string("\xc0\xaf"), R"("\u00c0\u00af")");                  // overlong
  EXPECT_EQ(json_string("\xed\xa0\x80"), R"("\u00ed\u00a0\u0080")");        // half of a surrogate pair
  EXPECT_EQ(json_string("\xf4\x90\x80\x80"), R"("\u00f4\u0090\u0080\u0080")");  // above U+10FFFF
}

TEST(JsonOutput, Values) {
  EXPECT_EQ(value_line({NoValue{}}), "{\"type\": \"value\", \"data\": null}\n");
  EXPECT_EQ(value_line({true}), "{\"type\": \"value\", \"data\": true}\n");
  EXPECT_EQ(value_line({PointerValue{0x10}}), "{\"type\": \"value\", \"data\": 16}\n");
  EXPECT_EQ(value_line({EnumValue{3, "THREE"}}), "{\"type\": \"value\", \"data\": 3}\n");
  EXPECT_EQ(value_line({BufferValue{std::string("a\0", 2)}}), "{\"type\": \"value\", \"data\": [97,0]}\n");
  EXPECT_EQ(value_line({BufferValue{}}), "{\"type\": \"value\", \"data\": []}\n");
  EXPECT_EQ(value_line(tuple({integer(1), text("a"), tuple({})})), "{\"type\": \"value\", \"data\": [1,\"a\",[]]}\n");
  EXPECT_EQ(value_line({StructValue{{{"m", integer(2)}, {"n", {ArrayValue{{integer(3)}}}}}}}),
            "{\"type\": \"value\", \"data\": {\"m\": 2, \"n\": [3]}}\n");
  EXPECT_EQ(value_line({StructValue{}}), "{\"type\": \"value\", \"data\": {}}\n");
}

TEST(JsonOutput, NumbersThatADoubleCanNotHoldBecomeStrings) {
  EXPECT_EQ(value_line(uint(1ull << 63)), "{\"type\": \"value\", \"data\": 9223372036854775808}\n");
  EXPECT_EQ(value_line(uint((1ull << 53) + 1)), "{\"type\": \"value\", \"data\": \"9007199254740993\"}\n");
  EXPECT_EQ(value_line(integer(std::numeric_limits<std::int64_t>::min())), "{\"type\": \"value\", \"data\": -9223372036854775808}\n");
  EXPECT_EQ(value_line(integer(std::numeric_limits<std::int64_t>::max())), "{\"type\": \"value\", \"data\": \"9223372036854775807\"}\n");
  EXPECT_EQ(value_line(integer(0)), "{\"type\": \"value\", \"data\": 0}\n");
}

TEST(JsonOutput, KeysKeepTheirBlanks) {
  EXPECT_EQ(map_line({"@", Type::string(8), Type::int64(), false, {{text("a b"), integer(1)}}}),
            "{\"type\": \"map\", \"data\": {\"@\": {\"a b\": 1}}}\n");
  Type pair = Type::tuple({Type::int64(), Type::int64()});
  EXPECT_EQ(map_line({"@", pair, Type::int64(), true, {{tuple({text("x"), tuple({integer(2), integer(3)})}), integer(1)}}}),
            "{\"type\": \"map\", \"data\": {\"@\": {\"x,(2, 3)\": 1}}}\n");
}

TEST(JsonOutput, MapsTakeTopAndDivisor) {
  EXPECT_EQ(map_line(sums({10, 20, 30}), 2, 10), "{\"type\": \"map\", \"data\": {\"@\": {\"1\": 2, \"2\": 3}}}\n");
}

TEST(JsonOutput, EmptyMapsMakeNoLine) {
  Capture capture(Settings{}, make_json_output);
  capture->map(sums({}), 0, 0);
  EXPECT_EQ(capture.text(), "");
}

TEST(JsonOutput, AZeroedHistogramIsAnEmptyList) {
  MapContents map{"@h", Type::none(), Type::aggregation(Aggregation::hist, true), false, {{{NoValue{}}, power_histogram({})}}};
  EXPECT_EQ(map_line(map), "{\"type\": \"hist\", \"data\": {\"@h\": []}}\n");
}

TEST(JsonOutput, MessagesCarryTheirPlace) {
  SourcePlace place{"stdin", 2, 5, 9, "  x"};
  EXPECT_EQ(line([&](Output& output) { output.message({.text = "bad \"x\"", .place = &place}); }),
            "{\"type\": \"errorf\", \"msg\": \"bad \\\"x\\\"\", \"filename\": \"stdin\", \"line\": 2, \"col\": 5}\n");
  EXPECT_EQ(line([&](Output& output) {
              output.message({.kind = MessageKind::failed, .severity = Severity::warning, .text = "Bad address", .place = &place,
                              .helper = "probe_read_user", .result = -14});
            }),
            "{\"type\": \"helper_error\", \"msg\": \"Bad address\", \"helper\": \"probe_read_user\", \"retcode\": -14, "
            "\"filename\": \"stdin\", \"line\": 2, \"col\": 5}\n");
}

TEST(JsonOutput, CountsOfProbesAndLosses) {
  EXPECT_EQ(line([](Output& output) { output.attached(3); }), "{\"type\": \"attached_probes\", \"count\": 3, \"data\": {\"probes\": 3}}\n");
  EXPECT_EQ(line([](Output& output) { output.lost(7); }), "{\"type\": \"lost_events\", \"count\": 7, \"data\": {\"events\": 7}}\n");
}

}  // namespace
}  // namespace fathom
