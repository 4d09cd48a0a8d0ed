// The named options that a script reads with getopt().
#pragma once

#include "ast/check.h"

namespace fathom {

// Fills CheckedProgram::options, and reports options that are given and that the script does not read.
void collect_options(CheckedProgram& program, Diagnostics& diagnostics);

// Whether `--help` stands behind `--`.
bool wants_script_help(const Settings& settings);
// The list that it shows.
std::string script_help(const CheckedProgram& program);

}  // namespace fathom
