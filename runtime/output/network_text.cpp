// inet_ntop() does the work.
#include "runtime/output/network_text.h"

#include <arpa/inet.h>
#include <fmt/format.h>

namespace fathom {

std::string inet_text(const InetValue& value) {
  char text[INET6_ADDRSTRLEN] = {};
  char address[sizeof(in6_addr)] = {};
  value.bytes.copy(address, sizeof address);
  if (inet_ntop(static_cast<int>(value.family), address, text, sizeof text) == nullptr) return {};
  return text;
}

std::string mac_text(const MacValue& value) {
  std::string text;
  for (char byte : value.bytes) text += fmt::format("{}{:02X}", text.empty() ? "" : ":", static_cast<unsigned char>(byte));
  return text;
}

}  // namespace fathom
