// The text format. Each call puts its whole text together and hands it to the stream at once, so that lines of a line-buffered stream
// leave in one write. Everything about single values stands in runtime/output/value_text and runtime/output/printf.
#include <functional>
#include <unordered_map>

#include "runtime/output/histogram.h"
#include "runtime/output/output.h"
#include "runtime/output/printf.h"
#include "runtime/output/selection.h"
#include "runtime/output/series.h"
#include "runtime/output/value_text.h"
#include "runtime/output/wall_time.h"

namespace fathom {

namespace {

// A map's text is handed on in pieces of about this size.
constexpr std::size_t enough_bytes = 64 << 10;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

class TextOutput : public Output {
 public:
  TextOutput(std::FILE* file, SymbolSource& symbols, const Settings& settings)
      : file_(file), settings_(settings), values_(symbols, settings_) {}

  void formatted(std::string_view format, std::span<const Value> arguments) override {
    append_formatted(text_, pieces_of(format), arguments, values_);
    write();
  }
  void value(const Value& value) override {
    values_.append(text_, value);
    text_ += '\n';
    write();
  }
  void time(std::string_view format) override {
    text_ += time_text(wall_now(), format);
    write();
  }
  void map(const MapContents& map, std::uint64_t top, std::uint64_t divisor) override;
  void printk(std::string_view line) override {
    text_ += line;
    text_ += '\n';
    write();
  }
  void end_of_run() override {
    text_ += "\n\n";
    write();
  }
  void flush() override { note(std::fflush(file_) == 0); }
  int error() const override { return error_; }

 private:
  const std::vector<FormatPiece>& pieces_of(std::string_view format);
  void write() {
    note(std::fwrite(text_.data(), 1, text_.size(), file_) == text_.size());
    text_.clear();
  }
  void note(bool succeeded) {
    if (!succeeded && error_ == 0) error_ = errno;
  }

  std::FILE* file_;
  int error_ = 0;
  Settings settings_;
  ValueText values_;
  std::string text_;                                                                              // what the call at hand has put together
  std::unordered_map<std::string, std::vector<FormatPiece>, TextHash, std::equal_to<>> formats_;  // each format is read once
};

const std::vector<FormatPiece>& TextOutput::pieces_of(std::string_view format) {
  auto known = formats_.find(format);
  if (known != formats_.end()) return known->second;
  auto pieces = parse_format(format);
  // check refuses formats that can not be read; what was written is the best there is to show.
  if (!pieces) pieces = std::vector<FormatPiece>{{std::string(format), false, {}, 0}};
  return formats_.emplace(format, std::move(*pieces)).first->second;
}

void TextOutput::map(const MapContents& map, std::uint64_t top, std::uint64_t divisor) {
  for (const MapEntry& entry : selected_entries(map, top)) {
    text_ += map.name;
    if (!map.key.is_none()) {
      text_ += '[';
      values_.append_key(text_, entry.key);
      text_ += ']';
    }
    if (const auto* histogram = std::get_if<HistogramValue>(&entry.value.kind)) {
      text_ += ":\n";
      append_histogram(text_, *histogram, histogram_divisor(*histogram, divisor));
    } else if (const auto* series = std::get_if<SeriesResult>(&entry.value.kind)) {
      text_ += ":";
      append_series(text_, *series);
    } else {
      text_ += ": ";
      values_.append(text_, shown_value(entry.value, divisor));
    }
    text_ += '\n';
    if (text_.size() > enough_bytes) write();
  }
  write();
}

}  // namespace

std::unique_ptr<Output> make_text_output(std::FILE* file, SymbolSource& symbols, const Settings& settings) {
  return std::make_unique<TextOutput>(file, symbols, settings);
}

}  // namespace fathom
