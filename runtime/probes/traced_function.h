// What fentry and fexit share: kernel functions with their arguments by name and type, from BTF.
#pragma once

#include "runtime/probes/kernel_function.h"

namespace fathom {

Result<std::vector<AttachPoint>> expand_traced_function(const AttachPoint& pattern, const Target& target, MakePoint make);
Result<Context> traced_function_context(const AttachPoint& point, const Target& target, FunctionMoment moment);
Result<std::vector<ListedProbe>> list_traced_functions(std::span<const std::string> parts, const Target& target, bool with_arguments, MakePoint make,
                                                       FunctionMoment moment);
Result<std::vector<Link>> attach_traced_functions(const AttachRequest& request);
std::string missing_traced_function_help(const AttachPoint& pattern, const Target& target, FunctionMoment moment);

}  // namespace fathom
