// Last pass: attach points whose events all pass one place share a program there, where they are many.
#pragma once

#include "ast/check.h"

namespace fathom {

// What a script sees is the same either way; see SharedPlace for what is gained. Needs a program without errors.
void share_places(CheckedProgram& checked, const Target& target);

}  // namespace fathom
