// A control group's id is the inode number of its directory, so a path is found by walking the hierarchy.
#include "runtime/cgroups.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "ast/target.h"
#include "runtime/descriptor.h"

namespace fathom {

namespace {

// From linux/mount.h, which some C libraries do not let be included next to their own headers.
constexpr unsigned fs_open_close_on_exec = 1;
constexpr unsigned fs_mount_close_on_exec = 1;
constexpr unsigned fs_config_create = 6;

struct Hierarchy {
  std::string name;
  std::string root;      // path of its directory
  Descriptor descriptor; // where no path leads to it: keeps the mount that `root` goes through
};

// The version 2 hierarchy where it is mounted nowhere; nobody else sees this mount.
Descriptor mount_unified() {
  Descriptor context(static_cast<int>(syscall(SYS_fsopen, "cgroup2", fs_open_close_on_exec)));
  if (!context || syscall(SYS_fsconfig, context.get(), fs_config_create, nullptr, nullptr, 0) != 0) return {};
  Descriptor mount(static_cast<int>(syscall(SYS_fsmount, context.get(), fs_mount_close_on_exec, 0)));
  return mount ? Descriptor(openat(mount.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) : Descriptor();
}

std::vector<Hierarchy> find_hierarchies() {
  std::vector<Hierarchy> found;
  std::set<dev_t> known;  // containers and other roots have the same hierarchies mounted once more
  bool has_unified = false;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> mounts(setmntent("/proc/self/mounts", "re"), endmntent);
  while (mounts) {
    const mntent* entry = getmntent(mounts.get());
    if (entry == nullptr) break;
    std::string_view type = entry->mnt_type;
    std::string root = entry->mnt_dir;
    struct stat information = {};
    if (!type.starts_with("cgroup") || stat(root.c_str(), &information) != 0 || !known.insert(information.st_dev).second) continue;
    has_unified = has_unified || type == "cgroup2";
    found.push_back({type == "cgroup2" ? "unified" : std::filesystem::path(root).filename().string(), root, {}});
  }
  if (has_unified) return found;
  if (Descriptor unified = mount_unified()) {
    std::string root = fmt::format("/proc/self/fd/{}/", unified.get());
    found.push_back({"unified", std::move(root), std::move(unified)});
  }
  return found;
}

std::uint64_t inode_of(const std::string& path) {
  struct stat information = {};
  return stat(path.c_str(), &information) == 0 ? information.st_ino : 0;
}

// The group's path from the hierarchy's root on, or an empty text.
std::string path_in(const Hierarchy& hierarchy, std::uint64_t id) {
  if (inode_of(hierarchy.root) == id) return "/";
  std::error_code error;
  auto options = std::filesystem::directory_options::skip_permission_denied;
  std::filesystem::recursive_directory_iterator entry(hierarchy.root, options, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code unreadable;
    if (!entry->is_directory(unreadable) || inode_of(entry->path().string()) != id) continue;
    std::string path = entry->path().string().substr(hierarchy.root.size());
    return path.starts_with('/') ? path : "/" + path;
  }
  return {};
}

}  // namespace

Result<std::uint64_t> cgroup_id(const std::string& directory) {
  struct stat information = {};
  struct statfs filesystem = {};
  if (stat(directory.c_str(), &information) != 0 || statfs(directory.c_str(), &filesystem) != 0) {
    return fail(fmt::format("there is no control group `{}` ({})", directory, strerrordesc_np(errno)), "", errno);
  }
  bool is_group = filesystem.f_type == CGROUP2_SUPER_MAGIC || filesystem.f_type == CGROUP_SUPER_MAGIC;
  if (!is_group || !S_ISDIR(information.st_mode)) return fail(fmt::format("`{}` is not the directory of a control group", directory), "", EINVAL);
  return information.st_ino;
}

std::string cgroup_paths(std::uint64_t id, std::string_view pattern) {
  static const std::vector<Hierarchy> hierarchies = find_hierarchies();
  static std::map<std::pair<std::size_t, std::uint64_t>, std::string> known;
  std::string text;
  for (std::size_t i = 0; i < hierarchies.size(); ++i) {
    if (!pattern.empty() && !glob_match(pattern, hierarchies[i].name)) continue;
    auto [path, is_new] = known.try_emplace({i, id});
    if (is_new) path->second = path_in(hierarchies[i], id);
    if (path->second.empty()) continue;
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", hierarchies[i].name, path->second);
  }
  return text;
}

}  // namespace fathom
