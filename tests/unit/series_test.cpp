// Time series: what the CPUs kept of each interval becomes one, and the graph; and the other values that only builtins make: addresses,
// users, control groups, buffers with a length.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>
#include <ctime>

#include "runtime/output/series.h"
#include "tests/unit/output_helpers.h"

namespace fathom {
namespace {

using namespace testing_output;

constexpr std::uint64_t tenth = 100'000'000;

class NoSource : public DecodeSource {
 public:
  std::vector<std::uint64_t> stack_frames(const layout::StackValue&) const override { return {}; }
  std::string time_format(std::uint64_t) const override { return {}; }
  std::string cgroup_pattern(std::uint64_t index) const override { return index == 1 ? "cpu*" : ""; }
};

template <class T>
std::vector<std::byte> bytes_of(const std::vector<T>& items) {
  std::vector<std::byte> bytes(items.size() * sizeof(T));
  std::memcpy(bytes.data(), items.data(), bytes.size());
  return bytes;
}

Type series_type(SeriesValue kept, std::int64_t intervals, bool is_signed = true) {
  return Type::aggregation(Aggregation::series, is_signed, {.max = intervals, .step = static_cast<std::int64_t>(tenth), .series = kept});
}

// Two CPUs with `intervals.size() / 2` slots each.
std::vector<std::optional<std::int64_t>> merged(const std::vector<layout::SeriesInterval>& slots, const Type& type) {
  std::size_t stride = slots.size() / 2 * sizeof(layout::SeriesInterval);
  auto value = merge(bytes_of(slots), stride, type);
  std::vector<std::optional<std::int64_t>> values;
  if (!value) return values;
  for (const SeriesPoint& point : std::get<SeriesResult>(value->kind).points) values.push_back(point.value);
  return values;
}

using Values = std::vector<std::optional<std::int64_t>>;

TEST(Series, CpusMergeAsTheKindSays) {
  std::vector<layout::SeriesInterval> slots = {{8, 10, 2}, {9, 3, 5}, {8, 2, 1}, {9, 7, 4}};
  EXPECT_EQ(merged(slots, series_type(SeriesValue::sum, 2)), (Values{12, 10}));
  EXPECT_EQ(merged(slots, series_type(SeriesValue::average, 2)), (Values{4, 1}));
  EXPECT_EQ(merged(slots, series_type(SeriesValue::max, 2)), (Values{10, 7}));
  EXPECT_EQ(merged(slots, series_type(SeriesValue::min, 2)), (Values{2, 3}));
  EXPECT_EQ(merged(slots, series_type(SeriesValue::last, 2)), (Values{10, 3}));  // the detail is the time
}

TEST(Series, SignDecidesExtremesAndAverages) {
  std::vector<layout::SeriesInterval> slots = {{4, static_cast<std::uint64_t>(-6), 2}, {0, 0, 0}, {4, 1, 1}, {0, 0, 0}};
  EXPECT_EQ(merged(slots, series_type(SeriesValue::max, 2)), (Values{1}));
  EXPECT_EQ(merged(slots, series_type(SeriesValue::max, 2, false)), (Values{-6}));
  EXPECT_EQ(merged(slots, series_type(SeriesValue::average, 2)), (Values{-1}));
}

TEST(Series, GapsStayAndOldIntervalsGo) {
  std::vector<layout::SeriesInterval> slots = {{12, 1, 1}, {13, 0, 0}, {14, 3, 1}, {9, 9, 1}, {10, 9, 1}, {11, 2, 1}};
  EXPECT_EQ(merged(slots, series_type(SeriesValue::sum, 3)), (Values{1, std::nullopt, 3}));
  EXPECT_TRUE(merged(std::vector<layout::SeriesInterval>(4), series_type(SeriesValue::sum, 2)).empty());
}

std::string graph(std::vector<SeriesPoint> points, std::uint64_t interval) {
  setenv("TZ", "UTC", 1);
  tzset();
  return map_text({"@", Type::none(), series_type(SeriesValue::last, 10), false, {{{NoValue{}}, {SeriesResult{std::move(points), interval, true}}}}});
}

TEST(Series, GraphAroundZero) {
  std::uint64_t start = (10 * 3600 + 39 * 60 + 49) * 1'000'000'000ull + 3 * tenth;
  EXPECT_EQ(graph({{start, -5}, {start + tenth, -4}, {start + 2 * tenth, std::nullopt}, {start + 3 * tenth, 5}}, tenth),
            "@:\n"
            "             -5                                                  5\n"
            "hh:mm:ss.ms  |___________________________________________________|\n"
            "10:39:49.300 *                         .                         | -5\n"
            "10:39:49.400 |    *                    .                         | -4\n"
            "10:39:49.500 |                         .                         | -\n"
            "10:39:49.600 |                         .                         * 5\n"
            "             v___________________________________________________v\n"
            "             -5                                                  5\n\n");
}

TEST(Series, TimesAreAsPreciseAsTheInterval) {
  SeriesPoint point{1'000'000'001, 1};
  EXPECT_EQ(series_time(point, 1'000'000'000, "%S"), "01");
  EXPECT_EQ(series_time(point, 1'000'000, "%S"), "01.000");
  EXPECT_EQ(series_time(point, 1'000, "%S"), "01.000000");
  EXPECT_EQ(series_time(point, 7, "%S"), "01.000000001");
  EXPECT_EQ(graph({}, tenth), "@: <no data>\n");
}

Value decoded(const std::vector<std::byte>& bytes, const Type& type) { return decode(bytes, type, NoSource()); }

TEST(BuiltinValues, Addresses) {
  layout::InetValue v4{AF_INET, {127, 0, 0, 1, 9, 9}};
  EXPECT_EQ(shown(decoded(bytes_of(std::vector{v4}), Type::inet())), "127.0.0.1");
  layout::InetValue v6{AF_INET6, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  EXPECT_EQ(shown(decoded(bytes_of(std::vector{v6}), Type::inet())), "2001:db8::1");
  layout::InetValue other{77, {}};
  EXPECT_EQ(shown(decoded(bytes_of(std::vector{other}), Type::inet())), "");
  EXPECT_EQ(shown(decoded(bytes_of(std::vector<std::uint8_t>{5, 4, 3, 2, 1, 0xfa, 7, 7}), Type::macaddr())), "05:04:03:02:01:FA");
}

TEST(BuiltinValues, UsersAndControlGroups) {
  EXPECT_EQ(shown(decoded(bytes_of(std::vector<std::uint64_t>{0}), Type::username())), "root");
  EXPECT_EQ(shown(decoded(bytes_of(std::vector<std::uint64_t>{~0ull}), Type::username())), "");
  EXPECT_EQ(format("%d", {{UserValue{7}}}), "7");
  Value group = decoded(bytes_of(std::vector<std::uint64_t>{5, 1}), Type::cgroup_path());
  EXPECT_EQ(std::get<CgroupValue>(group.kind).id, 5u);
  EXPECT_EQ(std::get<CgroupValue>(group.kind).pattern, "cpu*");
}

TEST(BuiltinValues, CountedBuffers) {
  std::vector<std::uint8_t> bytes = {3, 0, 0, 0, 'a', 'b', 1, 'x', 'x'};
  EXPECT_EQ(shown(decoded(bytes_of(bytes), Type::counted_buffer(5))), "ab\\x01");
  bytes[0] = 200;  // more than there is room for
  EXPECT_EQ(shown(decoded(bytes_of(bytes), Type::counted_buffer(5))), "ab\\x01xx");
  EXPECT_EQ(Type::counted_buffer(5).buffer_capacity(), 5u);
}

}  // namespace
}  // namespace fathom
