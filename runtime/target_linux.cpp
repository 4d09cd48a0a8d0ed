// Answers from tracefs, BTF and small trials.
#include "runtime/target_linux.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "runtime/cgroups.h"
#include "runtime/cpus.h"
#include "runtime/elf.h"
#include "runtime/elf_file.h"
#include "runtime/features.h"
#include "runtime/find_executables.h"
#include "runtime/loaded_functions.h"
#include "runtime/machine.h"
#include "runtime/symbols.h"
#include "runtime/tracepoint_format.h"

namespace fathom {

namespace {

// Events below these are not backed by a tracepoint of the kernel's source: they are formats for trace readers, are made by users, or
// (syscalls) hang on sys_enter and sys_exit. No raw tracepoint of their name exists.
constexpr std::string_view without_raw_tracepoint[] = {"ftrace",  "syscalls", "kprobes",   "uprobes",
                                                       "fprobes", "eprobes",  "synthetic", "user_events"};
// Formats only; nothing to attach to.
constexpr std::string_view without_tracepoint[] = {"ftrace"};

// Names come from scripts; nothing may lead out of tracefs.
bool is_plain(std::string_view name) { return !name.empty() && name.front() != '.' && name.find('/') == std::string_view::npos; }

}  // namespace

Result<const Tracefs*> LinuxTarget::tracefs() const {
  if (!tracefs_) tracefs_ = Tracefs::open();
  if (!*tracefs_) return std::unexpected(tracefs_->error());
  return &**tracefs_;
}

Result<std::vector<std::string>> LinuxTarget::categories() const {
  const Result<const Tracefs*> tracefs = this->tracefs();
  if (!tracefs) return std::unexpected(tracefs.error());
  if (!categories_) {
    Result<std::vector<std::string>> names = (*tracefs)->directories("events");
    if (!names) return std::unexpected(names.error());
    std::erase_if(*names, [](const std::string& name) { return std::ranges::count(without_tracepoint, name) != 0; });
    categories_ = std::move(*names);
  }
  return *categories_;
}

const std::vector<std::string>& LinuxTarget::events(const Tracefs& tracefs, const std::string& category) const {
  const auto [entry, is_new] = events_.try_emplace(category);
  if (is_new) entry->second = tracefs.directories("events/" + category).value_or(std::vector<std::string>());
  return entry->second;
}

// What has no `enable` file is a format without a tracepoint.
bool LinuxTarget::is_tracepoint(const Tracefs& tracefs, const std::string& category, const std::string& event) const {
  return is_plain(category) && is_plain(event) && tracefs.exists(fmt::format("events/{}/{}/enable", category, event));
}

Result<std::vector<TracepointName>> LinuxTarget::tracepoints(std::string_view category, std::string_view event) const {
  const Result<const Tracefs*> tracefs = this->tracefs();
  if (!tracefs) return std::unexpected(tracefs.error());
  std::vector<std::string> matching;
  if (is_glob(category)) {
    Result<std::vector<std::string>> all = categories();
    if (!all) return std::unexpected(all.error());
    std::ranges::copy_if(*all, std::back_inserter(matching), [&](const std::string& name) { return glob_match(category, name); });
  } else {
    matching.emplace_back(category);
  }

  std::vector<TracepointName> found;
  for (const std::string& name : matching) {
    if (!is_glob(event)) {
      if (is_tracepoint(**tracefs, name, std::string(event))) found.push_back({name, std::string(event)});
      continue;
    }
    if (!is_plain(name) || std::ranges::count(without_tracepoint, name) != 0) continue;
    for (const std::string& candidate : events(**tracefs, name)) {
      if (glob_match(event, candidate)) found.push_back({name, candidate});
    }
  }
  return found;
}

Result<TracepointFormat> LinuxTarget::tracepoint_format(std::string_view category, std::string_view event) const {
  const std::pair key{std::string(category), std::string(event)};
  if (const auto known = formats_.find(key); known != formats_.end()) return known->second;
  const Result<const Tracefs*> tracefs = this->tracefs();
  if (!tracefs) return std::unexpected(tracefs.error());
  const std::string help = fmt::format("list tracepoints with `fathom -l 'tracepoint:{}:*'`", category);
  if (!is_plain(category) || !is_plain(event)) return fail(fmt::format("there is no tracepoint {}:{}", category, event), help, ENOENT);
  const Result<std::string> text = (*tracefs)->read(fmt::format("events/{}/{}/format", category, event));
  if (!text && text.error().system_error == ENOENT) return fail(fmt::format("there is no tracepoint {}:{}", category, event), help, ENOENT);
  if (!text) return std::unexpected(text.error());
  std::optional<TracepointFormat> format = parse_tracepoint_format(*text);
  if (!format) return fail(fmt::format("the kernel describes tracepoint {}:{} in an unknown form", category, event));
  return formats_.emplace(key, std::move(*format)).first->second;
}

bool LinuxTarget::traces_raw_event(const Tracefs& tracefs, const std::string& event) const {
  const Result<std::vector<std::string>> all = categories();
  return all && std::ranges::any_of(*all, [&](const std::string& category) {
           return std::ranges::count(without_raw_tracepoint, category) == 0 && is_tracepoint(tracefs, category, event);
         });
}

// Both sources have names that the other lacks: tracefs has those of modules, BTF those without a trace event. An exact name is looked
// for in tracefs first, because that does not load BTF.
Result<std::vector<std::string>> LinuxTarget::raw_tracepoints(std::string_view event) const {
  const Result<const Tracefs*> tracefs = this->tracefs();
  if (!tracefs && !btf_.available()) return std::unexpected(tracefs.error());
  if (!is_glob(event)) {
    const bool found = (tracefs && traces_raw_event(**tracefs, std::string(event))) || btf_.has_raw_tracepoint(event);
    return found ? std::vector<std::string>{std::string(event)} : std::vector<std::string>{};
  }
  std::set<std::string> found;
  const auto add = [&](const std::string& name) {
    if (glob_match(event, name)) found.insert(name);
  };
  for (const std::string& name : btf_.raw_tracepoints()) add(name);
  for (const std::string& category : categories().value_or(std::vector<std::string>())) {
    if (std::ranges::count(without_raw_tracepoint, category) == 0) std::ranges::for_each(events(**tracefs, category), add);
  }
  return std::vector<std::string>(found.begin(), found.end());
}

std::optional<std::uint64_t> LinuxTarget::kernel_symbol(std::string_view name) const {
  const auto [known, is_new] = symbols_.try_emplace(std::string(name));
  if (is_new) known->second = find_kernel_symbol(name);
  return known->second;
}

bool LinuxTarget::allows_kfunc(std::string_view name, ProgramKind kind) const {
  const auto [known, is_new] = kfuncs_.try_emplace({std::string(name), kind});
  if (is_new) known->second = btf_.is_kfunc(name) && try_kfunc(kind, btf_.function_id(name));
  return known->second;
}

Result<std::uint64_t> LinuxTarget::cgroup_id(const std::string& directory) const { return fathom::cgroup_id(directory); }

std::optional<PidNamespace> LinuxTarget::pid_namespace() const {
  constexpr ino_t initial = 0xeffffffc;  // PROC_PID_INIT_INO
  constexpr unsigned kernel_major_shift = 20;
  struct stat information = {};
  if (stat("/proc/self/ns/pid", &information) != 0 || information.st_ino == initial) return std::nullopt;
  return PidNamespace{(std::uint64_t{major(information.st_dev)} << kernel_major_shift) | minor(information.st_dev), information.st_ino};
}

Result<std::vector<KernelFunction>> LinuxTarget::kernel_functions(std::string_view module, std::string_view function) const {
  const bool in_any_module = module == "*";
  if (!is_glob(function) && (in_any_module || !is_glob(module))) {
    // BTF is at hand sooner than the list of all symbols, though it has not every function. Modules are looked at only if they are asked for.
    const std::uint32_t first = module.empty() ? btf_.function_id(function) : 0;
    std::vector<KernelFunction> described;
    for (const std::uint32_t id : first != 0 ? std::vector{first} : btf_.function_ids(in_any_module ? "" : module, function)) {
      described.push_back({std::string(btf_.module_of(id)), std::string(function)});
    }
    if (!described.empty()) return described;
    if (in_any_module) module = {};
    const std::optional<KernelFunction> found = kernel_functions_.find(module, function);
    return found ? std::vector<KernelFunction>{*found} : std::vector<KernelFunction>{};
  }
  const Result<const Tracefs*> tracefs = this->tracefs();
  return kernel_functions_.match(module, function, tracefs ? *tracefs : nullptr);
}

std::optional<FunctionSignature> LinuxTarget::signature(std::string_view module, std::string_view function) const {
  return btf_.signature(module, function);
}

std::vector<KernelFunction> LinuxTarget::left_out_functions(std::string_view module, std::string_view function) const {
  const Result<const Tracefs*> tracefs = this->tracefs();
  return kernel_functions_.left_out(module, function, tracefs ? *tracefs : nullptr);
}

Result<std::vector<LoadedFunction>> LinuxTarget::loaded_functions(std::uint32_t program, std::string_view function) const {
  return fathom::loaded_functions(program, function);
}

std::shared_ptr<const DebugInfo> LinuxTarget::debug_info(const std::string& path) const {
  const auto binary = executable(path);
  if (!binary || (*binary)->debug_file.empty() || debug_reader_ == nullptr) return nullptr;
  const auto [known, is_new] = debug_infos_.try_emplace((*binary)->debug_file);
  if (is_new) known->second = debug_reader_(known->first);
  return known->second;
}

std::vector<std::uint64_t> LinuxTarget::instructions(const Executable& binary, std::uint64_t function, std::uint64_t address) const {
  constexpr std::uint64_t longest = 15;  // bytes of an instruction
  if (instruction_reader_ == nullptr || address < function) return {};
  const std::string code = read_code(binary, function, address - function + longest);
  std::vector<std::uint64_t> addresses;
  for (const std::size_t offset : instruction_reader_(std::as_bytes(std::span(code)), address - function, binary.is_64_bit)) addresses.push_back(function + offset);
  return addresses;
}

std::vector<std::string> LinuxTarget::executables(std::string_view name) const { return find_executables(name, process_); }

Result<std::shared_ptr<const Executable>> LinuxTarget::executable(const std::string& path) const {
  if (const auto known = executables_.find(path); known != executables_.end()) return known->second;
  Result<Executable> binary = read_executable(path, debug_folders_);
  if (!binary) return std::unexpected(binary.error());
  return executables_.emplace(path, std::make_shared<const Executable>(std::move(*binary))).first->second;
}

std::uint32_t LinuxTarget::most_stack_frames() const {
  const Result<std::string> text = read_file_at(AT_FDCWD, "/proc/sys/kernel/perf_event_max_stack");
  std::uint32_t frames = default_stack_frames;
  if (text) std::from_chars(text->data(), text->data() + text->size(), frames);
  return frames;
}

std::uint32_t LinuxTarget::possible_cpus() const {
  if (!possible_cpus_) possible_cpus_ = possible_cpu_count();
  return *possible_cpus_;
}

bool LinuxTarget::has(Feature feature) const {
  std::optional<bool>& known = features_[static_cast<std::size_t>(feature)];
  if (known) return *known;
  if (takes_privilege_to_try(feature) && !may_trace()) {
    known = true;  // for all that this user can know
  } else if (feature == Feature::tracefs) {
    known = tracefs().has_value();
  } else if (feature == Feature::btf && has_other_btf_) {
    known = btf_.available();
  } else if (feature == Feature::kprobe_session) {
    const auto question = btf_.signature("", "bpf_session_is_return");
    known = question && question->parameters.empty() && try_feature(Feature::fprobe, 0) && try_feature(feature, 0);
  } else {
    // The kernel has this function for its own tests; nothing calls it otherwise.
    known = try_feature(feature, feature == Feature::fentry ? btf_.function_id("bpf_fentry_test1") : 0);
  }
  return *known;
}

}  // namespace fathom
