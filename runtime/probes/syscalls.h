// System calls as events that pass one place: every call runs through the raw tracepoints sys_enter and sys_exit, with its number. A script
// that waits for hundreds of them gets one program there, instead of hundreds of links that the kernel takes apart one by one.
#pragma once

#include <optional>
#include <string_view>

#include "ast/probe_type.h"

namespace fathom {

// For ProbeType::shared_event and ProbeType::shared_place of tracepoints.
std::optional<SharedEvent> syscall_event(const AttachPoint& point);
std::optional<SharedPlace> syscall_place(std::string_view place, const Context& context, const Target& target);

}  // namespace fathom
