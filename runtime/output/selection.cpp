// Top and divisor of print(@map, top, divisor).
#include "runtime/output/selection.h"

#include <algorithm>
#include <limits>

namespace fathom {

namespace {

// A divisor above the largest int64 leaves nothing of any signed number.
std::int64_t quotient(std::int64_t value, std::uint64_t divisor) {
  if (divisor > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return 0;
  return value / static_cast<std::int64_t>(divisor);
}

}  // namespace

std::span<const MapEntry> selected_entries(const MapContents& map, std::uint64_t top) {
  std::span<const MapEntry> entries = map.entries;
  bool is_stats = map.value.is_aggregation() && map.value.aggregation() == Aggregation::stats;
  if (top == 0 || is_stats) return entries;
  return entries.last(std::min<std::uint64_t>(top, entries.size()));
}

Value shown_value(const Value& value, std::uint64_t divisor) {
  if (const auto* result = std::get_if<AverageResult>(&value.kind)) return shown_value(average(*result), divisor);
  if (divisor == 0) return value;
  if (const auto* number = std::get_if<std::int64_t>(&value.kind)) return {quotient(*number, divisor)};
  if (const auto* number = std::get_if<std::uint64_t>(&value.kind)) return {*number / divisor};
  return value;
}

std::uint64_t histogram_divisor(const HistogramValue& histogram, std::uint64_t divisor) { return histogram.linear ? 0 : divisor; }

}  // namespace fathom
