// iter: walks once over all objects of a kind (tasks, open files, sockets, …) and runs the body for each. What it can go over are the types
// bpf_iter__NAME of the kernel's type information; the body reads their members as ctx.MEMBER.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "runtime/probes/attach.h"
#include "runtime/probes/provider.h"

namespace fathom {

namespace {

constexpr std::string_view of_tasks = "task";
constexpr std::string_view of_cgroups = "cgroup";
constexpr std::string_view pins = "/sys/fs/bpf";
constexpr std::string_view type_prefix = "struct bpf_iter__";

std::string text_of(std::string_view name) { return fmt::format("{}:{}", iter_probe.name, name); }

Parsed parse(std::span<const std::string> parts) {
  const std::string_view syntax = iter_probe.syntax;
  if (const auto problem = name_problem(parts, 0, "an iterator's name", syntax, Globs::refused)) return std::unexpected(*problem);
  if (parts.size() > 2) return bad_part(2, "iter takes a name and a pin, and nothing more", fmt::format("write it as `{}`", syntax));
  AttachPoint point;
  point.provider = iter_probe.name;
  point.function = parts[0];
  point.text = text_of(parts[0]);
  if (parts.size() == 1) return point;
  if (parts[1].empty()) return bad_part(1, "the pin is missing", fmt::format("write it as `{}`", syntax));
  point.target = parts[1].starts_with('/') ? parts[1] : fmt::format("{}/{}", pins, parts[1]);
  point.text += ":" + parts[1];
  return point;
}

Result<std::vector<AttachPoint>> expand(const AttachPoint& pattern, const Target& target) {
  if (!target.has(Feature::btf)) return fail("iterators need the kernel's type information (/sys/kernel/btf/vmlinux)");
  if (!target.find_type(std::string(type_prefix) + pattern.function)) return std::vector<AttachPoint>();
  return std::vector{pattern};
}

Result<Context> context(const AttachPoint& point, const Target& target) {
  Context result;
  if (const auto type = target.find_type(std::string(type_prefix) + point.function)) result.raw = *type;
  return result;
}

std::vector<std::string> names(const Target& target) {
  std::vector<std::string> found;
  for (const std::string& type : target.struct_names()) {
    // `bpf_iter__task__safe_trusted` only tells the verifier something about the members of `bpf_iter__task`.
    if (type.starts_with(type_prefix) && type.find("__", type_prefix.size()) == std::string::npos) found.push_back(type.substr(type_prefix.size()));
  }
  return found;
}

std::vector<std::string> suggestions(const AttachPoint&, const Target& target) {
  std::vector<std::string> texts = names(target);
  for (std::string& name : texts) name = text_of(name);
  return texts;
}

Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target& target, bool with_arguments) {
  std::vector<ListedProbe> listed;
  for (const std::string& name : names(target)) {
    if (!glob_match(glob_at(parts, 0), name)) continue;
    ListedProbe& line = listed.emplace_back(ListedProbe{text_of(name), {}});
    const auto type = target.find_type(std::string(type_prefix) + name);
    const auto layout = type ? target.layout(*type) : nullptr;
    for (std::size_t i = 0; with_arguments && layout && i < layout->members.size(); ++i) {
      // Members are wrapped in a union of their own, so that they take 8 bytes on every machine.
      const StructMember* member = &layout->members[i];
      const auto inner = member->name.empty() && member->type.is_structure() ? target.layout(member->type) : nullptr;
      if (inner && !inner->members.empty()) member = &inner->members.front();
      if (!member->name.empty()) line.arguments.push_back(fmt::format("{} {}", to_string(member->type), member->name));
    }
  }
  return listed;
}

Result<void> pin(Link& link, const AttachPoint& point) {
  if (point.target.empty()) return {};
  if (bpf_obj_pin(link.descriptor(), point.target.c_str()) == 0) {
    link.set_pin(point.target);
    return {};
  }
  const std::string message = fmt::format("can not pin {} to {}", point.text, point.target);
  switch (errno) {
    case EEXIST: return fail(message + ": there is such a file already", fmt::format("remove it with `rm {}`", point.target), EEXIST);
    case ENOENT: return fail(message + ": the directory does not exist", fmt::format("make it below {}", pins), ENOENT);
    case EPERM: return fail(message + ": that is no BPF file system", fmt::format("mount it with `mount -t bpf bpf {}`", pins), EPERM);
    default: return fail(fmt::format("{} ({})", message, strerrordesc_np(errno)), "choose another name", errno);
  }
}

// What an iterator goes over: the parts of union bpf_iter_link_info about tasks and cgroups; as long as the kernel's, of which it takes no less.
struct TaskFilter {
  std::uint32_t thread, process, descriptor, padding;
};
struct CgroupOrder {
  std::uint32_t order, descriptor;
  std::uint64_t id;  // neither: from the root of the hierarchy
};
union Objects {
  TaskFilter tasks;
  CgroupOrder cgroups;
};
constexpr std::uint32_t parents_first = 2;  // BPF_CGROUP_ITER_DESCENDANTS_PRE

// The link alone does nothing: the session reads from it, which runs the program for each object.
Result<std::vector<Link>> attach(const AttachRequest& request) {
  std::vector<Link> links;
  for (const AttachPoint& point : request.attach_points) {
    // The kernel can go over the tasks of one process, their files and their memory (since 6.1), and over cgroups in some order.
    Objects objects = {};
    bpf_link_create_opts options = {};
    options.sz = sizeof options;
    const bool is_filtered = request.only && point.function.starts_with(of_tasks);
    const bool is_ordered = point.function == of_cgroups;
    if (is_filtered) objects.tasks.process = *request.only;
    if (is_ordered) objects.cgroups.order = parents_first;
    if (is_filtered || is_ordered) {
      options.iter_info = reinterpret_cast<bpf_iter_link_info*>(&objects);
      options.iter_info_len = sizeof objects;
    }
    const int link = bpf_link_create(request.program, 0, BPF_TRACE_ITER, &options);
    if (link < 0 && (errno == EINVAL || errno == EBADF)) {
      return fail(fmt::format("can not attach {}: the kernel wants to know what to go over", point.text), "this iterator needs a map, which scripts can not name", EINVAL);
    }
    if (link < 0) return std::unexpected(attach_error(point, errno));
    links.emplace_back(link);
    if (auto pinned = pin(links.back(), point); !pinned) return std::unexpected(pinned.error());
  }
  return links;
}

}  // namespace

const ProbeType iter_probe = {
    .name = "iter",
    .aliases = {"it"},
    .syntax = "iter:NAME:PIN",
    .doc = "Goes once over all objects of a kind, such as `task` or `task_file`, and runs for each; ctx.MEMBER is the object. With a pin it stays as that "
           "file, below /sys/fs/bpf, and runs for whoever reads the file.",
    .program = ProgramKind::iterator,
    .moment = Moment::attached,
    .filters_process_at_attach = true,
    .one_program_per_point = true,
    .needs = Feature::iterator,
    .instead = "files below /proc tell the same",
    .parse = parse,
    .expand = expand,
    .context = context,
    .suggestions = suggestions,
    .list = list,
    .attach = attach,
};

}  // namespace fathom
