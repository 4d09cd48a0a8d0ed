// What --info tells: the machine, this build, and what the kernel can do.
#pragma once

#include <string>
#include <string_view>

#include "ast/target.h"

namespace fathom {

// `version`: of fathom, or what it calls itself.
std::string machine_info(const Target& target, std::string_view version);

}  // namespace fathom
