// The running kernel as a Target. The one place where check and the probe types learn about the machine. Lazy: constructing it reads
// nothing; every answer is remembered. Not for use by several threads at once.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ast/target.h"
#include "runtime/btf.h"
#include "runtime/elf.h"
#include "runtime/kernel_functions.h"
#include "runtime/tracefs.h"

namespace fathom {

class LinuxTarget : public Target {
 public:
  // `btf`: a file that describes the kernel's types instead of the kernel itself; "none": there is no such description. Empty: the kernel's own.
  explicit LinuxTarget(const std::string& btf = {}) : btf_(btf), has_other_btf_(!btf.empty()) {}

  Result<std::vector<TracepointName>> tracepoints(std::string_view category, std::string_view event) const override;
  Result<TracepointFormat> tracepoint_format(std::string_view category, std::string_view event) const override;
  Result<std::vector<std::string>> raw_tracepoints(std::string_view event) const override;

  std::optional<Type> find_type(std::string_view name) const override { return btf_.find_type(name); }
  std::shared_ptr<const StructLayout> layout(const Type& structure) const override { return btf_.layout(structure); }
  std::vector<std::string> struct_names() const override { return btf_.struct_names(); }
  std::optional<std::pair<std::int64_t, Type>> enumerator(std::string_view name) const override { return btf_.enumerator(name); }
  std::vector<StructMember> raw_tracepoint_parameters(std::string_view event) const override {
    return btf_.raw_tracepoint_parameters(event);
  }

  std::optional<std::uint64_t> kernel_symbol(std::string_view name) const override;
  std::optional<Type> kernel_variable(std::string_view name) const override { return btf_.variable(name); }
  bool has_kfunc(std::string_view name) const override { return btf_.is_kfunc(name); }
  bool allows_kfunc(std::string_view name, ProgramKind kind) const override;
  Result<std::uint64_t> cgroup_id(const std::string& directory) const override;
  std::optional<PidNamespace> pid_namespace() const override;

  Result<std::vector<KernelFunction>> kernel_functions(std::string_view module, std::string_view function) const override;
  std::optional<FunctionSignature> signature(std::string_view module, std::string_view function) const override;
  std::vector<KernelFunction> left_out_functions(std::string_view module, std::string_view function) const override;
  Result<std::vector<LoadedFunction>> loaded_functions(std::uint32_t program, std::string_view function) const override;
  std::vector<std::string> executables(std::string_view name) const override;
  Result<std::shared_ptr<const Executable>> executable(const std::string& path) const override;
  std::optional<std::uint32_t> process() const override { return process_; }
  void bind_to(std::uint32_t process) { process_ = process; }
  // The kernel is taken not to have this.
  void do_without(Feature feature) { features_[static_cast<std::size_t>(feature)] = false; }
  // A file with the names of the functions that can be traced, in the place of the kernel's own list.
  Result<void> read_traceable(const std::string& path) { return kernel_functions_.read_traceable(path); }
  std::shared_ptr<const DebugInfo> debug_info(const std::string& path) const override;
  std::vector<std::uint64_t> instructions(const Executable& binary, std::uint64_t function, std::uint64_t address) const override;
  // Without one no code can be looked at.
  void read_instructions_with(InstructionReader reader) { instruction_reader_ = reader; }
  // Without one there is no debugging information.
  void read_debug_info_with(DebugInfoReader reader) { debug_reader_ = reader; }
  // Where separate files with debugging information are looked for.
  void look_for_debug_files_in(DebugFolders folders) { debug_folders_ = std::move(folders); }

  std::uint32_t most_stack_frames() const override;
  std::uint32_t possible_cpus() const override;
  bool has(Feature feature) const override;

  // Kernel types for -l: see Btf.
  std::vector<TypeDefinition> type_definitions(std::string_view keyword, std::string_view pattern, bool whole) const {
    return btf_.definitions(keyword, pattern, whole);
  }
  // The tracing directory, for those who need more of it than the above. The pointer lives as long as the target.
  Result<const Tracefs*> tracefs() const;

 private:
  mutable std::map<std::string, std::optional<std::uint64_t>, std::less<>> symbols_;
  mutable std::map<std::pair<std::string, ProgramKind>, bool> kfuncs_;
  // Category names; those below which tracepoints that can be attached to stand.
  Result<std::vector<std::string>> categories() const;
  const std::vector<std::string>& events(const Tracefs& tracefs, const std::string& category) const;
  bool is_tracepoint(const Tracefs& tracefs, const std::string& category, const std::string& event) const;
  bool traces_raw_event(const Tracefs& tracefs, const std::string& event) const;

  mutable Btf btf_;
  bool has_other_btf_;
  mutable std::optional<Result<Tracefs>> tracefs_;
  mutable std::optional<std::vector<std::string>> categories_;
  mutable std::map<std::string, std::vector<std::string>> events_;
  mutable std::map<std::pair<std::string, std::string>, TracepointFormat> formats_;
  mutable KernelFunctions kernel_functions_;
  mutable std::map<std::string, std::shared_ptr<const Executable>> executables_;
  mutable std::map<std::string, std::shared_ptr<const DebugInfo>> debug_infos_;
  DebugInfoReader debug_reader_ = nullptr;
  InstructionReader instruction_reader_ = nullptr;
  DebugFolders debug_folders_ = usual_debug_folders();
  mutable std::optional<std::uint32_t> possible_cpus_;
  mutable std::array<std::optional<bool>, feature_count> features_;
  std::optional<std::uint32_t> process_;
};

}  // namespace fathom
