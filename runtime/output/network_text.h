// Addresses of networks as text.
#pragma once

#include <string>

#include "runtime/value.h"

namespace fathom {

// "127.0.0.1", "::1"; empty where the family is neither IP nor IPv6.
std::string inet_text(const InetValue& value);

// "05:04:03:02:01:0A"
std::string mac_text(const MacValue& value);

}  // namespace fathom
