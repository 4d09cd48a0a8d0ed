// What kprobe, kretprobe, fentry and fexit share: names of kernel functions in attach points.
#pragma once

#include "runtime/probes/function.h"

namespace fathom {

// Module (empty: not named) and function as an attach point.
AttachPoint kernel_function_point(std::string_view provider, std::string_view module, std::string_view function, std::uint64_t offset = 0);

// "FUNCTION" or "MODULE:FUNCTION", with "+OFFSET" behind the name where `offsets` allows it.
enum class Offsets : bool { refused, allowed };
Parsed parse_kernel_function(std::span<const std::string> parts, const ProbeType& type, Offsets offsets);

// Functions whose names are near the one that does not exist.
std::vector<std::string> kernel_function_suggestions(const AttachPoint& pattern, const Target& target);

// Help where a function does not exist: system calls were renamed once, and functions get suffixes from the compiler.
std::string missing_function_help(const AttachPoint& pattern, const Target& target, FunctionMoment moment);

// What -l shows: also what wildcards leave out because tracing itself passes it.
Result<std::vector<KernelFunction>> listed_functions(std::span<const std::string> parts, const Target& target);
// Functions that the pattern matches and does not stand for, as attach points.
std::vector<std::string> left_out_kernel_functions(const AttachPoint& pattern, const Target& target);

// What the kernel's refusal of a probe means.
Error kernel_probe_error(const AttachPoint& point, int system_error);

// The rows of kprobe and kretprobe, of fentry and fexit.
ProbeType kernel_probe_type(FunctionMoment moment, RowText text);
ProbeType traced_function_type(FunctionMoment moment, RowText text);

}  // namespace fathom
