// The graph's geometry: 53 columns between the lowest and the highest value, a dotted column where it crosses zero.
#include "runtime/output/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "runtime/output/wall_time.h"

namespace fathom {

namespace {

constexpr std::size_t last_column = 52;
constexpr std::uint64_t second = 1'000'000'000;

// How a time is cut for intervals of a length: digits behind the second, and what the head of the graph calls them.
struct Precision {
  std::uint64_t unit;  // ns
  std::size_t digits;
  std::string_view head;
};
constexpr Precision precisions[] = {{second, 0, "hh:mm:ss"}, {1'000'000, 3, "hh:mm:ss.ms"}, {1'000, 6, "hh:mm:ss.us"}, {1, 9, "hh:mm:ss.ns"}};

const Precision& precision_of(std::uint64_t interval) {
  return *std::ranges::find_if(precisions, [&](const Precision& one) { return interval % one.unit == 0; });
}

class Graph {
 public:
  explicit Graph(const SeriesResult& series);

  void append(std::string& text) const;

 private:
  double number(std::int64_t value) const { return series_.is_signed ? static_cast<double>(value) : static_cast<double>(static_cast<std::uint64_t>(value)); }
  std::size_t column(double value) const;
  bool crosses_zero() const { return number(lowest_) < 0 && number(highest_) > 0; }
  std::string line(const SeriesPoint& point) const;

  const SeriesResult& series_;
  std::int64_t lowest_ = 0, highest_ = 0;
};

Graph::Graph(const SeriesResult& series) : series_(series) {
  bool first = true;
  for (const SeriesPoint& point : series.points) {
    if (!point.value) continue;
    if (first || number(*point.value) < number(lowest_)) lowest_ = *point.value;
    if (first || number(*point.value) > number(highest_)) highest_ = *point.value;
    first = false;
  }
}

std::size_t Graph::column(double value) const {
  double range = number(highest_) - number(lowest_);
  if (range <= 0) return 0;
  return static_cast<std::size_t>(std::floor((value - number(lowest_)) / range * last_column));
}

std::string Graph::line(const SeriesPoint& point) const {
  std::string columns(last_column + 1, ' ');
  columns.front() = columns.back() = '|';
  if (crosses_zero()) columns[column(0)] = '.';
  if (point.value) columns[column(number(*point.value))] = '*';
  return fmt::format("{} {} {}\n", series_time(point, series_.interval, "%H:%M:%S"), columns,
                     point.value ? series_number(*point.value, series_.is_signed) : "-");
}

void Graph::append(std::string& text) const {
  std::size_t margin = series_time(series_.points.front(), series_.interval, "%H:%M:%S").size() + 1;
  std::string scale = fmt::format("{:{}}{:<{}}{}\n", "", margin, series_number(lowest_, series_.is_signed), last_column,
                                  series_number(highest_, series_.is_signed));
  std::string rule(last_column - 1, '_');
  text += scale;
  text += fmt::format("{:<{}}|{}|\n", precision_of(series_.interval).head, margin, rule);
  for (const SeriesPoint& point : series_.points) text += line(point);
  text += fmt::format("{:{}}v{}v\n", "", margin, rule);
  text += scale;
}

}  // namespace

std::string series_number(std::int64_t value, bool is_signed) {
  return is_signed ? fmt::to_string(value) : fmt::to_string(static_cast<std::uint64_t>(value));
}

std::string series_time(const SeriesPoint& point, std::uint64_t interval, const char* format) {
  std::string text = time_text(static_cast<std::int64_t>(point.start), format);
  const Precision& precision = precision_of(interval);
  if (precision.digits == 0) return text;
  return text + fmt::format(".{:0{}}", point.start % second / precision.unit, precision.digits);
}

void append_series(std::string& text, const SeriesResult& series) {
  if (series.points.empty()) {
    text += " <no data>";
    return;
  }
  text += '\n';
  Graph(series).append(text);
}

}  // namespace fathom
