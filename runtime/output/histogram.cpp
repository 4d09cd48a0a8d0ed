// Rows, labels and bars of hist() and lhist().
#include "runtime/output/histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

namespace fathom {

namespace {

constexpr std::size_t bar_columns = 52;

HistogramRow power_row(std::uint32_t index, std::uint64_t count, std::uint32_t bits) {
  if (index == 0) return {std::nullopt, -1, count};
  layout::BucketRange range = layout::hist_bucket_range(index, bits);
  return {static_cast<std::int64_t>(range.low), static_cast<std::int64_t>(range.high - 1), count};
}

HistogramRow linear_row(std::size_t index, std::uint64_t count, const HistogramValue& histogram) {
  const Buckets& buckets = histogram.buckets;
  // Without a sign, because the ends of the range may be the ends of the type.
  auto min = static_cast<std::uint64_t>(buckets.min);
  auto max = static_cast<std::uint64_t>(buckets.max);
  auto step = static_cast<std::uint64_t>(buckets.step);
  if (index == 0) return {std::nullopt, static_cast<std::int64_t>(min - 1), count};
  if (index + 1 == histogram.counts.size()) return {buckets.max, std::nullopt, count};
  std::uint64_t first = min + (index - 1) * step;
  std::uint64_t last = max - first > step ? first + step - 1 : max - 1;
  return {static_cast<std::int64_t>(first), static_cast<std::int64_t>(last), count};
}

// `magnitude` is that of a number that may be negative.
std::string with_suffix(bool negative, std::uint64_t magnitude, bool suffixes) {
  constexpr char letters[] = "KMGTPE";
  std::string suffix;
  for (std::size_t i = 0; suffixes && magnitude != 0 && magnitude % 1024 == 0 && letters[i] != '\0'; ++i) {
    magnitude /= 1024;
    suffix = letters[i];
  }
  return fmt::format("{}{}{}", negative ? "-" : "", magnitude, suffix);
}

std::string spelled(std::int64_t value, bool suffixes) {
  auto bits = static_cast<std::uint64_t>(value);
  return with_suffix(value < 0, value < 0 ? 0 - bits : bits, suffixes);
}

// The number behind `last`, which may be one more than the largest.
std::string spelled_end(std::int64_t last, bool suffixes) {
  if (last == std::numeric_limits<std::int64_t>::max()) return with_suffix(false, 1ull << 63, suffixes);
  return spelled(last + 1, suffixes);
}

// floor(columns * count / largest) without overflow.
std::size_t bar_length(std::uint64_t count, std::uint64_t largest) {
  if (largest == 0) return 0;
  if (largest > std::numeric_limits<std::uint64_t>::max() / bar_columns) {
    count /= bar_columns;
    largest /= bar_columns;
  }
  return std::min<std::size_t>(bar_columns, count * bar_columns / largest);
}

}  // namespace

std::vector<HistogramRow> histogram_rows(const HistogramValue& histogram) {
  std::vector<HistogramRow> rows;
  auto filled = [](std::uint64_t count) { return count != 0; };
  auto begin = std::find_if(histogram.counts.begin(), histogram.counts.end(), filled);
  auto end = std::find_if(histogram.counts.rbegin(), std::make_reverse_iterator(begin), filled).base();
  for (auto bucket = begin; bucket != end; ++bucket) {
    auto index = static_cast<std::size_t>(bucket - histogram.counts.begin());
    rows.push_back(histogram.linear ? linear_row(index, *bucket, histogram)
                                    : power_row(static_cast<std::uint32_t>(index), *bucket, histogram.buckets.bits));
  }
  return rows;
}

std::string histogram_label(const HistogramRow& row, const HistogramValue& histogram, bool unit_ranges) {
  bool suffixes = !histogram.linear || histogram.buckets.step % 1024 == 0;
  if (!row.first) return fmt::format("(..., {})", spelled_end(row.last.value_or(0), suffixes));
  if (!row.last) return fmt::format("[{}, ...)", spelled(*row.first, suffixes));
  if (*row.first == *row.last && !(histogram.linear && unit_ranges)) return fmt::format("[{}]", spelled(*row.first, suffixes));
  return fmt::format("[{}, {})", spelled(*row.first, suffixes), spelled_end(*row.last, suffixes));
}

void append_histogram(std::string& text, const HistogramValue& histogram, std::uint64_t divisor, bool unit_ranges) {
  std::vector<HistogramRow> rows = histogram_rows(histogram);
  std::uint64_t largest = 0;
  for (const HistogramRow& row : rows) largest = std::max(largest, row.count);
  for (const HistogramRow& row : rows) {
    // What the divisor makes of small counts must not change how they compare.
    const std::string bar(bar_length(row.count, largest), '@');
    const std::uint64_t count = divisor == 0 ? row.count : row.count / divisor;
    fmt::format_to(std::back_inserter(text), "{:<16}{:>8} |{:<52}|\n", histogram_label(row, histogram, unit_ranges), count, bar);
  }
}

}  // namespace fathom
