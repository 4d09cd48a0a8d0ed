// Reads a script.
#pragma once

#include <string>

#include "ast/result.h"
#include "ast/source.h"

namespace fathom {

// The script in a file, or on standard input for "-". Errors: not there, not readable, a directory, or larger than 1 MiB.
Result<SourceFile> read_source(const std::string& path);

}  // namespace fathom
