// Whether this process may trace at all, and the limits that it raises before it loads anything.
#pragma once

#include <cstdint>
#include <string_view>

#include "ast/result.h"

namespace fathom {

// Capabilities of this process (CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN) and kernel lockdown. The error says what is missing and what
// to type.
Result<void> check_privileges();

// Whether this process has these capabilities, so that what it tries is not refused for its lack of them.
bool may_trace();

// The rule of check_privileges alone. `capabilities`: effective set as a bit mask; `lockdown`: text of /sys/kernel/security/lockdown,
// empty where it can not be read.
Result<void> check_privileges(std::uint64_t capabilities, std::string_view lockdown);

// Open files and locked memory as high as they go. Failure is silent: kernels since 5.11 do not count BPF memory as locked.
void raise_limits();

}  // namespace fathom
