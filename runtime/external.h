// Text from outside of the script: what a file holds and what a command prints.
#pragma once

#include <cstddef>
#include <string>

#include "ast/result.h"

namespace fathom {

// The first `most` bytes of a file.
Result<std::string> read_head(const std::string& path, std::size_t most);

// What `sh -c COMMAND` prints on its standard output. Waits for its end.
Result<std::string> output_of(const std::string& command);

}  // namespace fathom
