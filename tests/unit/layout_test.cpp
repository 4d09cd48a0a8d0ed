// Offsets of records, and the buckets of hist() and lhist(): the code in the kernel follows the same rules.
#include "runtime/layout.h"

#include <gtest/gtest.h>

#include <random>

namespace fathom::layout {
namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();

TEST(RecordLayout, EmptyRecordIsItsHeader) {
  RecordLayout record = record_layout({});
  EXPECT_TRUE(record.offsets.empty());
  EXPECT_EQ(record.size, record_header);
}

TEST(RecordLayout, EachFieldAtItsAlignment) {
  RecordLayout record = record_layout({Type::boolean(), Type::int64(), Type::string(5), Type::integer(2, false), Type::integer(4, true)});
  EXPECT_EQ(record.offsets, (std::vector<std::uint32_t>{8, 16, 24, 30, 32}));
  EXPECT_EQ(record.size, 40u);
}

TEST(RecordLayout, SizeIsAMultipleOfEight) {
  EXPECT_EQ(record_layout({Type::string(1)}).size, 16u);
  EXPECT_EQ(record_layout({Type::string(8)}).size, 16u);
  EXPECT_EQ(record_layout({Type::string(9)}).size, 24u);
}

TEST(RecordLayout, StructuresTuplesAndStacksStartAtEight) {
  RecordLayout record = record_layout({Type::string(3), Type::tuple({Type::boolean(), Type::int64()}), Type::string(1),
                                       Type::stack(SymbolSpace::user, 5), Type::string(1), Type::structure("s", false, 12, 1)});
  EXPECT_EQ(record.offsets, (std::vector<std::uint32_t>{8, 16, 32, 40, 56, 64}));
  EXPECT_EQ(record.size, 80u);
}

TEST(RecordLayout, FieldsWithoutPartsKeepAPlace) {
  RecordLayout record = record_layout({Type::tuple({}), Type::int64()});
  EXPECT_EQ(record.offsets, (std::vector<std::uint32_t>{8, 16}));
}

TEST(Hist, PlainBuckets) {
  EXPECT_EQ(hist_buckets(0), 65u);
  EXPECT_EQ(hist_bucket(-1, 0), 0u);
  EXPECT_EQ(hist_bucket(smallest, 0), 0u);
  EXPECT_EQ(hist_bucket(0, 0), 1u);
  EXPECT_EQ(hist_bucket(1, 0), 2u);
  EXPECT_EQ(hist_bucket(2, 0), 3u);
  EXPECT_EQ(hist_bucket(3, 0), 3u);
  EXPECT_EQ(hist_bucket(4, 0), 4u);
  EXPECT_EQ(hist_bucket(largest, 0), 64u);
  EXPECT_EQ(hist_bucket_range(64, 0).low, 1ull << 62);
  EXPECT_EQ(hist_bucket_range(64, 0).high, 1ull << 63);
}

TEST(Hist, FinerBuckets) {
  EXPECT_EQ(hist_bucket(15, 3), 16u);
  EXPECT_EQ(hist_bucket_range(17, 3).low, 16u);
  EXPECT_EQ(hist_bucket_range(17, 3).high, 18u);
  EXPECT_EQ(hist_bucket(17, 3), 17u);
  EXPECT_EQ(hist_bucket(18, 3), 18u);
  EXPECT_EQ(hist_bucket_range(24, 3).high, 32u);
  EXPECT_EQ(hist_bucket_range(25, 3).high, 36u);
}

TEST(Hist, RangesFollowEachOtherWithoutGaps) {
  for (std::uint32_t bits = 0; bits <= 5; ++bits) {
    std::uint64_t expected = 0;
    for (std::uint32_t index = 1; index < hist_buckets(bits); ++index) {
      BucketRange range = hist_bucket_range(index, bits);
      ASSERT_EQ(range.low, expected) << index << " of " << bits;
      ASSERT_GT(range.high, range.low);
      expected = range.high;
    }
    EXPECT_EQ(expected, 1ull << 63) << bits;
  }
}

TEST(Hist, BucketAndRangeAgreeForManyValues) {
  std::mt19937_64 random(20240229);
  for (std::uint32_t bits = 0; bits <= 5; ++bits) {
    std::vector<std::int64_t> values = {0, largest};
    for (int exponent = 0; exponent < 63; ++exponent) {
      for (std::int64_t nearby = -2; nearby <= 2; ++nearby) values.push_back(static_cast<std::int64_t>(1ull << exponent) + nearby);
      for (int i = 0; i < 100; ++i) values.push_back(static_cast<std::int64_t>(random() >> (1 + (63 - exponent) % 63)));
    }
    for (std::int64_t value : values) {
      std::uint32_t index = hist_bucket(value, bits);
      ASSERT_LT(index, hist_buckets(bits));
      if (value < 0) {
        ASSERT_EQ(index, 0u);
        continue;
      }
      BucketRange range = hist_bucket_range(index, bits);
      ASSERT_LE(range.low, static_cast<std::uint64_t>(value)) << bits;
      ASSERT_LT(static_cast<std::uint64_t>(value), range.high) << bits;
    }
  }
}

TEST(Hist, LastBucketIsTheLargestNumber) {
  for (std::uint32_t bits = 0; bits <= 5; ++bits) EXPECT_EQ(hist_bucket(largest, bits), hist_buckets(bits) - 1);
}

TEST(Lhist, StepsAndBothOutsides) {
  Buckets buckets{.min = 0, .max = 100, .step = 10};
  EXPECT_EQ(lhist_buckets(buckets), 12u);
  EXPECT_EQ(lhist_bucket(-1, buckets), 0u);
  EXPECT_EQ(lhist_bucket(0, buckets), 1u);
  EXPECT_EQ(lhist_bucket(9, buckets), 1u);
  EXPECT_EQ(lhist_bucket(10, buckets), 2u);
  EXPECT_EQ(lhist_bucket(99, buckets), 10u);
  EXPECT_EQ(lhist_bucket(100, buckets), 11u);
  EXPECT_EQ(lhist_bucket(largest, buckets), 11u);
  EXPECT_EQ(lhist_bucket(smallest, buckets), 0u);
}

TEST(Lhist, StepThatDoesNotDivideTheRange) {
  Buckets buckets{.min = 0, .max = 100, .step = 30};
  EXPECT_EQ(lhist_buckets(buckets), 5u);
  EXPECT_EQ(lhist_bucket(89, buckets), 3u);
  EXPECT_EQ(lhist_bucket(90, buckets), 4u);
  EXPECT_EQ(lhist_bucket(100, buckets), 4u);
}

TEST(Lhist, NegativeMinimumAndEmptyRange) {
  Buckets around_zero{.min = -20, .max = 20, .step = 10};
  EXPECT_EQ(lhist_bucket(-21, around_zero), 0u);
  EXPECT_EQ(lhist_bucket(-1, around_zero), 2u);
  EXPECT_EQ(lhist_bucket(0, around_zero), 3u);
  Buckets nothing{.min = 5, .max = 5, .step = 1};
  EXPECT_EQ(lhist_buckets(nothing), 2u);
  EXPECT_EQ(lhist_bucket(4, nothing), 0u);
  EXPECT_EQ(lhist_bucket(5, nothing), 1u);
}

TEST(Lhist, ExtremeLimitsDoNotOverflow) {
  Buckets all{.min = smallest, .max = largest, .step = largest};
  EXPECT_EQ(lhist_buckets(all), 4u);
  EXPECT_EQ(lhist_bucket(smallest, all), 1u);
  EXPECT_EQ(lhist_bucket(-1, all), 2u);
  EXPECT_EQ(lhist_bucket(largest - 1, all), 3u);
  EXPECT_EQ(lhist_bucket(largest, all), 3u);  // what the steps leave of the range goes to the last bucket
}

TEST(AggregationSize, OfEachKind) {
  EXPECT_EQ(aggregation_size(Aggregation::count, {}), 8u);
  EXPECT_EQ(aggregation_size(Aggregation::sum, {}), 16u);
  EXPECT_EQ(aggregation_size(Aggregation::min, {}), 16u);
  EXPECT_EQ(aggregation_size(Aggregation::max, {}), 16u);
  EXPECT_EQ(aggregation_size(Aggregation::average, {}), 16u);
  EXPECT_EQ(aggregation_size(Aggregation::stats, {}), 16u);
  EXPECT_EQ(aggregation_size(Aggregation::hist, {}), 65u * 8);
  EXPECT_EQ(aggregation_size(Aggregation::lhist, {.min = 0, .max = 100, .step = 10}), 12u * 8);
}

TEST(ScalarWrittenOffset, IsTheNextMultipleOfEight) {
  EXPECT_EQ(scalar_written_offset(Type::boolean()), 8u);
  EXPECT_EQ(scalar_written_offset(Type::int64()), 8u);
  EXPECT_EQ(scalar_written_offset(Type::string(16)), 16u);
  EXPECT_EQ(scalar_written_offset(Type::string(17)), 24u);
  EXPECT_EQ(scalar_written_offset(Type::tuple({})), 8u);
}

}  // namespace
}  // namespace fathom::layout
