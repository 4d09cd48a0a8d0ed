// Kernel types from BTF as types of the language. Nothing is loaded before the first question that needs it, only what is asked for
// is converted, and every answer is remembered. Types refer to each other by BTF id (Type::type_id) until a member is asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ast/result.h"
#include "ast/target.h"
#include "ast/types.h"
#include "runtime/btf_data.h"

namespace fathom {

// A type of the kernel or a module ("vmlinux" for the kernel itself), by its name ("struct file"), as C.
struct TypeDefinition {
  std::string module;
  std::string name;
  std::string text;
};

class Btf {
 public:
  // `path`: a file with BTF; empty: the running kernel's. `modules`: the directory with the BTF of its modules, by their names; empty: none, or
  // the running kernel's if the first is.
  explicit Btf(std::string path = {}, std::string modules = {});
  ~Btf();
  Btf(const Btf&) = delete;
  Btf& operator=(const Btf&) = delete;

  // Whether there is BTF to ask; loads it.
  bool available();

  // "struct X", "union X", "enum X", a typedef, or an integer spelling (which is answered without BTF).
  std::optional<Type> find_type(std::string_view name);
  // By type_id, or by name where that is 0. Null: no definition. An anonymous member keeps an empty name.
  std::shared_ptr<const StructLayout> layout(const Type& structure);
  // "struct X" and "union X", sorted, each once.
  std::vector<std::string> struct_names();
  // Of the types of one keyword (struct, union, enum) those whose names match the glob, sorted; `whole`: with their text.
  std::vector<TypeDefinition> definitions(std::string_view keyword, std::string_view pattern, bool whole);
  // The value of an enumerator of any kernel enum, with the enum's type.
  std::optional<std::pair<std::int64_t, Type>> enumerator(std::string_view name);
  // Names of raw tracepoints (the typedefs btf_trace_NAME), sorted.
  std::vector<std::string> raw_tracepoints();
  bool has_raw_tracepoint(std::string_view event);
  // Parameters of a raw tracepoint without the leading context pointer; `offset` is 8 times the argument's number. Names are empty where
  // the kernel's BTF has only the bare prototype.
  std::vector<StructMember> raw_tracepoint_parameters(std::string_view event);
  // The BTF id of a kernel function; 0 where there is none.
  std::uint32_t function_id(std::string_view name);
  // Whether the function is marked as one that BPF programs may call. BTF without such marks (before 6.10) says so of every function.
  bool is_kfunc(std::string_view name);
  // The type of a variable.
  std::optional<Type> variable(std::string_view name);
  // Of a function, in this module (empty: any).
  std::optional<FunctionSignature> signature(std::string_view module, std::string_view function);
  // The functions of this name, at most one in each module; with a module (not empty) that one's alone.
  std::vector<std::uint32_t> function_ids(std::string_view module, std::string_view name);
  // The name of the function with this id; empty: no function.
  std::string function_name(std::uint32_t id);
  // The module that a type or function is of; "vmlinux" for the kernel itself.
  std::string_view module_of(std::uint32_t id) const;

 private:
  // Depth limits damaged BTF, in which types may refer to themselves.
  Type convert(std::uint32_t id, int depth = 0);
  Type convert_enumeration(std::uint32_t id);
  bool is_signed_enumeration(std::uint32_t id);
  Type convert_pointer(std::uint32_t id, int depth);
  Type convert_array(std::uint32_t id, int depth);
  std::uint32_t find(std::string_view name, std::uint32_t kind);
  std::optional<std::pair<std::int64_t, Type>> search_enumerator(std::string_view name);
  std::shared_ptr<const StructLayout> make_layout(std::uint32_t id);
  std::optional<StructMember> make_member(std::uint32_t structure, std::uint32_t index);

  // Takes in the modules' types, the first time; whether there are any.
  bool load_modules();

  std::string path_, modules_;
  bool loaded_ = false;
  bool modules_loaded_ = false;
  std::vector<std::pair<std::uint32_t, std::string>> module_starts_;  // the first id of each module
  std::unique_ptr<BtfData> data_;
  const BtfData* btf_ = nullptr;  // the same
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> ids_;  // (kind, name) -> id, 0: none
  std::map<std::uint32_t, std::shared_ptr<const StructLayout>> layouts_;
  std::map<std::uint32_t, Type> enumerations_;
  std::optional<bool> enumerations_are_marked_;
  std::map<std::string, std::optional<std::pair<std::int64_t, Type>>, std::less<>> enumerators_;
};

}  // namespace fathom
