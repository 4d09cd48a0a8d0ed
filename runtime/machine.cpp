// capget is called directly, which saves a library for one system call.
#include "runtime/machine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "runtime/tracefs.h"

namespace fathom {

namespace {

std::uint64_t effective_capabilities() {
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) != 0) return 0;
  return data[0].effective | static_cast<std::uint64_t>(data[1].effective) << 32;
}

// Numbers from linux/capability.h that older headers lack.
constexpr unsigned cap_perfmon = 38;
constexpr unsigned cap_bpf = 39;

bool has(std::uint64_t capabilities, unsigned number) { return (capabilities >> number & 1) != 0; }

void raise(__rlimit_resource resource, rlim_t wanted) {
  rlimit limit = {};
  if (getrlimit(resource, &limit) != 0) return;
  wanted = std::max(wanted, limit.rlim_max);  // RLIM_INFINITY is the largest number
  const rlimit higher = {.rlim_cur = wanted, .rlim_max = wanted};
  if (setrlimit(resource, &higher) == 0) return;
  limit.rlim_cur = limit.rlim_max;  // what is allowed without privilege
  setrlimit(resource, &limit);
}

}  // namespace

Result<void> check_privileges() {
  const std::string lockdown = read_file_at(AT_FDCWD, "/sys/kernel/security/lockdown").value_or(std::string());
  return check_privileges(effective_capabilities(), lockdown);
}

Result<void> check_privileges(std::uint64_t capabilities, std::string_view lockdown) {
  if (!has(capabilities, CAP_SYS_ADMIN)) {
    const bool bpf = has(capabilities, cap_bpf), perfmon = has(capabilities, cap_perfmon);
    if (!bpf || !perfmon) {
      const std::string_view missing = bpf ? "CAP_PERFMON" : perfmon ? "CAP_BPF" : "CAP_BPF and CAP_PERFMON";
      return fail(fmt::format("tracing needs root: this process lacks {}", missing), "run it as root, for example with `sudo fathom …`");
    }
  }
  if (lockdown.find("[confidentiality]") != std::string_view::npos) {
    return fail("the kernel is locked down in confidentiality mode and lets no program read its memory",
                "boot with `lockdown=integrity` or `lockdown=none` on the kernel command line");
  }
  return {};
}

bool may_trace() {
  const std::uint64_t capabilities = effective_capabilities();
  return has(capabilities, CAP_SYS_ADMIN) || (has(capabilities, cap_bpf) && has(capabilities, cap_perfmon));
}

void raise_limits() {
  raise(RLIMIT_MEMLOCK, RLIM_INFINITY);
  raise(RLIMIT_NOFILE, 1u << 20);  // the kernel's default ceiling (fs.nr_open)
}

}  // namespace fathom
