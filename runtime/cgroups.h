// Control groups: ids of paths, paths of ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ast/result.h"

namespace fathom {

// The kernel's id of the control group whose directory this is.
Result<std::uint64_t> cgroup_id(const std::string& directory);

// "unified:/system.slice,cpu:/": the group with this id in every hierarchy whose name matches the glob (empty: all). The version 2
// hierarchy is called `unified`, one of version 1 as its mount point. What is found, or not found, is remembered.
std::string cgroup_paths(std::uint64_t id, std::string_view pattern);

}  // namespace fathom
