// Which files a name in an attach point stands for: paths, globs, programs of PATH, libraries of the dynamic linker's cache, and the files
// of a process, seen through its own root directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fathom {

// Empty where there is none. An empty name is the program of `process`; `*` all files that it, or any process, has mapped as code.
std::vector<std::string> find_executables(std::string_view name, std::optional<std::uint32_t> process);

// The path of a library in the contents of /etc/ld.so.cache: "libc" and "libc.so.6" both name libc.so.6. Empty where it is not there.
std::string library_in_cache(std::string_view cache, std::string_view name);

}  // namespace fathom
