// Kernel functions as BTF describes them: parameters with names and types, and where a program finds them in its list of arguments.
#include <bpf/btf.h>

#include <algorithm>
#include <span>

#include "runtime/btf.h"

namespace fathom {

namespace {

constexpr std::uint32_t word = 8;

std::uint32_t words(const Type& type) { return std::max((type.size() + word - 1) / word, 1u); }

// Without `const`, `volatile`, and names of its own.
const btf_type* plain(const BtfData* types, std::uint32_t id) {
  const btf_type* type = btf__type_by_id(types, id);
  while (type != nullptr && (btf_is_mod(type) || btf_is_typedef(type) || btf_is_type_tag(type))) type = btf__type_by_id(types, type->type);
  return type;
}

bool is_word(const btf_type* type) { return type != nullptr && (btf_is_ptr(type) || btf_is_int(type) || btf_is_any_enum(type)); }

// The kernel makes no trampoline for a function with more parameters than this, with `...`, with a union or a large struct among them, or
// that returns a struct or a union.
bool can_have_trampoline(const BtfData* types, const btf_type* prototype) {
  constexpr int most_parameters = 12;
  constexpr std::uint32_t largest_struct = 16;
  if (btf_vlen(prototype) > most_parameters || (prototype->type != 0 && !is_word(plain(types, prototype->type)))) return false;
  const std::span<const btf_param> parameters(btf_params(prototype), btf_vlen(prototype));
  return std::ranges::all_of(parameters, [&](const btf_param& parameter) {
    const btf_type* type = parameter.type == 0 ? nullptr : plain(types, parameter.type);
    return is_word(type) || (type != nullptr && btf_is_struct(type) && type->size > 0 && type->size <= largest_struct);
  });
}

}  // namespace

// The kernel's own functions are found without the types of its modules. Some module may have another function of the name.
std::vector<std::uint32_t> Btf::function_ids(std::string_view module, std::string_view name) {
  const bool of_kernel = module == "vmlinux";
  const std::uint32_t first = function_id(name);
  if (of_kernel || !available()) return first != 0 && module_of(first) == "vmlinux" ? std::vector{first} : std::vector<std::uint32_t>();
  load_modules();
  std::vector<std::uint32_t> ids;
  if (first != 0 && (module.empty() || module_of(first) == module)) ids.push_back(first);
  for (const std::uint32_t id : btf_->find_in_modules(name, BTF_KIND_FUNC)) {
    if (id != first && module_of(id) != module_of(first) && (module.empty() || module_of(id) == module)) ids.push_back(id);
  }
  return ids;
}

std::string Btf::function_name(std::uint32_t id) {
  const btf_type* type = available() ? btf__type_by_id(btf_, id) : nullptr;
  const char* name = type != nullptr && btf_is_func(type) ? btf__name_by_offset(btf_, type->name_off) : nullptr;
  return name == nullptr ? std::string() : std::string(name);
}

std::optional<FunctionSignature> Btf::signature(std::string_view module, std::string_view function) {
  std::uint32_t id = function_id(function);
  if (id != 0 && !module.empty() && module_of(id) != module) {
    const std::vector<std::uint32_t> ids = function_ids(module, function);
    id = ids.empty() ? 0 : ids.front();
  }
  if (id == 0) return std::nullopt;
  const btf_type* prototype = btf__type_by_id(btf_, btf__type_by_id(btf_, id)->type);
  if (prototype == nullptr || !btf_is_func_proto(prototype) || !can_have_trampoline(btf_, prototype)) return std::nullopt;
  FunctionSignature signature;
  signature.module = module_of(id);
  for (int i = 0; i < btf_vlen(prototype); ++i) {
    const btf_param& parameter = btf_params(prototype)[i];
    StructMember member;
    const char* name = btf__name_by_offset(btf_, parameter.name_off);
    member.name = name == nullptr ? "" : name;
    member.type = convert(parameter.type);
    member.offset = signature.result_offset;
    signature.result_offset += words(member.type) * word;
    signature.parameters.push_back(std::move(member));
  }
  if (prototype->type != 0) signature.result = convert(prototype->type);
  return signature;
}

}  // namespace fathom
