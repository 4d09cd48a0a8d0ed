// Kernel functions as BTF describes them: parameters with names and types, and where a program finds them in its list of arguments.
#include <bpf/btf.h>

#include <algorithm>

#include "runtime/btf.h"

namespace fathom {

namespace {

constexpr std::uint32_t word = 8;

std::uint32_t words(const Type& type) { return std::max((type.size() + word - 1) / word, 1u); }

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
  if (prototype == nullptr || !btf_is_func_proto(prototype)) return std::nullopt;
  FunctionSignature signature;
  signature.module = module_of(id);
  for (int i = 0; i < btf_vlen(prototype); ++i) {
    const btf_param& parameter = btf_params(prototype)[i];
    if (parameter.type == 0) break;  // `...`
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
