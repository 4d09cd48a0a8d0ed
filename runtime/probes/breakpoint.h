// Where a breakpoint in a program may be set. One in the middle of an instruction changes that instruction: the traced program goes wrong or ends,
// and the kernel does not look.
#pragma once

#include "ast/probe_type.h"
#include "ast/target.h"

namespace fathom {

// The function that an attach point in a program names; null where it names none that is known.
const ExecutableSymbol* function_of(const AttachPoint& point, const Executable& binary);

// Why it takes --unsafe to set a breakpoint there; nothing where an instruction begins. See ProbeType::danger.
std::optional<AttachPointProblem> breakpoint_danger(const AttachPoint& point, const Target& target);

}  // namespace fathom
