// Imports: the tokens of the files that a script names are put in front of its own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ast/result.h"
#include "lexer/token.h"

namespace fathom {

// Reads what `import "path"` in the file `importer` means: a script, a header, or all scripts of a directory. Comes from the runtime.
using ImportReader = std::function<Result<std::vector<ImportedFile>>(const std::string& path, const std::string& importer)>;

// Each file is read once, however often it is imported. Headers become `#include` lines. The texts of scripts are added to `source`.
std::vector<Token> with_imports(std::vector<Token> tokens, SourceFile& source, const ImportReader& read, Diagnostics& diagnostics);

}  // namespace fathom
