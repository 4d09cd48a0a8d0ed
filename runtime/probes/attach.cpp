// Linking a program to a perf event, for every provider that is one; and what the kernel's refusals mean.
#include "runtime/probes/attach.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "runtime/descriptor.h"
#include "runtime/probes/provider.h"

namespace fathom {

namespace {

struct Explanation {
  std::string message;
  std::string help;
};

Explanation explain(int error) {
  switch (error) {
    case EPERM:
    case EACCES:
      return {"the kernel does not permit it", "run as root, or with CAP_BPF and CAP_PERFMON"};
    case ENOENT:
      return {"the kernel has no such event", "list what there is with `fathom -l`"};
    case EINVAL:
      return {"the kernel refuses an event with these settings", "check its rate or count"};
    case E2BIG:
      return {"64 programs are attached to it already, and the kernel allows no more", "stop another tracer"};
    case EEXIST:
      return {"this program is attached to it already", "name each attach point once"};
    case EMFILE:
      return {"this process has too many open files", "raise the limit with `ulimit -n 1048576`"};
    case ENFILE:
      return {"the machine has too many open files", "raise the limit with `sysctl fs.file-max=…`"};
    case ENODEV:
    case EOPNOTSUPP:
      return {"this machine does not have the event", "list what there is with `fathom -l`"};
    case ENOSPC:
      return {"no more events of this kind can be open", "stop another tracer or profiler"};
    case ENOMEM:
      return {"the kernel has no memory for it", "attach to fewer events"};
    default:
      return {std::strerror(error), ""};
  }
}

std::unexpected<Error> perf_error(int error) {
  Explanation explanation = explain(error);
  return fail("can not attach to a perf event: " + explanation.message, std::move(explanation.help), error);
}

Result<Descriptor> open_perf_event(const void* attr, int process, int cpu) {
  Descriptor event(static_cast<int>(syscall(SYS_perf_event_open, attr, process, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!event) return perf_error(errno);
  return event;
}

Result<Link> set_on_event(int program, Descriptor event) {
  if (ioctl(event.get(), PERF_EVENT_IOC_SET_BPF, program) != 0 || ioctl(event.get(), PERF_EVENT_IOC_ENABLE, 0) != 0)
    return perf_error(errno);
  return Link(event.release());
}

}  // namespace

Error attach_error(const AttachPoint& point, int system_error) {
  Explanation explanation = explain(system_error);
  return {fmt::format("can not attach {}: {}", point.text, explanation.message), std::move(explanation.help), system_error};
}

Result<Link> attach_perf_event(int program, const void* attr, int process, int cpu, std::uint64_t cookie) {
  Result<Descriptor> event = open_perf_event(attr, process, cpu);
  if (!event) return std::unexpected(event.error());
  bpf_link_create_opts options = {};
  options.sz = sizeof options;
  options.perf_event.bpf_cookie = cookie;
  Descriptor link(bpf_link_create(program, event->get(), BPF_PERF_EVENT, &options));
  // An event has room for 64 programs. Those of runs that have just ended may still be there: see detach_in_background.
  constexpr int tries = 50;
  constexpr useconds_t pause = 100'000;
  for (int i = 0; !link && errno == E2BIG && i < tries; ++i) {
    usleep(pause);
    link = Descriptor(bpf_link_create(program, event->get(), BPF_PERF_EVENT, &options));
  }
  // Kernels before 5.15 have no such links, and no cookies that a program could ask for either.
  if (!link && errno == EINVAL) return set_on_event(program, std::move(*event));
  if (!link) return perf_error(errno);
  return Link(link.release());  // the link keeps the event
}

Result<Link> attach_perf_event_by_ioctl(int program, const void* attr, int process, int cpu) {
  Result<Descriptor> event = open_perf_event(attr, process, cpu);
  if (!event) return std::unexpected(event.error());
  return set_on_event(program, std::move(*event));
}

}  // namespace fathom
