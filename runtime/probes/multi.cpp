// bpf(BPF_LINK_CREATE) called directly: the fields that it needs are newer than the library.
#include "runtime/probes/multi.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "runtime/elf_file.h"
#include "runtime/kernel_functions.h"
#include "runtime/probes/kernel_function.h"

namespace fathom {

namespace {

constexpr std::uint32_t return_flag = 1;  // BPF_F_KPROBE_MULTI_RETURN, BPF_F_UPROBE_MULTI_RETURN

// The beginning of union bpf_attr for BPF_LINK_CREATE, with either kind's fields behind it.
struct KprobeLink {
  std::uint32_t program, target, kind, flags;
  std::uint32_t multi_flags, count;
  std::uint64_t symbols, addresses, cookies;
};
struct UprobeLink {
  std::uint32_t program, target, kind, flags;
  std::uint64_t path, offsets, counters, cookies;
  std::uint32_t count, multi_flags, process, padding;
};

std::uint64_t address_of(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory); }

// The module of an attach point (empty: any) and the function.
using ModuleAndName = std::pair<std::string, std::string>;

// Addresses of functions, from one reading of /proc/kallsyms.
std::map<ModuleAndName, std::uint64_t> addresses_of(std::span<const AttachPoint> points) {
  std::map<ModuleAndName, std::uint64_t> addresses;
  for (const AttachPoint& point : points) addresses.emplace(std::pair(point.target, point.function), 0);
  const auto text = read_file_at(AT_FDCWD, "/proc/kallsyms");
  if (!text) return addresses;
  for (std::size_t begin = 0; begin < text->size();) {
    std::size_t end = text->find('\n', begin);
    if (end == std::string::npos) end = text->size();
    const std::string_view line = std::string_view(*text).substr(begin, end - begin);
    begin = end + 1;
    const auto function = parse_kallsyms_function(line);
    if (!function) continue;
    for (const std::string& module : {std::string(), function->module}) {
      const auto wanted = addresses.find({module, function->name});
      if (wanted != addresses.end() && wanted->second == 0) std::from_chars(line.data(), line.data() + line.size(), wanted->second, 16);
    }
  }
  return addresses;
}

}  // namespace

namespace {

// Functions that one link will serve.
struct Batch {
  std::vector<std::uint64_t> addresses, cookies;
};

int link_batch(const AttachRequest& request, const Batch& batch, std::size_t first, std::size_t count, bool at_return) {
  const auto kind = static_cast<std::uint32_t>(request.with_returns ? kprobe_session_attach : kprobe_multi_attach);
  KprobeLink attributes = {.program = static_cast<std::uint32_t>(request.program), .target = 0, .kind = kind, .flags = 0,
                           .multi_flags = at_return ? return_flag : 0, .count = static_cast<std::uint32_t>(count), .symbols = 0,
                           .addresses = address_of(&batch.addresses[first]), .cookies = address_of(&batch.cookies[first])};
  return static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof attributes));
}

// One function that can not be traced makes the kernel refuse them all: then each half is tried by itself.
void link_all(const AttachRequest& request, const Batch& batch, std::size_t first, std::size_t count, bool at_return, std::vector<Link>& links) {
  const int link = link_batch(request, batch, first, count, at_return);
  if (link >= 0) {
    links.emplace_back(link);
  } else if (count == 1 || (errno != EINVAL && errno != ENOENT && errno != ESRCH && errno != EADDRNOTAVAIL)) {
    const Error error = kernel_probe_error(request.attach_points[batch.cookies[first] - request.first], errno);
    request.left_out->insert(request.left_out->end(), count, error);
  } else {
    link_all(request, batch, first, count / 2, at_return, links);
    link_all(request, batch, first + count / 2, count - count / 2, at_return, links);
  }
}

}  // namespace

Error nothing_linked(const AttachRequest& request, std::size_t before, Feature links) {
  Error first = std::move((*request.left_out)[before]);
  request.left_out->resize(before);
  if (request.attach_points.size() > 1 || request.with_returns) {
    first.help += fmt::format("{}`--no-feature {}` attaches to each function by itself", first.help.empty() ? "" : "; ", name_of(links));
  }
  return first;
}

Result<std::vector<Link>> attach_kprobe_multi(const AttachRequest& request, bool at_return) {
  const auto known = addresses_of(request.attach_points);
  const std::size_t before = request.left_out->size();
  Batch batch;
  for (std::size_t i = 0; i < request.attach_points.size(); ++i) {
    const std::uint64_t address = known.at({request.attach_points[i].target, request.attach_points[i].function});
    if (address == 0) {  // hidden, or its module has gone since
      request.left_out->push_back(kernel_probe_error(request.attach_points[i], ENOENT));
      continue;
    }
    batch.addresses.push_back(address);
    batch.cookies.push_back(request.first + i);
  }
  std::vector<Link> links;
  if (!batch.addresses.empty()) link_all(request, batch, 0, batch.addresses.size(), at_return, links);
  if (!links.empty()) return links;
  return std::unexpected(nothing_linked(request, before, request.with_returns ? Feature::kprobe_session : Feature::fprobe));
}

Result<Link> attach_uprobe_multi(const AttachRequest& request, std::span<const AttachPoint> points, std::size_t first, bool at_return) {
  const std::string path = split_archive_path(points.front().target).file;
  std::vector<std::uint64_t> offsets, counters, cookies;
  for (std::size_t i = 0; i < points.size(); ++i) {
    offsets.push_back(points[i].value);
    counters.push_back(points[i].semaphore);
    cookies.push_back(first + i);
  }
  UprobeLink attributes = {.program = static_cast<std::uint32_t>(request.program), .target = 0, .kind = uprobe_multi_attach, .flags = 0,
                           .path = address_of(path.c_str()), .offsets = address_of(offsets.data()),
                           .counters = address_of(counters.data()), .cookies = address_of(cookies.data()),
                           .count = static_cast<std::uint32_t>(points.size()), .multi_flags = at_return ? return_flag : 0,
                           .process = request.process.value_or(0), .padding = 0};
  const int link = static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof attributes));
  if (link < 0) return fail("", "", errno);
  return Link(link);
}

}  // namespace fathom
