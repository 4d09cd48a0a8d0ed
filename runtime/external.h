// Text from outside of the script: what a file holds and what a command prints.
#pragma once

#include <cstddef>
#include <string>

#include "ast/result.h"

namespace fathom {

// The first `most` bytes of a file.
Result<std::string> read_head(const std::string& path, std::size_t most);

struct CommandOutput {
  std::string text;
  std::string failure;  // how it ended, where that was not with status 0: "ended with status 3"
};

// What `sh -c COMMAND` prints on its standard output. Waits for its end.
Result<CommandOutput> output_of(const std::string& command);

}  // namespace fathom
