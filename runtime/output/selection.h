// What print(@map, top, divisor) selects of a map, for every output format.
#pragma once

#include <cstdint>
#include <span>

#include "runtime/value.h"

namespace fathom {

// The last (largest) `top` entries of a sorted map; all where `top` is 0. stats() maps know no top.
std::span<const MapEntry> selected_entries(const MapContents& map, std::uint64_t top);

// The value as it is shown: averages become numbers, and numbers are divided by `divisor` unless it is 0. Whatever is no number stays as
// it is. So does a histogram, because its rows are chosen by the counts before the division: see histogram_divisor().
Value shown_value(const Value& value, std::uint64_t divisor);

// What the counts of a histogram's rows are divided by, 0 for nothing: lhist() knows no divisor.
std::uint64_t histogram_divisor(const HistogramValue& histogram, std::uint64_t divisor);

}  // namespace fathom
