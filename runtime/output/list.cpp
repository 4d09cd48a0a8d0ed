// The list of output formats.
#include <array>

#include "runtime/output/output.h"

namespace fathom {

std::span<const OutputFormat> output_formats() {
  static constexpr std::array formats = {OutputFormat{"text", make_text_output}, OutputFormat{"json", make_json_output}};
  return formats;
}

const OutputFormat* find_output_format(std::string_view name) {
  for (const OutputFormat& format : output_formats()) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

}  // namespace fathom
