// Finds out what the kernel can do by trying it: a file that has to be there, or a tiny program, map or link that is dropped at once.
#pragma once

#include <cstdint>
#include <string_view>

#include "ast/target.h"

namespace fathom {

// Whether the kernel has the feature, for this process and its privileges. `test_function`: BTF id of a kernel function that may be
// attached to for a moment (only for Feature::fentry; 0: none). Nothing is remembered here.
bool try_feature(Feature feature, std::uint32_t test_function);

// Whether those who may not trace are refused the attempt, and so learn nothing about the kernel.
bool takes_privilege_to_try(Feature feature);

// Whether programs of a kind may call the kernel function with this BTF id.
bool try_kfunc(ProgramKind kind, std::uint32_t function);

}  // namespace fathom
