// The text format. Each call puts its whole text together and hands it to the stream at once, so that lines of a line-buffered stream
// leave in one write. Everything about single values stands in runtime/output/value_text and runtime/output/printf.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "ast/text.h"
#include "runtime/output/histogram.h"
#include "runtime/output/output.h"
#include "runtime/output/selection.h"
#include "runtime/output/series.h"
#include "runtime/output/value_text.h"

namespace fathom {

namespace {

// A map's text is handed on in pieces of about this size.
constexpr std::size_t enough_bytes = 64 << 10;

class TextOutput : public Output {
 public:
  TextOutput(std::FILE* file, SymbolSource& symbols, const Settings& settings)
      : file_(file), settings_(settings), values_(symbols, settings_) {}

  void text(TextKind kind, std::string_view text) override {
    text_ += text;
    // A command that says nothing is no line.
    const bool says = kind == TextKind::system && !settings_.text_form.system_text_as_is && !text.empty();
    const bool is_line = kind == TextKind::join || kind == TextKind::printk || says;
    if (is_line) text_ += '\n';
    write();
  }
  void value(const Value& value) override {
    values_.append(text_, value);
    text_ += '\n';
    write();
  }
  void map(const MapContents& map, std::uint64_t top, std::uint64_t divisor) override;
  void message(const Message& message) override {
    // What was printed before stands before it, also where both go to one terminal.
    flush();
    fmt::print(stderr, "{}", to_text(message, settings_.message_style));
  }
  void attached(std::size_t probes) override {
    if (!settings_.text_form.attaching_line) return fmt::print(stderr, "Attached {}\n", counted(probes, "probe"));
    text_ += fmt::format("Attaching {}...\n", counted(probes, "probe"));
    write();
  }
  void lost(std::uint64_t events) override { fmt::print(stderr, "Lost {} events\n", events); }
  void tests_begin(std::size_t count) override { line(fmt::format("[==========] Running {}.", counted(count, "test"))); }
  void test_begins(std::string_view name) override { line(fmt::format("[ RUN      ] {}", name)); }
  void test_ends(const TestResult& result) override {
    constexpr std::uint64_t per_millisecond = 1'000'000;
    line(fmt::format("{} {} ({} ms)", result.passed ? "[       OK ]" : "[  FAILED  ]", result.name, result.nanoseconds / per_millisecond));
  }
  void tests_end(std::span<const TestResult> results) override;
  void benchmarks(std::span<const BenchResult> results) override {
    line(fmt::format("{:<41}{:>15}{:>15}", "Benchmark", "Time(ns)", "Iterations"));
    for (const BenchResult& result : results) line(fmt::format("{:<41}{:>15}{:>15}", result.name, result.average, result.runs));
  }
  void end_of_run() override {
    text_ += "\n\n";
    write();
  }
  void flush() override { note(std::fflush(file_) == 0); }
  int error() const override { return error_; }

 private:
  void entry(const MapContents& map, const MapEntry& entry, std::uint64_t divisor);
  std::string_view separator(const MapContents& map) const;
  void line(std::string_view text) {
    text_ += text;
    text_ += '\n';
    write();
  }
  void write() {
    note(std::fwrite(text_.data(), 1, text_.size(), file_) == text_.size());
    text_.clear();
  }
  // fwrite() calls text that it could only buffer a success; the stream knows better.
  void note(bool succeeded) {
    if ((!succeeded || std::ferror(file_) != 0) && error_ == 0) error_ = errno;
  }

  std::FILE* file_;
  int error_ = 0;
  Settings settings_;
  ValueText values_;
  std::string text_;  // what the call at hand has put together
};

void TextOutput::entry(const MapContents& map, const MapEntry& entry, std::uint64_t divisor) {
  text_ += map.name;
  if (!map.key.is_none()) {
    text_ += '[';
    values_.append_key(text_, entry.key);
    text_ += ']';
  }
  text_ += ':';
  if (const auto* histogram = std::get_if<HistogramValue>(&entry.value.kind)) {
    text_ += settings_.text_form.blank_behind_colon ? " \n" : "\n";
    append_histogram(text_, *histogram, histogram_divisor(*histogram, divisor), settings_.text_form);
  } else if (const auto* series = std::get_if<SeriesResult>(&entry.value.kind)) {
    append_series(text_, *series);
  } else {
    text_ += ' ';
    values_.append(text_, shown_value(entry.value, divisor));
  }
}

void TextOutput::tests_end(std::span<const TestResult> results) {
  const auto failed = static_cast<std::size_t>(std::ranges::count(results, false, &TestResult::passed));
  line(fmt::format("[==========] {} ran.", counted(results.size(), "test")));
  line(fmt::format("[  PASSED  ] {}.", counted(results.size() - failed, "test")));
  if (failed == 0) return;
  line(fmt::format("[  FAILED  ] {}, listed below:", counted(failed, "test")));
  for (const TestResult& result : results) {
    if (!result.passed) line(fmt::format("[  FAILED  ] {}", result.name));
  }
}

// Between two entries. Old versions ended the whole map with a line break instead of each entry, and had peculiar separators.
std::string_view TextOutput::separator(const MapContents& map) const {
  bool ends_with_break = map.value.is(TypeKind::stack) || map.value.is(TypeKind::symbol) || map.value.is(TypeKind::inet);
  return settings_.text_form.blank_lines && ends_with_break ? "" : "\n";
}

void TextOutput::map(const MapContents& map, std::uint64_t top, std::uint64_t divisor) {
  const TextForm& form = settings_.text_form;
  std::span<const MapEntry> entries = selected_entries(map, top);
  if (entries.empty() && form.blank_lines) text_ += '\n';
  for (const MapEntry& one : entries) {
    entry(map, one, divisor);
    text_ += &one == &entries.back() ? "\n" : separator(map);
    if (text_.size() > enough_bytes) write();
  }
  bool is_average = map.value.is_aggregation() &&
                    (map.value.aggregation() == Aggregation::average || map.value.aggregation() == Aggregation::stats);
  if (form.blank_lines && is_average) text_ += '\n';
  write();
}

}  // namespace

std::unique_ptr<Output> make_text_output(std::FILE* file, SymbolSource& symbols, const Settings& settings) {
  return std::make_unique<TextOutput>(file, symbols, settings);
}

}  // namespace fathom
