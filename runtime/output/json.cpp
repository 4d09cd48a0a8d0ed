// The JSON format: one object per line, {"type": …, "data": …}. `, ` and `: ` stand between the members of an object, `,` between the
// elements of a list. A line is valid JSON whatever bytes a script prints; numbers that a double can not hold become strings. What old versions
// of bpftrace wrote differently hangs on TextForm::old_json.
#include <fmt/format.h>

#include <bit>
#include <cerrno>
#include <iterator>
#include <limits>

#include "runtime/output/histogram.h"
#include "runtime/output/json_text.h"
#include "runtime/output/output.h"
#include "runtime/output/selection.h"
#include "runtime/output/series.h"
#include "runtime/output/value_text.h"

namespace fathom {

namespace {

constexpr unsigned double_bits = std::numeric_limits<double>::digits;

// Whether a double holds the number exactly: what many readers of JSON turn numbers into.
bool fits_double(std::uint64_t magnitude) {
  if (magnitude == 0) return true;
  return static_cast<unsigned>(std::bit_width(magnitude) - std::countr_zero(magnitude)) <= double_bits;
}

template <class Number>
void append_quoted_if(std::string& text, bool quoted, Number value) {
  std::string_view quote = quoted ? "\"" : "";
  text += quote;
  text += fmt::format_int(value).c_str();
  text += quote;
}

std::string_view type_of(TextKind kind) {
  switch (kind) {
    case TextKind::printf: return "printf";
    case TextKind::time: return "time";
    case TextKind::cat: return "cat";
    case TextKind::join: return "join";
    case TextKind::system: return "syscall";
    case TextKind::printk: return "printk";
  }
  return "";
}

// What kind of line a map's values make.
std::string_view type_of(const Type& value) {
  if (!value.is_aggregation()) return "map";
  switch (value.aggregation()) {
    case Aggregation::count:
    case Aggregation::sum:
    case Aggregation::min:
    case Aggregation::max: return "map";
    case Aggregation::average:
    case Aggregation::stats: return "stats";
    case Aggregation::hist:
    case Aggregation::lhist: return "hist";
    case Aggregation::series: return "tseries";
  }
  return "map";
}

class JsonOutput : public Output {
 public:
  JsonOutput(std::FILE* file, SymbolSource& symbols, const Settings& settings) : file_(file), settings_(settings), values_(symbols, settings_) {}

  void text(TextKind kind, std::string_view text) override {
    if (testing_) {
      printed_ += text;
      return;
    }
    begin(type_of(kind));
    append_json_string(text_, text);
    end();
  }
  void value(const Value& value) override {
    if (testing_) {
      values_.append(printed_, value);
      printed_ += '\n';
      return;
    }
    begin("value");
    append(value, 0);
    end();
  }
  void map(const MapContents& map, std::uint64_t top, std::uint64_t divisor) override;
  void message(const Message& message) override;
  void attached(std::size_t probes) override {
    line(fmt::format(R"({{"type": "attached_probes", {}"data": {{"probes": {}}}}})", again(probes), probes));
  }
  void lost(std::uint64_t events) override { line(fmt::format(R"({{"type": "lost_events", {}"data": {{"events": {}}}}})", again(events), events)); }
  void tests_begin(std::size_t) override {}
  void test_begins(std::string_view) override {
    testing_ = true;
    printed_.clear();
  }
  void test_ends(const TestResult& result) override {
    testing_ = false;
    begin_named("test_result", result.name);
    fmt::format_to(std::back_inserter(text_), R"({{"duration": {}, "passed": {}, "output": )", result.nanoseconds, result.passed);
    append_json_string(text_, printed_);
    text_ += "}}";
    end();
  }
  void tests_end(std::span<const TestResult>) override {}
  void benchmarks(std::span<const BenchResult> results) override {
    for (const BenchResult& result : results) {
      begin_named("benchmark_result", result.name);
      fmt::format_to(std::back_inserter(text_), R"({{"average": {}, "iters": {}}}}})", result.average, result.runs);
      end();
    }
  }
  void end_of_run() override {
    if (is_old()) line("\n");
  }
  void flush() override { note(std::fflush(file_) == 0); }
  int error() const override { return error_; }

 private:
  struct Append;

  bool is_old() const { return settings_.text_form.old_json; }
  // Newer forms say a number twice.
  std::string again(std::uint64_t number) const { return is_old() ? "" : fmt::format(R"("count": {}, )", number); }
  void append_number(std::uint64_t value) { append_quoted_if(text_, !is_old() && !fits_double(value), value); }
  void append_number(std::int64_t value) {
    auto bits = static_cast<std::uint64_t>(value);
    append_quoted_if(text_, !is_old() && !fits_double(value < 0 ? 0 - bits : bits), value);
  }
  void begin(std::string_view type) { fmt::format_to(std::back_inserter(text_), R"({{"type": "{}", "data": )", type); }
  // `name`: of an attach point.
  void begin_named(std::string_view type, std::string_view name) {
    begin(type);
    text_ += '{';
    append_json_string(text_, name.substr(name.find(':') + 1));
    text_ += ": ";
  }
  void end() {
    text_ += "}\n";
    write();
  }
  void line(std::string_view text) {
    text_ += text;
    text_ += '\n';
    write();
  }
  void append(const Value& value, std::uint64_t divisor);
  template <class T>
  void append_list(const std::vector<T>& elements, std::uint64_t divisor);
  void append_key(const Value& key, bool is_list);
  void append_histogram(const HistogramValue& histogram, std::uint64_t divisor);
  void append_series(const SeriesResult& series);
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
  std::string text_;
  bool testing_ = false;  // what is printed belongs to a test's result
  std::string printed_;
};

struct JsonOutput::Append {
  JsonOutput& output;
  std::uint64_t divisor;

  std::string& text() const { return output.text_; }
  // Values whose text form is the best there is.
  void as_text(const Value& value) const {
    std::string shown;
    output.values_.append(shown, value);
    append_json_string(text(), shown);
  }
  template <class T>
  void stats(const StatsValue& value, T total) const {
    fmt::format_to(std::back_inserter(text()), R"({{"count": {}, "average": )", value.count);
    output.append_number(std::get<T>(average(value).kind));
    text() += R"(, "total": )";
    output.append_number(total);
    text() += '}';
  }

  void operator()(NoValue) const { text() += "null"; }
  void operator()(bool value) const {
    if (output.settings_.text_form.booleans_are_numbers) return (*this)(std::uint64_t{value});
    text() += value ? "true" : "false";
  }
  void operator()(std::int64_t value) const { output.append_number(value); }
  void operator()(std::uint64_t value) const { output.append_number(value); }
  void operator()(PointerValue value) const { output.append_number(value.address); }
  void operator()(const EnumValue& value) const { output.append_number(value.value); }
  void operator()(const StringValue& value) const { as_text({value}); }
  void operator()(const BufferValue& value) const {
    if (output.is_old()) return as_text({value});
    std::string_view separator = "[";
    for (char c : value.bytes) {
      fmt::format_to(std::back_inserter(text()), "{}{}", separator, static_cast<unsigned>(static_cast<unsigned char>(c)));
      separator = ",";
    }
    text() += value.bytes.empty() ? "[]" : "]";
  }
  void operator()(const ArrayValue& value) const { output.append_list(value.elements, divisor); }
  void operator()(const TupleValue& value) const { output.append_list(value.elements, divisor); }
  void operator()(const StructValue& value) const {
    std::string_view blank = output.is_old() ? " " : "";
    text() += '{';
    std::string_view separator = blank;
    for (const NamedValue& member : value.members) {
      text() += separator;
      append_json_string(text(), member.name);
      text() += ": ";
      output.append(member.value, divisor);
      separator = ", ";
    }
    text() += blank;
    text() += '}';
  }
  void operator()(SymbolValue value) const { as_text({value}); }
  void operator()(const StackFrames& value) const { as_text({value}); }
  void operator()(const TimeValue& value) const { as_text({value}); }
  void operator()(const InetValue& value) const { as_text({value}); }
  void operator()(const MacValue& value) const { as_text({value}); }
  void operator()(UserValue value) const { as_text({value}); }
  void operator()(const CgroupValue& value) const { as_text({value}); }
  void operator()(const StatsValue& value) const {
    if (value.is_signed) return stats(value, static_cast<std::int64_t>(value.total));
    stats(value, value.total);
  }
  void operator()(const AverageResult& value) const { output.append(average(value), divisor); }
  void operator()(const HistogramValue& value) const { output.append_histogram(value, divisor); }
  void operator()(const SeriesResult& value) const { output.append_series(value); }
};

void JsonOutput::append(const Value& value, std::uint64_t divisor) {
  Value shown = divisor == 0 ? value : shown_value(value, divisor);
  std::visit(Append{*this, divisor}, shown.kind);
}

template <class T>
void JsonOutput::append_list(const std::vector<T>& elements, std::uint64_t divisor) {
  text_ += '[';
  std::string_view separator;
  for (const T& element : elements) {
    text_ += separator;
    append(element, divisor);
    separator = ",";
  }
  text_ += ']';
}

// Parts of a list stand behind each other with a comma; what is inside of them is as in the text format.
void JsonOutput::append_key(const Value& key, bool is_list) {
  std::string shown;
  const auto* list = is_list ? std::get_if<TupleValue>(&key.kind) : nullptr;
  if (list == nullptr) {
    values_.append_key(shown, key);
  } else {
    std::string_view separator;
    for (const Value& part : list->elements) {
      shown += separator;
      values_.append_in_key(shown, part);
      separator = ",";
    }
  }
  append_json_string(text_, shown);
}

void JsonOutput::append_histogram(const HistogramValue& histogram, std::uint64_t divisor) {
  text_ += '[';
  std::string_view row_separator;
  for (const HistogramRow& row : histogram_rows(histogram)) {
    text_ += row_separator;
    text_ += '{';
    std::uint64_t by = histogram_divisor(histogram, divisor);
    if (row.first) fmt::format_to(std::back_inserter(text_), R"("min": {}, )", *row.first);
    if (row.last) fmt::format_to(std::back_inserter(text_), R"("max": {}, )", *row.last);
    fmt::format_to(std::back_inserter(text_), R"("count": {}}})", by == 0 ? row.count : row.count / by);
    row_separator = is_old() ? ", " : ",";
  }
  text_ += ']';
}

void JsonOutput::append_series(const SeriesResult& series) {
  constexpr std::uint64_t all_digits = 1;  // ns
  text_ += '[';
  std::string_view separator;
  for (const SeriesPoint& point : series.points) {
    fmt::format_to(std::back_inserter(text_), R"({}{{"interval_start":"{}","value":)", separator,
                   series_time(point, all_digits, "%Y-%m-%d %H:%M:%S"));
    if (!point.value) {
      text_ += "null";
    } else if (series.is_signed) {
      append_number(*point.value);
    } else {
      append_number(static_cast<std::uint64_t>(*point.value));
    }
    text_ += '}';
    separator = ",";
  }
  text_ += ']';
}

void JsonOutput::map(const MapContents& map, std::uint64_t top, std::uint64_t divisor) {
  std::span<const MapEntry> entries = selected_entries(map, top);
  if (entries.empty()) return;
  begin(type_of(map.value));
  text_ += '{';
  append_json_string(text_, map.name);
  text_ += ": ";
  if (map.key.is_none()) {
    append(entries.front().value, divisor);
  } else {
    text_ += '{';
    std::string_view separator;
    for (const MapEntry& entry : entries) {
      text_ += separator;
      append_key(entry.key, map.key.is_tuple());
      text_ += ": ";
      append(entry.value, divisor);
      separator = ", ";
    }
    text_ += '}';
  }
  text_ += '}';
  end();
}

void JsonOutput::message(const Message& message) {
  // Old versions wrote no line of JSON for what goes wrong.
  if (is_old()) {
    flush();
    return fmt::print(stderr, "{}", to_text(message, settings_.message_style));
  }
  bool is_error = message.severity == Severity::error;
  std::string_view type = message.kind == MessageKind::said ? (is_error ? "errorf" : "warnf") : message.helper.empty() ? "runtime_error" : "helper_error";
  fmt::format_to(std::back_inserter(text_), R"({{"type": "{}", "msg": )", type);
  append_json_string(text_, message.text);
  if (!message.helper.empty()) {
    text_ += R"(, "helper": )";
    append_json_string(text_, message.helper);
    fmt::format_to(std::back_inserter(text_), R"(, "retcode": {})", message.result);
  }
  if (message.place != nullptr) {
    text_ += R"(, "filename": )";
    append_json_string(text_, message.place->file);
    fmt::format_to(std::back_inserter(text_), R"(, "line": {}, "col": {})", message.place->line, message.place->column);
  }
  end();
}

}  // namespace

std::unique_ptr<Output> make_json_output(std::FILE* file, SymbolSource& symbols, const Settings& settings) {
  return std::make_unique<JsonOutput>(file, symbols, settings);
}

}  // namespace fathom
