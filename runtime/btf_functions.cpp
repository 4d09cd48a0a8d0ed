// Kernel functions as BTF describes them: parameters with names and types, and where a program finds them in its list of arguments.
#include <bpf/btf.h>

#include <algorithm>

#include "runtime/btf.h"

namespace fathom {

namespace {

constexpr std::uint32_t word = 8;

std::uint32_t words(const Type& type) { return std::max((type.size() + word - 1) / word, 1u); }

}  // namespace

std::optional<FunctionSignature> Btf::signature(std::string_view function) {
  const std::uint32_t id = function_id(function);
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
