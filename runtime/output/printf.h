// printf's text from a format that was cut into pieces before: the runtime reads each format once and applies it many times.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ast/format_string.h"
#include "runtime/output/value_text.h"

namespace fathom {

// `arguments` in the order of the conversions, those of `*` included. A conversion without its argument prints nothing.
void append_formatted(std::string& text, const std::vector<FormatPiece>& pieces, std::span<const Value> arguments, const ValueText& values);

}  // namespace fathom
