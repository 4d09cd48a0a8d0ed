// Strings as JSON has them.
#pragma once

#include <string>
#include <string_view>

namespace fathom {

// In double quotes. Bytes that are no UTF-8 become the character of the byte's number, so that different bytes stay different.
void append_json_string(std::string& text, std::string_view bytes);

}  // namespace fathom
