// What went wrong in a probe, as a message.
#pragma once

#include <cstdint>

#include "runtime/output/message.h"
#include "runtime/plan.h"

namespace fathom {

// `code`: what the kernel's helper returned, where one failed.
Message message_of(const ErrorPlan& error, const Plan& plan, std::int64_t code);

}  // namespace fathom
