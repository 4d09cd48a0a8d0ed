// Headers are known by their folder; those without one by name.
#include "definitions/headers.h"

#include <algorithm>
#include <iterator>

namespace fathom {

namespace {

constexpr std::string_view folders[] = {
    // the kernel's
    "acpi", "asm", "asm-generic", "block", "bpf", "clocksource", "crypto", "cxl", "drm", "dt-bindings", "fs", "generated", "keys", "kunit", "kvm",
    "linux", "math-emu", "media", "memory", "misc", "mm", "mtd", "net", "pcmcia", "ras", "rdma", "rv", "scsi", "soc", "sound", "target", "trace",
    "uapi", "ufs", "vdso", "video", "xen", "kernel",
    // the C library's
    "arpa", "bits", "gnu", "netash", "netatalk", "netax25", "neteconet", "netinet", "netipx", "netiucv", "netpacket", "netrom", "netrose", "nfs",
    "protocols", "rpc", "sys"};

constexpr std::string_view files[] = {
    "aio.h",    "assert.h",   "byteswap.h", "complex.h",   "cpio.h",    "ctype.h",   "dirent.h",     "dlfcn.h",     "elf.h",      "endian.h",
    "err.h",    "errno.h",    "fcntl.h",    "features.h",  "fenv.h",    "float.h",   "fts.h",        "getopt.h",    "glob.h",     "grp.h",
    "ifaddrs.h", "inttypes.h", "iso646.h",  "langinfo.h",  "libgen.h",  "limits.h",  "link.h",       "locale.h",    "malloc.h",   "math.h",
    "memory.h", "mntent.h",   "mqueue.h",   "netdb.h",     "paths.h",   "poll.h",    "pthread.h",    "pty.h",       "pwd.h",      "regex.h",
    "resolv.h", "sched.h",    "search.h",   "semaphore.h", "setjmp.h",  "shadow.h",  "signal.h",     "spawn.h",     "stdalign.h", "stdarg.h",
    "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h",    "stdio.h",   "stdlib.h",  "stdnoreturn.h", "string.h",   "strings.h",  "stropts.h",
    "syscall.h", "sysexits.h", "syslog.h",  "tar.h",       "termio.h",  "termios.h", "threads.h",    "time.h",      "ttyent.h",   "uchar.h",
    "ucontext.h", "ulimit.h", "unistd.h",   "utime.h",     "utmp.h",    "utmpx.h",   "values.h",     "vmlinux.h",   "wait.h",     "wchar.h",
    "wctype.h", "wordexp.h"};

std::string joined(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return std::string(directory) + (directory.ends_with('/') ? "" : "/") + std::string(name);
}

std::optional<Header> try_read(const std::string& path, const CSetup& setup) {
  if (!setup.read) return std::nullopt;
  Result<std::string> text = setup.read(path);
  if (!text) return std::nullopt;
  return Header{path, std::move(*text)};
}

}  // namespace

bool is_usual_header(std::string_view name) {
  if (!name.ends_with(".h")) return false;
  const std::size_t slash = name.find('/');
  if (slash == name.npos) return std::ranges::find(files, name) != std::end(files);
  return std::ranges::find(folders, name.substr(0, slash)) != std::end(folders);
}

std::optional<Header> find_header(std::string_view name, std::optional<std::string_view> directory, const CSetup& setup) {
  if (name.starts_with('/')) return try_read(std::string(name), setup);
  if (directory) {
    if (std::optional<Header> found = try_read(joined(*directory, name), setup)) return found;
  }
  for (const std::string& each : setup.directories) {
    if (std::optional<Header> found = try_read(joined(each, name), setup)) return found;
  }
  return std::nullopt;
}

}  // namespace fathom
