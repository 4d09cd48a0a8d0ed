// What uprobe and uretprobe share: functions of programs and libraries in attach points.
#pragma once

#include <memory>

#include "runtime/probes/function.h"

namespace fathom {

// The rows of uprobe and uretprobe. `text` of AttachPoint: "PROVIDER:PATH:FUNCTION". Before it is expanded a point has the file's name as written in `target`, the function's
// name or pattern in `function`, and the offset in `value`; afterwards `target` is a path and `value` an offset in that file.
ProbeType user_function_type(FunctionMoment moment, RowText text);
Result<std::vector<Link>> attach_user_functions(const AttachRequest& request, FunctionMoment moment);

// The programs and libraries that an attach point's first part names; an error where there is none.
Result<std::vector<std::shared_ptr<const Executable>>> executables_of(const AttachPoint& pattern, const Target& target);
// Those of them that can be read.
std::vector<std::shared_ptr<const Executable>> readable_executables(std::string_view pattern, const Target& target);
Error user_probe_error(const AttachPoint& point, const Error& cause);

}  // namespace fathom
