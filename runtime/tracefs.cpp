// Finding or mounting tracefs, and reading below it.
#include "runtime/tracefs.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>

namespace fathom {

namespace {

// From linux/mount.h, which some C libraries do not let be included next to their own headers.
constexpr unsigned fs_open_close_on_exec = 1;
constexpr unsigned fs_mount_close_on_exec = 1;
constexpr unsigned fs_config_create = 6;

constexpr char mount_help[] = "run as root, or mount it with `mount -t tracefs nodev /sys/kernel/tracing`";

Descriptor open_if_tracefs(const char* path) {
  Descriptor directory(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct statfs information = {};
  if (!directory || fstatfs(directory.get(), &information) != 0) return {};
  return information.f_type == TRACEFS_MAGIC ? std::move(directory) : Descriptor();
}

// Those who may not mount do not get to see the tracing directory where it is mounted either.
std::unexpected<Error> refused(int error) { return fail("only root may look at tracepoints", "run it as root, for example with `sudo fathom …`", error); }

Result<Descriptor> mount_detached() {
  Descriptor context(static_cast<int>(syscall(SYS_fsopen, "tracefs", fs_open_close_on_exec)));
  if (!context) {
    const int error = errno;
    if (error == EPERM || error == EACCES) return refused(error);
    if (error == ENODEV) return fail("this kernel has no tracefs", "it needs a kernel built with CONFIG_TRACING", error);
    if (error == ENOSYS) return fail("tracefs is not mounted", mount_help, error);
    return fail(fmt::format("can not open tracefs: {}", std::strerror(error)), mount_help, error);
  }
  if (syscall(SYS_fsconfig, context.get(), fs_config_create, nullptr, nullptr, 0) != 0) {
    const int error = errno;
    if (error == EPERM || error == EACCES) return refused(error);
    return fail(fmt::format("can not open tracefs: {}", std::strerror(error)), mount_help, error);
  }
  Descriptor mount(static_cast<int>(syscall(SYS_fsmount, context.get(), fs_mount_close_on_exec, 0)));
  if (!mount) {
    const int error = errno;
    if (error == EPERM || error == EACCES) return refused(error);
    return fail(fmt::format("can not mount tracefs: {}", std::strerror(error)), mount_help, error);
  }
  // The descriptor that fsmount gives only names the place (O_PATH); directories are listed through one that reads.
  Descriptor directory(openat(mount.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) {
    const int error = errno;
    return fail(fmt::format("can not read tracefs: {}", std::strerror(error)), mount_help, error);
  }
  return directory;
}

}  // namespace

Result<Tracefs> Tracefs::open() {
  for (const char* path : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    if (Descriptor directory = open_if_tracefs(path)) return Tracefs(std::move(directory));
  }
  Result<Descriptor> mounted = mount_detached();
  if (!mounted) return std::unexpected(mounted.error());
  return Tracefs(std::move(*mounted));
}

Result<std::string> Tracefs::read(const std::string& path) const { return read_file_at(directory_.get(), path); }

bool Tracefs::exists(const std::string& path) const {
  struct stat information = {};
  return fstatat(directory_.get(), path.c_str(), &information, 0) == 0;
}

Result<std::vector<std::string>> Tracefs::directories(const std::string& path) const {
  Descriptor directory(openat(directory_.get(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::unique_ptr<DIR, int (*)(DIR*)> stream(directory ? fdopendir(directory.get()) : nullptr, closedir);
  if (!stream) {
    const int error = errno;
    return fail(fmt::format("can not list tracefs directory {}: {}", path, std::strerror(error)), "", error);
  }
  directory.release();  // the stream closes it
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream.get())) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names);
  return names;
}

Result<std::string> read_file_at(int directory, const std::string& path) {
  Descriptor file(openat(directory, path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  ssize_t count = -1;
  if (file) {
    char buffer[16384];
    while ((count = ::read(file.get(), buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(count));
  }
  if (count < 0) {
    const int error = errno;
    return fail(fmt::format("can not read {}: {}", path, std::strerror(error)), error == EACCES || error == EPERM ? "run as root" : "",
                error);
  }
  return text;
}

}  // namespace fathom
