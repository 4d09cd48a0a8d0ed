// The rows of a histogram, for every output format: which buckets are shown, from which value to which, and how they are labelled.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ast/text_form.h"
#include "runtime/value.h"

namespace fathom {

// `first` and `last` are the smallest and the largest value of the bucket; the outer buckets have no first or no last.
struct HistogramRow {
  std::optional<std::int64_t> first;
  std::optional<std::int64_t> last;
  std::uint64_t count = 0;
};

// From the first to the last bucket that is not empty; none where all are.
std::vector<HistogramRow> histogram_rows(const HistogramValue& histogram);

// "[4, 8)", "[0]", "[512, 1K)", "(..., 0)", "[100, ...)": a power of 1024 that divides a number becomes one of the suffixes K M G T P E.
// In linear histograms only if it divides the step, so that all rows count in the same way.
// `unit_ranges`: also a bucket of one value is shown as a range, "[5, 6)", in linear ones, and the last one begins at the end of the range.
std::string histogram_label(const HistogramRow& row, const HistogramValue& histogram, bool unit_ranges = false);

// All rows as text, each with its label, count, bar and line break. The counts are divided by `divisor` unless it is 0.
void append_histogram(std::string& text, const HistogramValue& histogram, std::uint64_t divisor = 0, const TextForm& form = {});

}  // namespace fathom
