// The graph of tseries(): one line per interval.
#pragma once

#include <string>

#include "runtime/value.h"

namespace fathom {

// What follows the colon behind the map's name: a line break and the graph, or ` <no data>`.
void append_series(std::string& text, const SeriesResult& series);

// A point's value with the sign that it has.
std::string series_number(std::int64_t value, bool is_signed);

// The time at which an interval starts, by a strftime(3) format and then as many digits of the second as the intervals need.
std::string series_time(const SeriesPoint& point, std::uint64_t interval, const char* format);

}  // namespace fathom
