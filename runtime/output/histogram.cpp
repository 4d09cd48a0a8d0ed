// Rows, labels and bars of hist() and lhist().
#include "runtime/output/histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>

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
  auto step = static_cast<std::uint64_t>(buckets.step);
  if (index == 0) return {std::nullopt, static_cast<std::int64_t>(min - 1), count};
  std::uint64_t first = min + (index - 1) * step;
  if (index + 1 == histogram.counts.size()) return {static_cast<std::int64_t>(first), std::nullopt, count};
  return {static_cast<std::int64_t>(first), static_cast<std::int64_t>(first + step - 1), count};
}

// How a label shortens numbers.
struct Suffixes {
  bool linear = false;      // with a suffix for as often as 1024 divides the number
  std::uint32_t bits = 0;   // else by the power of two that its bucket is part of, divided into 2^bits buckets
};

// How often 1024 is taken out of the number.
std::uint32_t thousands(std::uint64_t number, const std::optional<Suffixes>& suffixes) {
  if (!suffixes || number == 0) return 0;
  if (suffixes->linear) return static_cast<std::uint32_t>(std::countr_zero(number)) / 10;
  const auto exponent = static_cast<std::uint32_t>(std::bit_width(number) - 1);
  return exponent < suffixes->bits ? 0 : (exponent - suffixes->bits) / 10;
}

// `magnitude` is that of a number that may be negative.
std::string with_suffix(bool negative, std::uint64_t magnitude, const std::optional<Suffixes>& suffixes) {
  constexpr std::string_view letters[] = {"", "K", "M", "G", "T", "P", "E"};
  const std::uint32_t count = thousands(magnitude, suffixes);
  return fmt::format("{}{}{}", negative ? "-" : "", magnitude >> (10 * count), letters[count]);
}

std::string spelled(std::int64_t value, const std::optional<Suffixes>& suffixes) {
  auto bits = static_cast<std::uint64_t>(value);
  return with_suffix(value < 0, value < 0 ? 0 - bits : bits, suffixes);
}

// The number behind `last`, which may be one more than the largest.
std::string spelled_end(std::int64_t last, const std::optional<Suffixes>& suffixes) {
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
  std::optional<Suffixes> suffixes;
  if (!histogram.linear || histogram.buckets.step % 1024 == 0) suffixes = Suffixes{histogram.linear, histogram.buckets.bits};
  if (!row.first) return fmt::format("(..., {})", spelled_end(row.last.value_or(0), suffixes));
  // Old versions named the end of the range, wherever the last step ended.
  if (!row.last) return fmt::format("[{}, ...)", spelled(unit_ranges ? histogram.buckets.max : *row.first, suffixes));
  if (*row.first == *row.last && !(histogram.linear && unit_ranges)) return fmt::format("[{}]", spelled(*row.first, suffixes));
  return fmt::format("[{}, {})", spelled(*row.first, suffixes), spelled_end(*row.last, suffixes));
}

void append_histogram(std::string& text, const HistogramValue& histogram, std::uint64_t divisor, const TextForm& form) {
  const std::vector<HistogramRow> rows = histogram_rows(histogram);
  auto divided = [&](std::uint64_t count) { return divisor == 0 ? count : count / divisor; };
  auto measure = [&](std::uint64_t count) { return form.undivided_bars ? count : divided(count); };
  std::uint64_t largest = 0;
  for (const HistogramRow& row : rows) largest = std::max(largest, measure(row.count));
  for (const HistogramRow& row : rows) {
    const std::string bar(bar_length(measure(row.count), largest), '@');
    fmt::format_to(std::back_inserter(text), "{:<16}{:>8} |{:<52}|\n", histogram_label(row, histogram, form.unit_ranges), divided(row.count), bar);
  }
}

}  // namespace fathom
