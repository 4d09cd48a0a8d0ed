// Reading of the two lists.
#include "runtime/kernel_functions.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <tuple>

namespace fathom {

namespace {

constexpr std::string_view kernel_itself = "vmlinux";

// The kernel's placeholders for functions that it dropped when it started.
bool is_no_function(std::string_view name) { return name.starts_with("__ftrace_invalid_address__"); }

// What runs when a program runs: dispatch, helpers, maps and rings, reading of memory, stacks. Prefixes end in an underscore.
constexpr std::string_view own_path[] = {
    "bpf_", "__bpf_", "____bpf_", "btf_", "htab_", "__htab_", "array_map_", "percpu_array_map_", "ringbuf_", "__pcpu_freelist_",
    "pcpu_freelist_", "trace_call_bpf", "perf_trace_run_bpf_submit", "kprobe_", "kretprobe_", "__kprobe_", "optimized_callback", "fprobe_",
    "rethook_", "__ftrace_", "ftrace_", "arch_ftrace_", "uprobe_", "copy_from_kernel_nofault", "copy_from_user_nofault", "strncpy_from_kernel_nofault",
    "strncpy_from_user_nofault", "get_perf_callchain", "perf_callchain_", "get_callchain_entry", "put_callchain_entry", "stack_trace_save",
    "unwind_next_frame", "unwind_get_return_address", "__unwind_start", "migrate_disable", "migrate_enable", "preempt_count_add",
    "preempt_count_sub", "_raw_spin_", "_raw_read_", "_raw_write_", "queued_spin_lock_slowpath", "native_queued_spin_lock_slowpath",
    "lock_acquire", "lock_release", "irq_work_queue", "__irq_work_queue_local",
};

template <class Parse>
std::vector<KernelFunction> parse_lines(std::string_view text, Parse parse) {
  std::vector<KernelFunction> functions;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (auto function = parse(text.substr(0, end)); function && !is_no_function(function->name)) functions.push_back(std::move(*function));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  const auto key = [](const KernelFunction& function) { return std::tie(function.name, function.module); };
  std::ranges::sort(functions, [&](const KernelFunction& a, const KernelFunction& b) { return key(a) < key(b); });
  const auto repeated = std::ranges::unique(functions, [&](const KernelFunction& a, const KernelFunction& b) { return key(a) == key(b); });
  functions.erase(repeated.begin(), repeated.end());
  return functions;
}

bool module_matches(std::string_view pattern, std::string_view module) { return pattern.empty() || glob_match(pattern, module); }

bool matches(const KernelFunction& function, std::string_view module, std::string_view pattern) {
  return glob_match(pattern, function.name) && module_matches(module, function.module);
}

// "name [module]" with a blank or a tab between.
KernelFunction split_module(std::string_view text) {
  const std::size_t gap = text.find_first_of(" \t");
  if (gap == std::string_view::npos) return {std::string(kernel_itself), std::string(text)};
  std::string_view module = text.substr(gap + 1);
  if (module.starts_with('[')) module.remove_prefix(1);
  module = module.substr(0, module.find(']'));
  return {std::string(module), std::string(text.substr(0, gap))};
}

}  // namespace

bool is_never_matched(std::string_view function) {
  constexpr std::string_view names[] = {"arch_cpu_idle", "default_idle", "bpf_dispatcher_xdp_func"};
  return function.starts_with("rcu_") || is_no_function(function) || std::ranges::count(names, function) != 0;
}

bool is_on_own_path(std::string_view function, std::string_view pattern) {
  const std::string_view spelled = pattern.substr(0, pattern.find_first_of("*?["));
  return std::ranges::any_of(own_path, [&](std::string_view name) {
    const bool is_it = name.ends_with('_') ? function.starts_with(name) : function == name;
    return is_it && !spelled.starts_with(name);
  });
}

std::optional<KernelFunction> parse_traceable(std::string_view line) {
  if (line.empty() || line.front() == ' ') return std::nullopt;
  return split_module(line);
}

std::optional<KernelFunction> parse_kallsyms_function(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || blank + 3 >= line.size()) return std::nullopt;
  const char kind = line[blank + 1];
  if (kind != 't' && kind != 'T' && kind != 'w' && kind != 'W') return std::nullopt;
  // In front of a function some kernels have room for others to jump to, under a name of its own.
  const std::string_view name = line.substr(blank + 3);
  if (name.starts_with("__pfx_") || name.starts_with("__cfi_")) return std::nullopt;
  return split_module(name);
}

const std::string& KernelFunctions::kallsyms() {
  if (!kallsyms_) kallsyms_ = read_file_at(AT_FDCWD, "/proc/kallsyms").value_or(std::string());
  return *kallsyms_;
}

std::optional<KernelFunction> KernelFunctions::find(std::string_view module, std::string_view name) {
  const std::string& text = kallsyms();
  const std::string wanted = " " + std::string(name);
  for (std::size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) {
    const std::size_t end = at + wanted.size();
    if (end < text.size() && text[end] != '\n' && text[end] != '\t') continue;
    const std::size_t begin = text.rfind('\n', at) + 1;
    auto function = parse_kallsyms_function(std::string_view(text).substr(begin, text.find('\n', at) - begin));
    if (function && module_matches(module, function->module)) return function;
  }
  return std::nullopt;
}

const std::vector<KernelFunction>& KernelFunctions::all(const Tracefs* tracefs) {
  if (all_) return *all_;
  const Result<std::string> traceable = tracefs == nullptr ? Result<std::string>(fail("")) : tracefs->read("available_filter_functions");
  is_list_of_traceable_ = traceable && !traceable->empty();
  all_ = is_list_of_traceable_ ? parse_lines(*traceable, parse_traceable) : parse_lines(kallsyms(), parse_kallsyms_function);
  return *all_;
}

// The list has each function once, under one of the names that stand at its address: `__ia32_sys_getppid`, but not `__x64_sys_getppid`.
const std::vector<KernelFunctions::Alias>& KernelFunctions::aliases() {
  if (aliases_) return *aliases_;
  aliases_.emplace();
  if (!is_list_of_traceable_) return *aliases_;
  const auto key = [](const KernelFunction& function) { return std::tie(function.name, function.module); };
  std::vector<KernelFunction> names;  // at one address
  const auto take = [&] {
    const auto is_known = [&](const KernelFunction& name) {
      return std::ranges::binary_search(*all_, name, [&](const KernelFunction& a, const KernelFunction& b) { return key(a) < key(b); });
    };
    const auto known = names.size() < 2 ? names.end() : std::ranges::find_if(names, is_known);
    for (const KernelFunction& name : names) {
      if (known != names.end() && !is_known(name)) aliases_->push_back({name, known->name});
    }
    names.clear();
  };
  std::string_view text = kallsyms(), address;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view place = line.substr(0, line.find(' '));
    if (place != address || place.find_first_not_of('0') == std::string_view::npos) take();
    address = place;
    if (auto function = parse_kallsyms_function(line)) names.push_back(std::move(*function));
  }
  take();
  return *aliases_;
}

Result<void> KernelFunctions::read_traceable(const std::string& path) {
  const auto text = read_file_at(AT_FDCWD, path.c_str());
  if (!text) return fail(fmt::format("{} can not be read ({})", path, strerrordesc_np(text.error().system_error)), "--traceable-functions takes a copy of available_filter_functions");
  all_ = parse_lines(*text, parse_traceable);
  is_list_of_traceable_ = true;
  if (all_->empty()) return fail(fmt::format("{} names no function", path), "--traceable-functions takes a file with a function on each line, with its module in brackets behind it");
  return {};
}

std::vector<KernelFunction> KernelFunctions::match(std::string_view module, std::string_view pattern, const Tracefs* tracefs) {
  std::vector<KernelFunction> found;
  for (const KernelFunction& function : all(tracefs)) {
    if (!matches(function, module, pattern) || is_never_matched(function.name) || is_on_own_path(function.name, pattern)) continue;
    found.push_back(function);
  }
  // Only where the pattern does not match the name in the list: each function counts once.
  const std::size_t listed = found.size();
  for (const Alias& alias : aliases()) {
    const std::string& name = alias.function.name;
    if (!matches(alias.function, module, pattern) || glob_match(pattern, alias.known) || is_never_matched(name) || is_on_own_path(name, pattern)) continue;
    found.push_back(alias.function);
  }
  if (found.size() != listed) std::ranges::sort(found, {}, [](const KernelFunction& function) { return std::tie(function.name, function.module); });
  return found;
}

std::vector<KernelFunction> KernelFunctions::left_out(std::string_view module, std::string_view pattern, const Tracefs* tracefs) {
  std::vector<KernelFunction> found;
  for (const KernelFunction& function : all(tracefs)) {
    if (!matches(function, module, pattern)) continue;
    if (is_never_matched(function.name) || is_on_own_path(function.name, pattern)) found.push_back(function);
  }
  return found;
}

}  // namespace fathom
