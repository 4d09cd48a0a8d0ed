// `let @name = hash(1000);`: how much a map holds, and what happens when it is full.
#pragma once

#include "ast/check.h"

namespace fathom {

void apply_map_declarations(CheckedProgram& program, Diagnostics& diagnostics);

}  // namespace fathom
