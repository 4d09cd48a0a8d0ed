// Reads the `format` files of tracefs: which fields a tracepoint's record has, and where.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ast/target.h"

namespace fathom {

// The text of a format file; the common_* fields are left out. Empty where it holds no ID or no readable field line.
std::optional<TracepointFormat> parse_tracepoint_format(std::string_view text);

// A field as C declares it: "const char * filename", "char comm[16]", "__data_loc char[] name".
std::string declaration(const TracepointField& field);

}  // namespace fathom
