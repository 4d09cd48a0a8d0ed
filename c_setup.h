// What the C part of a script depends on, from the command line, the environment and the running machine.
#pragma once

#include <string>

#include "ast/target.h"
#include "definitions/setup.h"
#include "options.h"

namespace fathom {

// Headers are looked for in -I, then CPATH and C_INCLUDE_PATH, then where the system keeps them.
CSetup c_setup(const Options& options, const std::string& script, const Target& target);

}  // namespace fathom
