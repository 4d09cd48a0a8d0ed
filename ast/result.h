// What a step that can fail because of the machine (a file, a system call, a missing kernel feature) returns.
// What the *user wrote* wrong never travels this way: that is a Diagnostic.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace fathom {

struct Error {
  std::string message;   // one line, lower case, no full stop: what could not be done, and on what
  std::string help;      // what to type or change; may be empty
  int system_error = 0;  // errno, 0 where there is none
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(std::string message, std::string help = {}, int system_error = 0) {
  return std::unexpected(Error{std::move(message), std::move(help), system_error});
}

}  // namespace fathom
