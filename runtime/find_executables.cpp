// Files by name.
#include "runtime/find_executables.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "ast/target.h"
#include "runtime/elf_file.h"
#include "runtime/tracefs.h"

namespace fathom {

namespace {

constexpr std::string_view cache_magic = "glibc-ld.so.cache1.1";
constexpr std::uint32_t library_kind = 0x0303;  // of the C library's, for x86-64
constexpr std::uint32_t kind_mask = 0xffff;
constexpr std::string_view deleted_mark = " (deleted)";  // behind the path of a file that has none any more
constexpr std::string_view library_folders[] = {"/lib/x86_64-linux-gnu/", "/usr/lib/x86_64-linux-gnu/", "/lib64/", "/usr/lib64/", "/lib/", "/usr/lib/",
                                                "/usr/local/lib/"};

bool is_file(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::string link_target(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t length = readlink(path.c_str(), target, sizeof target);
  return length < 0 ? std::string() : std::string(target, static_cast<std::size_t>(length));
}

// What has to stand before the paths of a process: nothing, or its root directory where it lives in another file system than we do.
std::string root_of(std::uint32_t process) {
  const std::string ours = link_target("/proc/self/ns/mnt");
  const std::string theirs = link_target(fmt::format("/proc/{}/ns/mnt", process));
  const bool apart = (!theirs.empty() && theirs != ours) || link_target(fmt::format("/proc/{}/root", process)) != "/";
  return apart ? fmt::format("/proc/{}/root", process) : std::string();
}

// Paths of the files that a process has mapped as code.
void add_mapped(std::uint32_t process, std::set<std::string>& paths) {
  const auto maps = read_file_at(AT_FDCWD, fmt::format("/proc/{}/maps", process));
  if (!maps) return;
  const std::string root = root_of(process);
  for (std::size_t begin = 0; begin < maps->size();) {
    std::size_t end = maps->find('\n', begin);
    if (end == std::string::npos) end = maps->size();
    const std::string_view line = std::string_view(*maps).substr(begin, end - begin);
    begin = end + 1;
    const std::size_t path = line.find('/');
    const std::size_t rights = line.find(' ');
    if (path == std::string_view::npos || rights + 4 > line.size() || line[rights + 3] != 'x') continue;
    if (line.ends_with(deleted_mark)) continue;
    paths.insert(root + std::string(line.substr(path)));
  }
}

std::vector<std::string> mapped_files(std::optional<std::uint32_t> process) {
  std::set<std::string> paths;
  if (process) {
    add_mapped(*process, paths);
  } else if (DIR* directory = opendir("/proc")) {
    while (const dirent* entry = readdir(directory)) {
      if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') add_mapped(static_cast<std::uint32_t>(std::atoi(entry->d_name)), paths);
    }
    closedir(directory);
  }
  std::erase_if(paths, [](const std::string& path) { return !is_file(path); });
  return {paths.begin(), paths.end()};
}

std::vector<std::string> matching_paths(const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t found = {};
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      if (is_file(found.gl_pathv[i])) paths.emplace_back(found.gl_pathv[i]);
    }
  }
  globfree(&found);
  return paths;
}

std::string in_path(const std::string& name, const std::string& root) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr || !root.empty() ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::string candidate = fmt::format("{}{}/{}", root, rest.substr(0, colon), name);
    if (is_file(candidate) && access(candidate.c_str(), X_OK) == 0) return candidate;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return {};
}

std::string find_library(const std::string& name, const std::string& root) {
  const auto cache = read_file_at(AT_FDCWD, root + "/etc/ld.so.cache");
  if (cache) {
    const std::string path = library_in_cache(*cache, name);
    if (!path.empty() && is_file(root + path)) return root + path;
  }
  for (const std::string_view folder : library_folders) {
    const std::string plain = fmt::format("{}{}{}", root, folder, name);
    if (name.find(".so") != std::string::npos && is_file(plain)) return plain;
    const std::vector<std::string> versions = matching_paths(plain + ".so*");
    if (!versions.empty()) return versions.front();
  }
  return {};
}

}  // namespace

// A header of 48 bytes, entries of 24, then the texts; all offsets are from the header.
std::string library_in_cache(std::string_view cache, std::string_view name) {
  constexpr std::size_t header = 48, entry = 24;
  const std::size_t begin = cache.find(cache_magic);
  if (begin == std::string_view::npos || cache.size() < begin + header) return {};
  cache.remove_prefix(begin);
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, cache.data() + at, sizeof value);
    return value;
  };
  const auto text = [&](std::size_t at) {
    return at < cache.size() ? cache.substr(at, cache.substr(at).find('\0')) : std::string_view();
  };
  const std::string with_suffix = std::string(name) + ".so";
  const std::uint32_t count = number(cache_magic.size());
  for (std::uint32_t i = 0; i < count && header + (i + 1) * entry <= cache.size(); ++i) {
    const std::size_t at = header + i * entry;
    const std::string_view key = text(number(at + 4));
    const bool fits = key == name || key == with_suffix || key.starts_with(with_suffix + ".");
    if (fits && (number(at) & kind_mask) == library_kind) return std::string(text(number(at + 8)));
  }
  return {};
}

std::vector<std::string> find_executables(std::string_view wanted, std::optional<std::uint32_t> process) {
  const std::string name(wanted);
  const std::string root = process ? root_of(*process) : std::string();
  if (name.empty()) {
    if (!process) return {};
    const std::string link = fmt::format("/proc/{}/exe", *process);
    const std::string program = link_target(link);
    if (program.empty()) return {};
    // An update of the program leaves the process with the file of old, which has no other name.
    return {program.ends_with(deleted_mark) ? link : root + program};
  }
  if (name == "*") return mapped_files(process);
  if (const PathInArchive place = split_archive_path(name); !place.member.empty()) {
    std::vector<std::string> paths;
    for (const std::string& archive : find_executables(place.file, process)) paths.push_back(archive + "!/" + place.member);
    return paths;
  }
  if (name.find('/') != std::string::npos) {
    const std::string path = name.front() == '/' && !name.starts_with("/proc/") && is_file(root + name) ? root + name : name;
    if (is_glob(path) && !is_file(path)) return matching_paths(path);
    return is_file(path) ? std::vector<std::string>{path} : std::vector<std::string>();
  }
  if (is_glob(name)) {
    std::vector<std::string> found;
    for (std::string& path : mapped_files(process)) {
      if (glob_match(name, path.substr(path.rfind('/') + 1))) found.push_back(std::move(path));
    }
    return found;
  }
  const bool is_library = name.starts_with("lib");
  std::string found = is_library ? find_library(name, root) : in_path(name, root);
  if (found.empty()) found = is_library ? in_path(name, root) : find_library("lib" + name, root);
  if (found.empty() && is_file(name)) found = "./" + name;
  return found.empty() ? std::vector<std::string>() : std::vector<std::string>{found};
}

}  // namespace fathom
