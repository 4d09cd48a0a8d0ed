// What check may ask about the machine that the script will run on. runtime/target_linux answers from the live kernel; tests hand in a
// FakeTarget. Nothing here is read before it is asked for, and every answer is remembered by the implementation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ast/debug_info.h"
#include "ast/executable.h"
#include "ast/feature.h"
#include "ast/result.h"
#include "ast/types.h"

namespace fathom {

// One field of a tracepoint's record, as tracefs describes it.
struct TracepointField {
  std::string name;
  std::string c_type;        // "const char *", "unsigned long", "char[16]", "__data_loc char[]"
  std::uint32_t offset = 0;  // bytes from the start of the record
  std::uint32_t size = 0;    // bytes
  bool is_signed = false;
};

struct TracepointFormat {
  std::uint32_t id = 0;  // perf_event_attr.config
  std::vector<TracepointField> fields;  // without the common_* ones
};

struct TracepointName {
  std::string category;
  std::string event;
};

// A function of the kernel that can be probed by name.
struct KernelFunction {
  std::string module;  // "vmlinux" for the kernel itself
  std::string name;
};

// A kernel function as BTF describes it.
struct FunctionSignature {
  std::string module;
  std::vector<StructMember> parameters;  // `offset`: bytes in the list of 8-byte arguments that a program gets
  Type result;                           // none: void
  std::uint32_t result_offset = 0;       // where in the same list a program behind the function finds it
};

// A function of a BPF program that the kernel has loaded.
struct LoadedFunction {
  std::uint32_t program = 0;  // its id
  std::string name;
  FunctionSignature signature;
};

// kernel.perf_event_max_stack as the kernel sets it.
inline constexpr std::uint32_t default_stack_frames = 127;

enum class ProgramKind : std::uint8_t;  // ast/probe_type.h

// A PID namespace as the kernel tells them apart.
struct PidNamespace {
  std::uint64_t device = 0;  // of nsfs, in the kernel's encoding
  std::uint64_t inode = 0;
};

class Target {
 public:
  virtual ~Target() = default;

  // Tracepoints whose category and event match the globs (`*`, `?`, `[…]`), sorted. An exact pair costs one look, not a listing.
  virtual Result<std::vector<TracepointName>> tracepoints(std::string_view category, std::string_view event) const = 0;
  virtual Result<TracepointFormat> tracepoint_format(std::string_view category, std::string_view event) const = 0;
  // Raw tracepoint names that match the glob, sorted.
  virtual Result<std::vector<std::string>> raw_tracepoints(std::string_view event) const = 0;

  // A kernel type by its C name ("struct task_struct", "u32", "enum pid_type"), from kernel BTF. Pointers and arrays are not parsed here.
  virtual std::optional<Type> find_type(std::string_view name) const = 0;
  // Completes a struct type that find_type or a member led to; null where it has no definition.
  virtual std::shared_ptr<const StructLayout> layout(const Type& structure) const = 0;
  // Struct and union names, for "did you mean".
  virtual std::vector<std::string> struct_names() const = 0;
  // The value of an enumerator of kernel BTF, with its enum type.
  virtual std::optional<std::pair<std::int64_t, Type>> enumerator(std::string_view name) const = 0;
  // Parameters of a raw tracepoint (without the leading context pointer), from BTF; empty without BTF.
  virtual std::vector<StructMember> raw_tracepoint_parameters(std::string_view event) const = 0;

  // The address of a kernel symbol; empty where there is none, or where the kernel hides addresses.
  virtual std::optional<std::uint64_t> kernel_symbol(std::string_view name) const = 0;
  // The type of a kernel variable; few but the per-CPU ones are described.
  virtual std::optional<Type> kernel_variable(std::string_view name) const = 0;
  // Whether BPF programs, or those of one kind, may call this kernel function.
  virtual bool has_kfunc(std::string_view name) const = 0;
  virtual bool allows_kfunc(std::string_view name, ProgramKind kind) const = 0;
  // The id of the control group with this directory.
  virtual Result<std::uint64_t> cgroup_id(const std::string& directory) const = 0;
  // The PID namespace that fathom runs in; empty where it is the initial one.
  virtual std::optional<PidNamespace> pid_namespace() const = 0;

  // Kernel functions that match the globs, sorted by name; an empty module matches all. An exact name costs one look, not a listing.
  virtual Result<std::vector<KernelFunction>> kernel_functions(std::string_view module, std::string_view function) const = 0;
  // Of a function with this exact name; an empty module stands for any. Empty: no BTF, or not in it.
  virtual std::optional<FunctionSignature> signature(std::string_view module, std::string_view function) const = 0;

  // Functions that match and that no wildcard stands for, since tracing them is dangerous or traces fathom itself; sorted.
  virtual std::vector<KernelFunction> left_out_functions(std::string_view module, std::string_view function) const = 0;
  // Functions of loaded BPF programs whose name matches the glob; of the program with this id, or of any (0).
  virtual Result<std::vector<LoadedFunction>> loaded_functions(std::uint32_t program, std::string_view function) const = 0;

  // Programs and libraries that a name stands for: a path (globs allowed), a program of PATH, or a library; empty where there are none.
  virtual std::vector<std::string> executables(std::string_view name) const = 0;
  // The symbols and probes of a file.
  virtual Result<std::shared_ptr<const Executable>> executable(const std::string& path) const = 0;
  // The debugging information of a file, from itself or from a separate one; null where there is none.
  virtual std::shared_ptr<const DebugInfo> debug_info(const std::string& path) const = 0;
  // Where instructions of a program begin, from a function's first one on to the first one at or behind `address`; all are addresses of the file's
  // own. They end before that where the code can not be read, or holds what is no instruction.
  virtual std::vector<std::uint64_t> instructions(const Executable& binary, std::uint64_t function, std::uint64_t address) const = 0;
  // The process that a script is bound to by -p.
  virtual std::optional<std::uint32_t> process() const = 0;

  // Frames that the kernel gives of a stack at most.
  virtual std::uint32_t most_stack_frames() const = 0;

  // CPUs that could ever come online: the number of slots of a per-CPU value.
  virtual std::uint32_t possible_cpus() const = 0;
  virtual bool has(Feature feature) const = 0;
};

// A member by name, also inside anonymous members; the offset is from the start of the whole struct.
std::optional<StructMember> member_of(const StructLayout& layout, std::string_view name, const Target& target);

// Whether `name` matches the glob `pattern` (`*`, `?`, `[…]`), the whole of it.
bool glob_match(std::string_view pattern, std::string_view name);
// Whether the text contains a glob character.
bool is_glob(std::string_view text);

}  // namespace fathom
