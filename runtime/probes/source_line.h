// Lines of source code as attach points (`uprobe:FILE@SOURCE:LINE:COLUMN`) and parameters by name: what debugging information is used for.
#pragma once

#include "runtime/probes/function.h"

namespace fathom {

// Whether the parts are of this form: an @ in the first, then one or two decimal numbers.
bool names_source_line(std::span<const std::string> parts);
Parsed parse_source_line(std::span<const std::string> parts, const ProbeType& type, FunctionMoment moment);
bool is_source_line(const AttachPoint& point);
// Every place where the code of the line begins in this file.
Result<std::vector<AttachPoint>> places_of_line(const AttachPoint& pattern, const Executable& binary, const Target& target);

// The parameters of the function that begins at the attach point, where the calling convention puts them; empty without debugging information.
std::vector<ContextField> fields_from_debug_info(const AttachPoint& point, const Target& target);
// The same for -lv: "int number".
std::vector<std::string> parameter_lines(const AttachPoint& point, const Target& target);

}  // namespace fathom
