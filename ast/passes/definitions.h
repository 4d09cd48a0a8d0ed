// First pass: the C lines before the probes.
#pragma once

#include "ast/diagnostics.h"
#include "ast/nodes.h"

namespace fathom {

// Evaluates `#ifdef`, `#ifndef`, `#else` and `#endif` over the definitions and reports those that are in force and can not be honoured.
// BPFTRACE_HAVE_BTF is defined where the kernel has BTF, as scripts expect.
void check_definitions(const ast::Program& program, bool have_btf, Diagnostics& diagnostics);

}  // namespace fathom
