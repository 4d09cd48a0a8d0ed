// Names of users.
#pragma once

#include <cstdint>
#include <string>

namespace fathom {

// The name that /etc/passwd has for a user id; empty where it has none. The file is read once.
const std::string& user_name(std::uint64_t id);

}  // namespace fathom
