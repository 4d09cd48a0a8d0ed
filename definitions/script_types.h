// The machine as a script sees it: what the script defines in C comes first, then the machine's own. Everything else is handed through.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ast/target.h"
#include "definitions/declarations.h"
#include "definitions/late_headers.h"

namespace fathom {

class ScriptTypes final : public Target {
 public:
  // `machine` must outlive it.
  ScriptTypes(const Target& machine, Declarations declarations, LateHeaders headers = {{}, {}})
      : machine_(machine), declarations_(std::move(declarations)), headers_(std::move(headers)) {}

  // A struct of the script wins over the kernel's of the same name, also where one of the kernel's structs points to it.
  std::optional<Type> find_type(std::string_view name) const override;
  std::shared_ptr<const StructLayout> layout(const Type& structure) const override;
  std::vector<std::string> struct_names() const override;
  std::optional<std::pair<std::int64_t, Type>> enumerator(std::string_view name) const override;

  Result<std::vector<TracepointName>> tracepoints(std::string_view category, std::string_view event) const override {
    return machine_.tracepoints(category, event);
  }
  Result<TracepointFormat> tracepoint_format(std::string_view category, std::string_view event) const override {
    return machine_.tracepoint_format(category, event);
  }
  Result<std::vector<std::string>> raw_tracepoints(std::string_view event) const override { return machine_.raw_tracepoints(event); }
  std::vector<StructMember> raw_tracepoint_parameters(std::string_view event) const override {
    return machine_.raw_tracepoint_parameters(event);
  }
  std::optional<std::uint64_t> kernel_symbol(std::string_view name) const override { return machine_.kernel_symbol(name); }
  std::optional<Type> kernel_variable(std::string_view name) const override { return machine_.kernel_variable(name); }
  bool has_kfunc(std::string_view name) const override { return machine_.has_kfunc(name); }
  bool allows_kfunc(std::string_view name, ProgramKind kind) const override { return machine_.allows_kfunc(name, kind); }
  Result<std::uint64_t> cgroup_id(const std::string& directory) const override { return machine_.cgroup_id(directory); }
  std::optional<PidNamespace> pid_namespace() const override { return machine_.pid_namespace(); }
  Result<std::vector<KernelFunction>> kernel_functions(std::string_view module, std::string_view function) const override {
    return machine_.kernel_functions(module, function);
  }
  std::optional<FunctionSignature> signature(std::string_view module, std::string_view function) const override {
    return machine_.signature(module, function);
  }
  std::vector<KernelFunction> left_out_functions(std::string_view module, std::string_view function) const override {
    return machine_.left_out_functions(module, function);
  }
  Result<std::vector<LoadedFunction>> loaded_functions(std::uint32_t program, std::string_view function) const override {
    return machine_.loaded_functions(program, function);
  }
  std::shared_ptr<const DebugInfo> debug_info(const std::string& path) const override { return machine_.debug_info(path); }
  std::vector<std::uint64_t> instructions(const Executable& binary, std::uint64_t function, std::uint64_t address) const override {
    return machine_.instructions(binary, function, address);
  }
  std::vector<std::string> executables(std::string_view name) const override { return machine_.executables(name); }
  Result<std::shared_ptr<const Executable>> executable(const std::string& path) const override { return machine_.executable(path); }
  std::optional<std::uint32_t> process() const override { return machine_.process(); }
  std::uint32_t most_stack_frames() const override { return machine_.most_stack_frames(); }
  std::uint32_t possible_cpus() const override { return machine_.possible_cpus(); }
  bool has(Feature feature) const override { return machine_.has(feature); }

 private:
  const Target& machine_;
  Declarations declarations_;
  mutable LateHeaders headers_;
};

}  // namespace fathom
