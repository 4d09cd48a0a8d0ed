// The order of keys and of the entries of a map.
#include <gtest/gtest.h>

#include "runtime/value.h"

namespace fathom {
namespace {

Value integer(std::int64_t value) { return {value}; }
Value uint(std::uint64_t value) { return {value}; }
Value text(std::string bytes) { return {StringValue{std::move(bytes), false}}; }

TEST(Compare, IntegersByNumberNotByBits) {
  EXPECT_LT(compare(integer(-1), integer(1)), 0);
  EXPECT_GT(compare(uint(~0ull), uint(1)), 0);
  EXPECT_EQ(compare(integer(5), integer(5)), 0);
  EXPECT_LT(compare(integer(9), integer(10)), 0);
}

TEST(Compare, SignedWithUnsigned) {
  EXPECT_LT(compare(integer(-1), uint(0)), 0);
  EXPECT_GT(compare(uint(0), integer(-1)), 0);
  EXPECT_EQ(compare(uint(7), integer(7)), 0);
  EXPECT_LT(compare(integer(7), uint(~0ull)), 0);
}

TEST(Compare, StringsBytewise) {
  EXPECT_LT(compare(text("B"), text("a")), 0);
  EXPECT_LT(compare(text("a"), text("aa")), 0);
  EXPECT_LT(compare(text("z"), text("\xc3")), 0);
  EXPECT_EQ(compare(text(""), text("")), 0);
}

TEST(Compare, TuplesFieldByField) {
  auto tuple = [](Value first, Value second) { return Value{TupleValue{{std::move(first), std::move(second)}}}; };
  EXPECT_LT(compare(tuple(integer(1), text("z")), tuple(integer(2), text("a"))), 0);
  EXPECT_GT(compare(tuple(integer(1), text("z")), tuple(integer(1), text("a"))), 0);
  EXPECT_EQ(compare(tuple(integer(1), text("a")), tuple(integer(1), text("a"))), 0);
  EXPECT_LT(compare({TupleValue{{integer(1)}}}, tuple(integer(1), text("a"))), 0);
}

TEST(Compare, OtherKinds) {
  EXPECT_LT(compare({false}, {true}), 0);
  EXPECT_LT(compare({PointerValue{1}}, {PointerValue{~0ull}}), 0);
  EXPECT_LT(compare({EnumValue{-1, "Z"}}, {EnumValue{1, "A"}}), 0);
  EXPECT_GT(compare({BufferValue{"b"}}, {BufferValue{"a"}}), 0);
  EXPECT_LT(compare({ArrayValue{{integer(1), integer(2)}}}, {ArrayValue{{integer(1), integer(3)}}}), 0);
  EXPECT_LT(compare({StructValue{{{"a", integer(1)}}}}, {StructValue{{{"a", integer(2)}}}}), 0);
  EXPECT_GT(compare({SymbolValue{2, SymbolSpace::kernel}}, {SymbolValue{1, SymbolSpace::kernel}}), 0);
  EXPECT_LT(compare({StackFrames{{1, 2}, SymbolSpace::user, 9}}, {StackFrames{{1, 3}, SymbolSpace::user, 1}}), 0);
  EXPECT_LT(compare({StackFrames{{1}, SymbolSpace::user, 1}}, {StackFrames{{1}, SymbolSpace::user, 2}}), 0);
  EXPECT_EQ(compare({NoValue{}}, {NoValue{}}), 0);
}

TEST(Compare, DifferentKindsHaveAnOrderBothWays) {
  EXPECT_NE(compare(text("1"), integer(1)), 0);
  EXPECT_EQ(compare(text("1"), integer(1)), -compare(integer(1), text("1")));
}

std::vector<std::int64_t> sorted_keys(const Type& value, std::vector<MapEntry> entries) {
  MapContents map{"@", Type::int64(), value, false, std::move(entries)};
  sort_entries(map);
  std::vector<std::int64_t> keys;
  for (const MapEntry& entry : map.entries) keys.push_back(std::get<std::int64_t>(entry.key.kind));
  return keys;
}

using Keys = std::vector<std::int64_t>;

TEST(SortEntries, NumbersByValue) {
  EXPECT_EQ(sorted_keys(Type::int64(), {{integer(1), integer(20)}, {integer(2), integer(-1)}, {integer(3), integer(10)}}), (Keys{2, 3, 1}));
  EXPECT_EQ(sorted_keys(Type::aggregation(Aggregation::count, false), {{integer(1), uint(20)}, {integer(2), uint(10)}}), (Keys{2, 1}));
}

TEST(SortEntries, ExtremesByTheirSign) {
  EXPECT_EQ(sorted_keys(Type::aggregation(Aggregation::min, true), {{integer(1), integer(2)}, {integer(2), integer(-3)}}), (Keys{2, 1}));
  EXPECT_EQ(sorted_keys(Type::aggregation(Aggregation::max, false), {{integer(1), uint(~0ull)}, {integer(2), uint(3)}}), (Keys{2, 1}));
}

TEST(SortEntries, TiesInKeyOrder) {
  EXPECT_EQ(sorted_keys(Type::int64(), {{integer(3), integer(1)}, {integer(-1), integer(1)}, {integer(2), integer(1)}}), (Keys{-1, 2, 3}));
}

TEST(SortEntries, AveragesByAverageNotByTotal) {
  auto average = [](std::uint64_t count, std::int64_t total) {
    return Value{AverageResult{count, static_cast<std::uint64_t>(total), true}};
  };
  EXPECT_EQ(sorted_keys(Type::aggregation(Aggregation::average, true),
                        {{integer(1), average(1, 50)}, {integer(2), average(10, 100)}, {integer(3), average(2, -8)}}),
            (Keys{3, 2, 1}));
  auto stats = [](std::uint64_t count, std::uint64_t total) { return Value{StatsValue{count, total, false}}; };
  EXPECT_EQ(sorted_keys(Type::aggregation(Aggregation::stats, false), {{integer(1), stats(1, 50)}, {integer(2), stats(10, 100)}}),
            (Keys{2, 1}));
}

TEST(SortEntries, HistogramsByTotal) {
  auto hist = [](std::vector<std::uint64_t> counts) { return Value{HistogramValue{std::move(counts), {}, false}}; };
  EXPECT_EQ(sorted_keys(Type::aggregation(Aggregation::hist, true),
                        {{integer(1), hist({0, 5, 5})}, {integer(2), hist({9, 0, 0})}, {integer(3), hist({0, 0, 9})}}),
            (Keys{2, 3, 1}));
}

TEST(SortEntries, EverythingElseByKey) {
  EXPECT_EQ(sorted_keys(Type::string(8), {{integer(2), text("a")}, {integer(1), text("b")}}), (Keys{1, 2}));
  EXPECT_EQ(sorted_keys(Type::boolean(), {{integer(2), {false}}, {integer(1), {true}}}), (Keys{1, 2}));
  EXPECT_EQ(sorted_keys(Type::tuple({Type::int64()}), {{integer(2), {TupleValue{{integer(1)}}}}, {integer(1), {TupleValue{{integer(2)}}}}}),
            (Keys{1, 2}));
}

TEST(SortEntries, EmptyMapStaysEmpty) { EXPECT_TRUE(sorted_keys(Type::int64(), {}).empty()); }

TEST(Average, DividesLikeC) {
  EXPECT_EQ(compare(average(AverageResult{2, static_cast<std::uint64_t>(-5), true}), integer(-2)), 0);
  EXPECT_EQ(compare(average(StatsValue{2, static_cast<std::uint64_t>(-5), false}), uint((~0ull - 4) / 2)), 0);
  EXPECT_EQ(compare(average(AverageResult{0, 0, true}), integer(0)), 0);
}

}  // namespace
}  // namespace fathom
