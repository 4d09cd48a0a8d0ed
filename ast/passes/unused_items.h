// Macros and functions that no probe uses. What is used is checked where it is used, as part of the probe; of the rest only names can be
// checked, since types and what a probe offers are not known.
#pragma once

#include "ast/check.h"

namespace fathom {

void check_unused_items(const ast::Program& program, const Catalog& catalog, const Target& target, Diagnostics& diagnostics);

}  // namespace fathom
