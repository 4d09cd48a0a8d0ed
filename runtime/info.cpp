// Lines `name: yes` or `name: no`, each found out by trying.
#include "runtime/info.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/utsname.h>

#include <iterator>

namespace fathom {

namespace {

// Newer than some installed kernel headers.
constexpr int d_path = 147;
constexpr int ktime_get_tai_ns = 208;
constexpr int get_func_ip = 173;
constexpr int map_lookup_percpu_elem = 195;
constexpr int loop = 181;

struct Helper {
  const char* name;
  int number;
  bpf_prog_type program;
};
constexpr Helper helpers[] = {
    {"dpath", d_path, BPF_PROG_TYPE_TRACING},          {"get_tai_ns", ktime_get_tai_ns, BPF_PROG_TYPE_KPROBE},
    {"get_func_ip", get_func_ip, BPF_PROG_TYPE_KPROBE}, {"lookup_percpu_elem", map_lookup_percpu_elem, BPF_PROG_TYPE_KPROBE},
    {"loop", loop, BPF_PROG_TYPE_KPROBE},
};

struct Section {
  std::string text;

  explicit Section(const char* title) : text(fmt::format("{}\n", title)) {}
  void line(std::string_view name, std::string_view value) { fmt::format_to(std::back_inserter(text), "  {}: {}\n", name, value); }
  void line(std::string_view name, bool value) { line(name, std::string_view(value ? "yes" : "no")); }
  std::string done() const { return text + "\n"; }
};

}  // namespace

std::string machine_info(const Target& target, std::string_view version) {
  Section system("System");
  utsname name{};
  uname(&name);
  system.line("OS", fmt::format("{} {} {}", name.sysname, name.release, name.version));
  system.line("Arch", std::string_view(name.machine));

  Section build("Build");
  build.line("version", version);
  build.line("libdw (DWARF support)", false);
  build.line("bcc library path resolution", false);
  build.line("blazesym (advanced symbolization)", false);
  build.line("dwunwind (DWARF stack unwinding)", false);

  Section kernel_helpers("Kernel helpers");
  for (const Helper& helper : helpers) {
    // Programs of the tracing type can not be tried without a function to attach to; the kernel that lists the helper has it.
    int known = libbpf_probe_bpf_helper(helper.program, static_cast<bpf_func_id>(helper.number), nullptr);
    kernel_helpers.line(helper.name, known > 0);
  }

  Section features("Kernel features");
  features.line("Instruction limit", std::string_view("1000000"));
  features.line("btf", target.has(Feature::btf));
  features.line("ring buffer", target.has(Feature::ring_buffer));
  features.line("tracefs", target.has(Feature::tracefs));

  Section probes("Probe types");
  probes.line("kprobe", target.has(Feature::kprobe));
  probes.line("uprobe", target.has(Feature::uprobe));
  probes.line("kprobe_multi", target.has(Feature::fprobe));
  probes.line("fentry", target.has(Feature::fentry));
  return system.done() + build.done() + kernel_helpers.done() + features.done() + probes.done();
}

}  // namespace fathom
