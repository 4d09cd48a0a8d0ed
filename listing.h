// -l: what the machine offers, or what a script attaches to.
#pragma once

#include "ast/check.h"
#include "options.h"
#include "report.h"
#include "runtime/target_linux.h"

namespace fathom {

// Whether -l is about a script, not about a pattern or the functions of a program.
bool lists_script(const Options& options);

// Both return the exit status.
int list_machine(const Options& options, const LinuxTarget& target, const Report& report);
int list_script(const CheckedProgram& program, const Report& report);

}  // namespace fathom
