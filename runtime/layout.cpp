// The arithmetic of runtime/layout.h.
#include "runtime/layout.h"

#include <algorithm>
#include <bit>

namespace fathom::layout {

namespace {

constexpr std::uint32_t word = 8;
// The largest power of two below a signed 64-bit number.
constexpr std::uint32_t top_exponent = 62;
// Linux's PCPU_MIN_UNIT_SIZE.
constexpr std::uint32_t max_per_cpu_value = 32768;
// Beyond this the kernel allocates all elements of a keyed map at once, which for each CPU would be too much.
constexpr std::uint32_t max_series_per_cpu = 4000;

std::uint32_t align_up(std::uint32_t value, std::uint32_t alignment) { return (value + alignment - 1) / alignment * alignment; }

// max - min, which always fits without a sign.
std::uint64_t span_of(const Buckets& buckets) { return static_cast<std::uint64_t>(buckets.max) - static_cast<std::uint64_t>(buckets.min); }

}  // namespace

RecordLayout record_layout(const std::vector<Type>& fields) {
  RecordLayout record;
  std::uint32_t offset = record_header;
  for (const Type& field : fields) {
    offset = align_up(offset, std::max(1u, field.alignment()));
    record.offsets.push_back(offset);
    offset += field.size();
  }
  record.size = align_up(offset, word);
  return record;
}

std::uint32_t hist_buckets(std::uint32_t bits) { return 1 + (2u << bits) + ((top_exponent - bits) << bits); }

BucketRange hist_bucket_range(std::uint32_t index, std::uint32_t bits) {
  std::uint32_t number = index - 1;
  std::uint32_t single = 2u << bits;
  if (number < single) return {number, number + 1};
  std::uint32_t exponent = bits + 1 + ((number - single) >> bits);
  std::uint64_t part = (number - single) & ((1u << bits) - 1);
  std::uint64_t width = 1ull << (exponent - bits);
  std::uint64_t low = (1ull << exponent) + part * width;
  return {low, low + width};
}

std::uint32_t hist_bucket(std::int64_t value, std::uint32_t bits) {
  if (value < 0) return 0;
  auto number = static_cast<std::uint64_t>(value);
  std::uint64_t single = 2ull << bits;
  if (number < single) return static_cast<std::uint32_t>(1 + number);
  auto exponent = static_cast<std::uint32_t>(std::bit_width(number) - 1);
  std::uint64_t part = (number >> (exponent - bits)) & ((1ull << bits) - 1);
  return static_cast<std::uint32_t>(1 + single + (static_cast<std::uint64_t>(exponent - bits - 1) << bits) + part);
}

std::uint32_t lhist_buckets(const Buckets& buckets) {
  auto step = static_cast<std::uint64_t>(buckets.step);
  std::uint64_t span = span_of(buckets);
  return static_cast<std::uint32_t>(span / step + 2);
}

std::uint32_t lhist_bucket(std::int64_t value, const Buckets& buckets) {
  if (value < buckets.min) return 0;
  std::uint64_t distance = static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(buckets.min);
  // What the steps leave of the range belongs to the last bucket, with all that is above.
  std::uint64_t bucket = 1 + distance / static_cast<std::uint64_t>(buckets.step);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(bucket, lhist_buckets(buckets) - 1));
}

std::uint32_t aggregation_size(Aggregation kind, const Buckets& buckets) {
  switch (kind) {
    case Aggregation::count: return sizeof(CountValue);
    case Aggregation::sum: return sizeof(SumValue);
    case Aggregation::min:
    case Aggregation::max: return sizeof(ExtremeValue);
    case Aggregation::average:
    case Aggregation::stats: return sizeof(AverageValue);
    case Aggregation::hist: return hist_buckets(buckets.bits) * word;
    case Aggregation::lhist: return lhist_buckets(buckets) * word;
    case Aggregation::series: return static_cast<std::uint32_t>(buckets.max) * sizeof(SeriesInterval);
  }
  return 0;
}

bool fits_per_cpu(const Type& aggregation) {
  std::uint32_t most = aggregation.aggregation() == Aggregation::series ? max_series_per_cpu : max_per_cpu_value;
  return aggregation_size(aggregation.aggregation(), aggregation.buckets()) <= most;
}

std::uint32_t scalar_written_offset(const Type& value) { return align_up(value.size(), word); }

}  // namespace fathom::layout
