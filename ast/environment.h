// Settings from environment variables, under the names that wrappers around scripts already use.
#pragma once

#include <functional>
#include <string>

#include "ast/result.h"
#include "ast/settings.h"

namespace fathom {

// `get`: the value of a variable or null, as getenv(3). Reads BPFTRACE_MAX_STRLEN (old: BPFTRACE_STRLEN), BPFTRACE_MAX_MAP_KEYS
// (BPFTRACE_MAP_KEYS_MAX), BPFTRACE_MAX_PROBES, BPFTRACE_PERF_RB_PAGES and BPFTRACE_MISSING_PROBES. Error: a value that is none.
Result<void> apply_environment(Settings& settings, const std::function<const char*(const char*)>& get);

}  // namespace fathom
