// Lines `name: yes` or `name: no`, each found out by trying.
#include "runtime/info.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <iterator>
#include <system_error>

#include "runtime/features.h"
#include "runtime/machine.h"

namespace fathom {

namespace {

// Newer than some installed kernel headers.
constexpr int d_path = 147;

constexpr std::string_view only_root = "only root can find out";

// The kernel may have types of its modules or none.
bool has_module_types() {
  std::error_code ignored;
  const std::filesystem::directory_iterator types("/sys/kernel/btf", ignored);
  return std::any_of(begin(types), end(types), [](const auto& entry) { return entry.path().filename() != "vmlinux"; });
}

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
  build.line("bcc library path resolution", true);  // `uprobe:libc:malloc` finds its file
  build.line("blazesym (advanced symbolization)", false);
  build.line("dwunwind (DWARF stack unwinding)", false);

  Section kernel_helpers("Kernel helpers");
  // Programs of the tracing type can not be tried without a function to attach to; the kernel that lists the helper has it.
  const bool may_try = may_trace();
  if (may_try) {
    kernel_helpers.line("dpath", libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACING, static_cast<bpf_func_id>(d_path), nullptr) > 0);
  } else {
    kernel_helpers.line("dpath", only_root);
  }
  const auto lines = [&](Section& section, std::initializer_list<Feature> features) {
    for (const Feature feature : features) {
      if (may_try || !takes_privilege_to_try(feature)) {
        section.line(name_of(feature), target.has(feature));
      } else {
        section.line(name_of(feature), only_root);
      }
    }
  };
  lines(kernel_helpers, {Feature::tai_clock, Feature::function_address, Feature::percpu_lookup, Feature::loop, Feature::for_each_map,
                         Feature::attach_cookie, Feature::raw_cookie, Feature::override_return, Feature::long_printk, Feature::write_user});

  Section features("Kernel features");
  features.line("Instruction limit", std::string_view("1000000"));
  features.line("btf", target.has(Feature::btf));
  features.line("module btf", has_module_types());
  lines(features, {Feature::ring_buffer, Feature::perf_link, Feature::tracefs});

  Section probes("Probe types");
  lines(probes, {Feature::kprobe, Feature::fprobe, Feature::kprobe_session, Feature::uprobe, Feature::uprobe_multi, Feature::fentry,
                 Feature::iterator, Feature::hardware, Feature::breakpoint});
  return system.done() + build.done() + kernel_helpers.done() + features.done() + probes.done();
}

}  // namespace fathom
