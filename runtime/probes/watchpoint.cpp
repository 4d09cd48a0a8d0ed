// watchpoint: the CPU's debug registers, which fire when an address is read, written or executed. Without -p the address is watched on every
// CPU, in all processes and the kernel; with -p or -c in all threads of the process, also those that it
// starts later.
#include <dirent.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "runtime/probes/function.h"
#include "runtime/probes/sampling.h"

namespace fathom {

namespace {

struct Mode {
  std::string_view letters;
  std::uint32_t type;
};
// What x86-64 can watch for, and the same sets in other orders.
constexpr Mode modes[] = {
    {"w", HW_BREAKPOINT_W}, {"rw", HW_BREAKPOINT_RW}, {"wr", HW_BREAKPOINT_RW}, {"x", HW_BREAKPOINT_X},
};

const Mode* find_mode(std::string_view letters) {
  for (const Mode& mode : modes) {
    if (mode.letters == letters) return &mode;
  }
  return nullptr;
}

Parsed parse(std::span<const std::string> parts) {
  const std::string form = fmt::format("write it as `{}`", watchpoint_probe.syntax);
  if (parts.empty() || parts[0].empty()) return std::unexpected(AttachPointProblem{"the address is missing", form, parts.size()});
  if (parts.size() > 3) return bad_part(3, "watchpoint takes an address, a length and a mode, and nothing more", form);
  const auto address = address_number(parts[0]);
  if (!address && parts[0].find("+arg") != std::string::npos) {
    return bad_part(0, "watchpoints on the argument of a function were removed from the language",
                    "print the address in a uprobe, then watch that: `watchpoint:0x…:8:w`");
  }
  if (!address) return bad_part(0, fmt::format("`{}` is not an address", parts[0]), form);
  if (parts.size() < 2 || parts[1].empty()) return bad_part(1, "the length is missing", form);
  const auto length = attach_point_number(parts[1]);
  if (!length || (*length != 1 && *length != 2 && *length != 4 && *length != 8)) {
    return bad_part(1, fmt::format("`{}` is not a length that can be watched", parts[1]), "the CPU watches 1, 2, 4 or 8 bytes");
  }
  if (parts.size() < 3 || parts[2].empty()) return bad_part(2, "the mode is missing", form);
  if (find_mode(parts[2]) == nullptr) {
    return bad_part(2, fmt::format("the CPU can not watch for `{}`", parts[2]), "the modes are w (written), rw (read or written) and x (executed)");
  }
  const bool is_code = parts[2] == "x";  // whose instructions begin anywhere
  if (is_code && *length != sizeof(long)) return bad_part(1, "code is watched with a length of 8", "write 8 as the length");
  if (!is_code && *address % *length != 0) {
    return bad_part(0, fmt::format("{:#x} is not aligned to {} bytes", *address, *length), "the CPU watches a whole aligned word");
  }
  AttachPoint point;
  point.provider = watchpoint_probe.name;
  point.address = *address;
  point.value = *length;
  point.function = parts[2];
  point.text = fmt::format("{}:{:#x}:{}:{}", point.provider, *address, *length, parts[2]);
  return point;
}

Result<std::vector<ListedProbe>> list(std::span<const std::string>, const Target&, bool) { return std::vector<ListedProbe>(); }

std::vector<int> threads_of(std::uint32_t process) {
  std::vector<int> threads;
  if (DIR* directory = opendir(fmt::format("/proc/{}/task", process).c_str())) {
    while (const dirent* entry = readdir(directory)) {
      if (entry->d_name[0] != '.') threads.push_back(std::atoi(entry->d_name));
    }
    closedir(directory);
  }
  return threads;
}

Error watch_error(const AttachPoint& point, int error) {
  const auto because = [&](std::string_view reason, std::string help) {
    return Error{fmt::format("can not attach {}: {}", point.text, reason), std::move(help), error};
  };
  if (error == ENOSPC) return because("all debug registers are in use", "the CPU has four: watch fewer addresses, or stop a debugger");
  if (error == EINVAL) return because("the CPU can not watch this", "check address, length and mode");
  if (error == ESRCH) return because("the process has ended", "");
  return attach_error(point, error);
}

Result<void> attach_threads(const AttachRequest& request, std::size_t index, const perf_event_attr& attr, std::vector<Link>& links) {
  const std::size_t before = links.size();
  for (const int thread : threads_of(*request.process)) {
    Result<Link> link = attach_perf_event(request.program, &attr, thread, -1, request.first + index);
    if (link) {
      links.push_back(std::move(*link));
    } else if (link.error().system_error != ESRCH) {  // a thread may end in between
      return std::unexpected(link.error());
    }
  }
  return links.size() == before ? Result<void>(fail("", "", ESRCH)) : Result<void>();
}

Result<std::vector<Link>> attach(const AttachRequest& request) {
  std::vector<Link> links;
  for (std::size_t i = 0; i < request.attach_points.size(); ++i) {
    const AttachPoint& point = request.attach_points[i];
    perf_event_attr attr = {};
    attr.size = sizeof attr;
    attr.type = PERF_TYPE_BREAKPOINT;
    attr.bp_type = find_mode(point.function)->type;
    attr.bp_addr = point.address;
    attr.bp_len = point.value;
    attr.sample_period = 1;
    if (request.process) attr.inherit = attr.inherit_thread = 1;
    const Result<void> attached =
        request.process ? attach_threads(request, i, attr, links) : attach_per_cpu(request, i, &attr, request.online_cpus, links);
    if (!attached) return std::unexpected(watch_error(point, attached.error().system_error));
  }
  return links;
}

}  // namespace

const ProbeType watchpoint_probe = {
    .name = "watchpoint",
    .aliases = {"w"},
    .syntax = "watchpoint:ADDRESS:LENGTH:MODE",
    .doc = "Runs when memory is written (mode w), read or written (rw) or executed (x); with -p in that process.",
    .program = ProgramKind::perf_event,
    .moment = Moment::attached,
    .filters_process_at_attach = true,
    .one_program_per_point = true,  // threads that start later inherit the program, but not the cookie
    .can_unwatch = true,
    .needs = Feature::breakpoint,
    .instead = "a probe on the functions that change the memory serves as well",
    .parse = parse,
    .expand = expand_to_itself,
    .context = perf_event_context,
    .suggestions = no_suggestions,
    .list = list,
    .attach = attach,
};

}  // namespace fathom
