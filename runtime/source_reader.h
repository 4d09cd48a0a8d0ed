// Reads a script.
#pragma once

#include <string>
#include <vector>

#include "ast/result.h"
#include "ast/source.h"

namespace fathom {

// The script in a file, or on standard input for "-". Errors: not there, not readable, a directory, or larger than 1 MiB.
Result<SourceFile> read_source(const std::string& path);

// What `import "path"` in the script `importer` means; relative paths start at the importer's directory. A directory stands for the scripts in
// it. Errors: nothing there, nothing that can be imported, or a place where anybody could have put a file.
Result<std::vector<ImportedFile>> read_import(const std::string& path, const std::string& importer);

}  // namespace fathom
