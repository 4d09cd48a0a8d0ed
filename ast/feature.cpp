// The names of features, and what is said where one is missing.
#include "ast/feature.h"

#include <algorithm>
#include <iterator>

namespace fathom {

namespace {

struct Row {
  std::string_view name;
  std::string_view absence;
};

// In the order of the enum.
constexpr Row rows[] = {
    {"btf", "this kernel has no type information (CONFIG_DEBUG_INFO_BTF is off)"},
    {"tracefs", "this kernel has no tracing directory (CONFIG_FTRACE is off)"},
    {"kprobe", "this kernel has no kprobes (CONFIG_KPROBE_EVENTS is off)"},
    {"kprobe_multi", "this kernel has no kprobe_multi links (CONFIG_FPROBE is off)"},
    {"fentry", "this kernel has no BPF trampolines (CONFIG_FUNCTION_TRACER or CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS is off)"},
    {"uprobe", "this kernel has no uprobes (CONFIG_UPROBE_EVENTS is off)"},
    {"uprobe_multi", "this kernel has no uprobe_multi links"},
    {"iter", "this kernel has no BPF iterators (they need CONFIG_DEBUG_INFO_BTF)"},
    {"ring_buffer", "this kernel has no BPF ring buffer (Linux 5.8)"},
    {"perf_link", "this kernel has no BPF links to perf events"},
    {"write_user", "this kernel lets no BPF program write to the memory of a process"},
    {"hardware", "this machine gives no access to its hardware counters, as most virtual machines do"},
    {"breakpoint", "this kernel has no hardware breakpoints (CONFIG_HAVE_HW_BREAKPOINT is off)"},
    {"loop", "this kernel has no bpf_loop() (Linux 5.17)"},
    {"for_each_map", "this kernel has no bpf_for_each_map_elem() (Linux 5.13)"},
    {"lookup_percpu_elem", "this kernel can not read what other CPUs have counted (Linux 5.19)"},
    {"get_func_ip", "this kernel does not tell programs which function they are in (Linux 5.15)"},
    {"attach_cookie", "this kernel does not tell programs which of their attach points fired (Linux 5.15)"},
    {"override", "this kernel lets no program replace what a function returns (CONFIG_BPF_KPROBE_OVERRIDE is off)"},
    {"vprintk", "this kernel's printk takes three values at most (Linux 5.16)"},
    {"get_tai_ns", "this kernel gives programs no TAI clock (Linux 6.1)"},
    {"kprobe_session", "this kernel has no kprobe sessions (Linux 6.10)"},
    {"rawtracepoint_cookie", "this kernel does not tell programs which raw tracepoint fired (Linux 6.10)"},
};
static_assert(std::size(rows) == feature_count);

}  // namespace

std::string_view name_of(Feature feature) { return rows[static_cast<std::size_t>(feature)].name; }
std::string_view absence_of(Feature feature) { return rows[static_cast<std::size_t>(feature)].absence; }

std::optional<Feature> feature_named(std::string_view name) {
  const Row* found = std::ranges::find(rows, name, &Row::name);
  if (found == std::end(rows)) return std::nullopt;
  return static_cast<Feature>(found - std::begin(rows));
}

}  // namespace fathom
