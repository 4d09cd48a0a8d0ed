// A machine made up by a test: whatever the test puts in is there, nothing else is. Filled with a few tracepoints and types by
// with_samples(), whose facts are small and round so that expectations are easy to read.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ast/c_types.h"
#include "ast/target.h"

namespace fathom {

class FakeTarget : public Target {
 public:
  // Key: category and event.
  std::map<std::pair<std::string, std::string>, TracepointFormat> formats;
  // Event and parameters; an empty list stands for a kernel without BTF.
  std::map<std::string, std::vector<StructMember>> raw_events;
  // By C name: "struct file", "enum color". Integer spellings are always known.
  std::map<std::string, Type> types;
  // By C name, complete: "struct file".
  std::map<std::string, std::shared_ptr<const StructLayout>> layouts;
  std::map<std::string, std::pair<std::int64_t, Type>> enumerators;
  std::set<Feature> features;
  std::vector<KernelFunction> functions;
  std::map<std::string, FunctionSignature> signatures;           // by function
  std::map<std::string, std::shared_ptr<const Executable>> files;  // by path
  std::uint32_t cpus = 2;
  std::map<std::string, std::uint64_t> symbols;
  // Set: tracefs can not be read, and this is why.
  std::optional<Error> tracefs_error;
  // How often find_type was asked for something that is no integer spelling: reading BTF costs time, and some paths must not.
  mutable unsigned type_questions = 0;

  // Adds a struct or union whose members are known.
  const Type& add_struct(const std::string& name, std::uint32_t size, std::vector<StructMember> members, bool is_union = false) {
    const std::string c_name = (is_union ? "union " : "struct ") + name;
    auto layout = std::make_shared<StructLayout>(StructLayout{name, size, is_union, std::move(members)});
    layouts[c_name] = layout;
    return types[c_name] = Type::structure(name, is_union, size, static_cast<std::uint32_t>(100 + types.size()));
  }

  // syscalls:sys_enter_openat, syscalls:sys_exit_openat, sched:sched_switch, irq:irq_handler_entry; raw tracepoint sched_switch;
  // struct task_struct, struct file, enum color.
  static FakeTarget with_samples() {
    FakeTarget target;
    target.features = {Feature::btf, Feature::tracefs, Feature::ring_buffer, Feature::perf_link, Feature::loop,
                       Feature::for_each_map, Feature::percpu_lookup, Feature::function_address, Feature::attach_cookie,
                       Feature::long_printk, Feature::tai_clock, Feature::override_return};
    target.formats[{"syscalls", "sys_enter_openat"}] = {782,
                                                        {{"__syscall_nr", "int", 8, 4, true},
                                                         {"dfd", "int", 16, 8, false},
                                                         {"filename", "const char *", 24, 8, false},
                                                         {"flags", "int", 32, 8, false},
                                                         {"mode", "umode_t", 40, 8, false}}};
    target.formats[{"syscalls", "sys_exit_openat"}] = {781, {{"__syscall_nr", "int", 8, 4, true}, {"ret", "long", 16, 8, true}}};
    target.formats[{"sched", "sched_switch"}] = {372,
                                                 {{"prev_comm", "char[16]", 8, 16, false},
                                                  {"prev_pid", "pid_t", 24, 4, true},
                                                  {"prev_state", "long", 32, 8, true},
                                                  {"next_comm", "char[16]", 40, 16, false},
                                                  {"next_pid", "pid_t", 56, 4, true}}};
    target.formats[{"irq", "irq_handler_entry"}] = {225, {{"irq", "int", 8, 4, true}, {"name", "__data_loc char[]", 12, 4, false}}};

    target.add_struct("file", 32, {{"f_flags", Type::integer(4, false), 8, 0, 0}, {"f_pos", Type::int64(), 16, 0, 0}});
    target.add_struct("task_struct", 64,
                      {{"pid", Type::integer(4, true), 0, 0, 0},
                       {"exiting", Type::integer(4, false), 4, 3, 1},
                       {"comm", Type::string(16), 8, 0, 0},
                       {"parent", Type::pointer(Type::structure("task_struct", false, 64, 0), AddressSpace::kernel), 24, 0, 0},
                       {"file", target.types["struct file"], 32, 0, 0}});
    const Type color = Type::enumeration("color", Type::integer(4, false),
                                         std::make_shared<const std::vector<std::pair<std::int64_t, std::string>>>(
                                             std::vector<std::pair<std::int64_t, std::string>>{{0, "RED"}, {1, "GREEN"}}));
    target.types["enum color"] = color;
    target.enumerators.emplace("RED", std::pair(0, color));
    target.enumerators.emplace("GREEN", std::pair(1, color));
    const Type task = Type::pointer(target.types["struct task_struct"], AddressSpace::kernel);
    target.raw_events["sched_switch"] = {{"preempt", Type::boolean(), 0, 0, 0}, {"prev", task, 8, 0, 0}, {"next", task, 16, 0, 0}};
    return target;
  }

  Result<std::vector<TracepointName>> tracepoints(std::string_view category, std::string_view event) const override {
    if (tracefs_error) return std::unexpected(*tracefs_error);
    std::vector<TracepointName> found;
    for (const auto& [name, format] : formats) {
      if (glob_match(category, name.first) && glob_match(event, name.second)) found.push_back({name.first, name.second});
    }
    return found;
  }

  Result<TracepointFormat> tracepoint_format(std::string_view category, std::string_view event) const override {
    if (tracefs_error) return std::unexpected(*tracefs_error);
    const auto found = formats.find({std::string(category), std::string(event)});
    if (found == formats.end()) return fail("there is no tracepoint " + std::string(category) + ":" + std::string(event), "", 2);
    return found->second;
  }

  Result<std::vector<std::string>> raw_tracepoints(std::string_view event) const override {
    std::vector<std::string> found;
    for (const auto& [name, parameters] : raw_events) {
      if (glob_match(event, name)) found.push_back(name);
    }
    return found;
  }

  std::optional<Type> find_type(std::string_view name) const override {
    if (std::optional<Type> integer = c_integer_type(name)) return integer;
    ++type_questions;
    const auto found = types.find(std::string(name));
    return found == types.end() ? std::nullopt : std::optional(found->second);
  }

  std::shared_ptr<const StructLayout> layout(const Type& structure) const override {
    const auto found = layouts.find((structure.is_union() ? "union " : "struct ") + structure.name());
    return found == layouts.end() ? nullptr : found->second;
  }

  std::vector<std::string> struct_names() const override {
    std::vector<std::string> names;
    for (const auto& [name, layout] : layouts) names.push_back(name);
    return names;
  }

  std::optional<std::pair<std::int64_t, Type>> enumerator(std::string_view name) const override {
    const auto found = enumerators.find(std::string(name));
    return found == enumerators.end() ? std::nullopt : std::optional(found->second);
  }

  std::vector<StructMember> raw_tracepoint_parameters(std::string_view event) const override {
    const auto found = raw_events.find(std::string(event));
    return found == raw_events.end() ? std::vector<StructMember>() : found->second;
  }

  std::optional<std::uint64_t> kernel_symbol(std::string_view name) const override {
    const auto found = symbols.find(std::string(name));
    return found == symbols.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<Type> kernel_variable(std::string_view) const override { return std::nullopt; }
  bool has_kfunc(std::string_view name) const override { return name == "bpf_rcu_read_lock"; }
  bool allows_kfunc(std::string_view, ProgramKind) const override { return false; }
  Result<std::uint64_t> cgroup_id(const std::string& directory) const override {
    return directory == "/sys/fs/cgroup" ? Result<std::uint64_t>(1) : fail("there is no control group `" + directory + "`");
  }
  std::optional<PidNamespace> pid_namespace() const override { return std::nullopt; }
  Result<std::vector<KernelFunction>> kernel_functions(std::string_view module, std::string_view function) const override {
    std::vector<KernelFunction> found;
    for (const KernelFunction& known : functions) {
      if (glob_match(function, known.name) && (module.empty() || glob_match(module, known.module))) found.push_back(known);
    }
    return found;
  }
  std::optional<FunctionSignature> signature(std::string_view, std::string_view function) const override {
    const auto found = signatures.find(std::string(function));
    return found == signatures.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<KernelFunction> left_out_functions(std::string_view, std::string_view) const override { return {}; }
  Result<std::vector<LoadedFunction>> loaded_functions(std::uint32_t, std::string_view) const override { return std::vector<LoadedFunction>(); }
  std::shared_ptr<const DebugInfo> debug_info(const std::string&) const override { return nullptr; }
  std::vector<std::uint64_t> instructions(const Executable&, std::uint64_t, std::uint64_t address) const override { return {address}; }
  std::vector<std::string> executables(std::string_view name) const override {
    const auto found = files.find(std::string(name));
    return found == files.end() ? std::vector<std::string>() : std::vector{found->first};
  }
  Result<std::shared_ptr<const Executable>> executable(const std::string& path) const override {
    const auto found = files.find(path);
    if (found == files.end()) return fail("there is no file " + path, "", 2);
    return found->second;
  }
  std::optional<std::uint32_t> process() const override { return std::nullopt; }
  std::uint32_t most_stack_frames() const override { return default_stack_frames; }

  std::uint32_t possible_cpus() const override { return cpus; }
  bool has(Feature feature) const override { return features.contains(feature); }
};

}  // namespace fathom
