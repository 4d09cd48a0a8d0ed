// What the tests of the output formats share: symbols that are known, an output into memory, and short ways to make values.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "runtime/output/output.h"
#include "runtime/output/printf.h"

namespace fathom::testing_output {

class FakeSymbols : public SymbolSource {
 public:
  Name name_of(std::uint64_t address, SymbolSpace space, std::uint32_t process) override {
    if (address == 100) return {"do_nanosleep", 1};
    if (address == 200) return {"hrtimer_nanosleep", 167};
    if (space == SymbolSpace::user && process == 7 && address == 300) return {"main", 0};
    return {};
  }
};

// An output into memory; text() closes it.
class Capture {
 public:
  using Make = decltype(&make_text_output);
  explicit Capture(Settings settings = {}, Make make = make_text_output)
      : file_(open_memstream(&data_, &size_)), output_(make(file_, symbols_, settings)) {}
  ~Capture() {
    if (file_ != nullptr) std::fclose(file_);
    std::free(data_);
  }
  Output* operator->() { return output_.get(); }
  std::string text() {
    std::fclose(file_);
    file_ = nullptr;
    return {data_, size_};
  }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
  FakeSymbols symbols_;
  std::unique_ptr<Output> output_;
};

inline Value integer(std::int64_t value) { return {value}; }
inline Value uint(std::uint64_t value) { return {value}; }
inline Value text(std::string bytes) { return {StringValue{std::move(bytes), false}}; }
inline Value tuple(std::vector<Value> elements) { return {TupleValue{std::move(elements)}}; }

inline std::string format(std::string_view format, std::vector<Value> arguments) {
  FakeSymbols symbols;
  Settings settings;
  return std::string(Formatter(symbols, settings)(format, arguments));
}

inline std::string shown(const Value& value) {
  Capture capture;
  capture->value(value);
  std::string result = capture.text();
  EXPECT_EQ(result.back(), '\n');
  result.pop_back();
  return result;
}

inline std::string map_text(const MapContents& map, std::uint64_t top = 0, std::uint64_t divisor = 0) {
  Capture capture;
  capture->map(map, top, divisor);
  return capture.text();
}

inline MapContents sums(std::vector<std::int64_t> values) {
  MapContents map{"@", Type::int64(), Type::aggregation(Aggregation::sum, true), false, {}};
  for (std::int64_t value : values) map.entries.push_back({integer(static_cast<std::int64_t>(map.entries.size())), integer(value)});
  return map;
}

inline std::string bar(std::size_t length) { return std::string(length, '@') + std::string(52 - length, ' '); }

inline Value power_histogram(std::vector<std::pair<std::int64_t, std::uint64_t>> values, std::uint32_t bits = 0) {
  HistogramValue histogram{std::vector<std::uint64_t>(layout::hist_buckets(bits)), {.bits = bits}, false};
  for (auto [value, count] : values) histogram.counts[layout::hist_bucket(value, bits)] += count;
  return {histogram};
}

inline Value linear_histogram(std::vector<std::pair<std::int64_t, std::uint64_t>> values, Buckets buckets) {
  HistogramValue histogram{std::vector<std::uint64_t>(layout::lhist_buckets(buckets)), buckets, true};
  for (auto [value, count] : values) histogram.counts[layout::lhist_bucket(value, buckets)] += count;
  return {histogram};
}

}  // namespace fathom::testing_output
