// What kprobe, kretprobe, fentry and fexit share: names of kernel functions in attach points.
#pragma once

#include "runtime/probes/function.h"

namespace fathom {

// Every function that a pattern (module in `target`, name in `function`) stands for. `make` builds an attach point for one of them.
using MakePoint = AttachPoint (*)(std::string_view module, std::string_view function, std::uint64_t offset);

// "FUNCTION" or "MODULE:FUNCTION", with "+OFFSET" behind the name where `offsets` allows it.
enum class Offsets : bool { refused, allowed };
Parsed parse_kernel_function(std::span<const std::string> parts, const ProbeType& type, Offsets offsets, MakePoint make);

// Functions whose names are near the one that does not exist.
std::vector<std::string> kernel_function_suggestions(const AttachPoint& pattern, const Target& target, MakePoint make);

// Help where a function does not exist: system calls were renamed once, and functions get suffixes from the compiler.
std::string missing_function_help(const AttachPoint& pattern, const Target& target, FunctionMoment moment);

// kprobe and kretprobe: what expand(), list() and attach() do.
Result<std::vector<AttachPoint>> expand_kernel_function(const AttachPoint& pattern, const Target& target, MakePoint make);
Result<std::vector<ListedProbe>> list_kernel_functions(std::span<const std::string> parts, const Target& target, MakePoint make);
Result<std::vector<Link>> attach_kernel_functions(const AttachRequest& request, FunctionMoment moment);

}  // namespace fathom
