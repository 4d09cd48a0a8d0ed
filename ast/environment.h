// Settings from environment variables, under the names that wrappers around scripts already use.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ast/result.h"
#include "ast/settings.h"

namespace fathom {

// `get`: the value of a variable or null, as getenv(3). Reads BPFTRACE_KEY for every key of ast/config.h, under its old name too. Returns what
// the user should know about variables whose names are out of date. Error: a value that is none.
Result<std::vector<std::string>> apply_environment(Settings& settings, const std::function<const char*(const char*)>& get);

}  // namespace fathom
