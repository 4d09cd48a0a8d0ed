// printf's text from a format that was cut into pieces before: the runtime reads each format once and applies it many times.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ast/format_string.h"
#include "runtime/output/value_text.h"

namespace fathom {

// `arguments` in the order of the conversions, those of `*` included. A conversion without its argument prints nothing.
void append_formatted(std::string& text, const std::vector<FormatPiece>& pieces, std::span<const Value> arguments, const ValueText& values);

// Formats that are read once and applied many times.
class Formatter {
 public:
  // Both must outlive it.
  Formatter(SymbolSource& symbols, const Settings& settings) : values_(symbols, settings) {}

  // The text is valid until the next call.
  std::string_view operator()(std::string_view format, std::span<const Value> arguments);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  const std::vector<FormatPiece>& pieces_of(std::string_view format);

  ValueText values_;
  std::string text_;
  std::unordered_map<std::string, std::vector<FormatPiece>, Hash, std::equal_to<>> formats_;
};

}  // namespace fathom
