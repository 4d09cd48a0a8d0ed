// /etc/passwd by way of fgetpwent(): the C library's own look-up would load plug-ins, which a static executable can not.
#include "runtime/users.h"

#include <pwd.h>

#include <cstdio>
#include <map>
#include <memory>

namespace fathom {

namespace {

std::map<std::uint64_t, std::string> read_users() {
  std::map<std::uint64_t, std::string> users;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/etc/passwd", "re"), std::fclose);
  if (!file) return users;
  while (const passwd* entry = fgetpwent(file.get())) users.emplace(entry->pw_uid, entry->pw_name);
  return users;
}

}  // namespace

const std::string& user_name(std::uint64_t id) {
  static const std::map<std::uint64_t, std::string> users = read_users();
  static const std::string unknown;
  auto found = users.find(id);
  return found == users.end() ? unknown : found->second;
}

}  // namespace fathom
