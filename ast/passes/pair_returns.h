// Last pass: probes at the call and at the return of the same functions become one program, where the kernel can tell it at which it is.
#pragma once

#include "ast/check.h"

namespace fathom {

// Sets CheckedProbe::returns of probes at the call.
void pair_returns(CheckedProgram& checked, const Target& target);

}  // namespace fathom
