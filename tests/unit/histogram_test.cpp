// Rows, labels and bars of histograms, and what top and divisor do to maps.
#include <gtest/gtest.h>

#include <limits>

#include "runtime/output/histogram.h"
#include "tests/unit/output_helpers.h"

namespace fathom {
namespace {

using namespace testing_output;

std::vector<std::string> labels(const Value& value) {
  const auto& histogram = std::get<HistogramValue>(value.kind);
  std::vector<std::string> result;
  for (const HistogramRow& row : histogram_rows(histogram)) result.push_back(histogram_label(row, histogram));
  return result;
}

using Labels = std::vector<std::string>;

TEST(Histogram, AsItIsPrinted) {
  MapContents map{
      "@", Type::none(), Type::aggregation(Aggregation::hist, true), false, {{{NoValue{}}, power_histogram({{-5, 1}, {2, 2}, {4, 1}})}}};
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
            "(..., 0)               1 |" +
                bar(26) +
                "|\n"
                "[0, 2)                 0 |" +
                bar(0) +
                "|\n"
                "[2, 4)                 2 |" +
                bar(52) +
                "|\n"
                "[4, ...)               1 |" +
                bar(26) +
                "|\n"
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
  EXPECT_EQ(labels(power_histogram({{1024, 1}, {1920, 1}}, 3)).front(), "[1024, 1152)");
  EXPECT_EQ(labels(power_histogram({{1920, 1}}, 3)), Labels{"[1920, 2048)"});
}

TEST(Histogram, LinearLabels) {
  EXPECT_EQ(labels(linear_histogram({{5, 1}}, {.min = 0, .max = 10, .step = 1})), Labels{"[5]"});
  EXPECT_EQ(labels(linear_histogram({{2048, 1}}, {.min = 0, .max = 10240, .step = 1024})), Labels{"[2K, 3K)"});
  EXPECT_EQ(labels(linear_histogram({{2048, 1}}, {.min = 0, .max = 10000, .step = 1000})), Labels{"[2000, 3000)"});
  EXPECT_EQ(labels(linear_histogram({{1024, 1}}, {.min = 0, .max = 4096, .step = 512})), Labels{"[1024, 1536)"});
  EXPECT_EQ(labels(linear_histogram({{-15, 1}}, {.min = -20, .max = 20, .step = 10})), Labels{"[-20, -10)"});
  EXPECT_EQ(labels(linear_histogram({{99, 1}, {100, 1}}, {.min = 0, .max = 100, .step = 30})), Labels{"[90, ...)"});
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

TEST(Selection, TopKeepsTheLast) {
  EXPECT_EQ(map_text(sums({1, 2, 3}), 2), "@[1]: 2\n@[2]: 3\n");
  EXPECT_EQ(map_text(sums({1, 2}), 5), "@[0]: 1\n@[1]: 2\n");
}

TEST(Selection, DivisorDividesNumbers) {
  EXPECT_EQ(map_text(sums({-25, 9, 30}), 0, 10), "@[0]: -2\n@[1]: 0\n@[2]: 3\n");
  EXPECT_EQ(map_text(sums({-25}), 0, ~0ull), "@[0]: 0\n");
  MapContents averages{
      "@", Type::none(), Type::aggregation(Aggregation::average, true), false, {{{NoValue{}}, {AverageResult{2, 80, true}}}}};
  EXPECT_EQ(map_text(averages, 2, 10), "@: 4\n");
}

TEST(Selection, StatsKnowNeitherTopNorDivisor) {
  MapContents map{"@",
                  Type::int64(),
                  Type::aggregation(Aggregation::stats, false),
                  false,
                  {{integer(1), {StatsValue{1, 1, false}}}, {integer(2), {StatsValue{1, 20, false}}}}};
  EXPECT_EQ(map_text(map, 1, 10), "@[1]: { .count = 1, .average = 1, .total = 1 }\n@[2]: { .count = 1, .average = 20, .total = 20 }\n");
}

TEST(Selection, DivisorAndHistograms) {
  MapContents powers{
      "@", Type::none(), Type::aggregation(Aggregation::hist, true), false, {{{NoValue{}}, power_histogram({{0, 40}, {1, 5}})}}};
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

}  // namespace
}  // namespace fathom
