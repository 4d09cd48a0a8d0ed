// Text from outside of the script: what a file holds and what a command prints.
#pragma once

#include <cstddef>
#include <string>

#include "ast/result.h"

namespace fathom {

// The first `most` bytes of a file.
Result<std::string> read_head(const std::string& path, std::size_t most);

struct CommandOutput {
  std::string text;     // of its standard output
  std::string failure;  // how it ended, if not well: "command exited with code 1"
};

// What `sh -c COMMAND` prints. Waits for its end.
Result<CommandOutput> output_of(const std::string& command);

}  // namespace fathom
