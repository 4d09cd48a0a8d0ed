// What BTF knows about raw tracepoints. The typedef btf_trace_NAME says that one exists and how many arguments it has, but its prototype
// has no parameter names; those stand at the functions that the kernel generates for each tracepoint.
#include <bpf/btf.h>

#include <algorithm>
#include <string>

#include "runtime/btf.h"

namespace fathom {

namespace {

constexpr std::string_view typedef_prefix = "btf_trace_";

// The prototype behind a typedef or function; null where the id leads to none.
const btf_type* prototype(const BtfData* types, std::uint32_t id) {
  const btf_type* type = btf__type_by_id(types, id);
  for (int depth = 0; type != nullptr && depth < 8; ++depth) {
    if (btf_is_func_proto(type)) return type;
    if (!btf_is_typedef(type) && !btf_is_ptr(type) && !btf_is_func(type) && !btf_is_mod(type)) return nullptr;
    type = btf__type_by_id(types, type->type);
  }
  return nullptr;
}

}  // namespace

bool Btf::has_raw_tracepoint(std::string_view event) {
  return find(std::string(typedef_prefix) + std::string(event), BTF_KIND_TYPEDEF) != 0;
}

std::vector<std::string> Btf::raw_tracepoints() {
  if (!available()) return {};
  std::vector<std::string> names;
  const std::uint32_t count = btf__type_cnt(btf_);
  for (std::uint32_t id = 1; id < count; ++id) {
    const btf_type* type = btf__type_by_id(btf_, id);
    if (!btf_is_typedef(type)) continue;
    const std::string_view name = btf__name_by_offset(btf_, type->name_off);
    if (name.starts_with(typedef_prefix)) names.emplace_back(name.substr(typedef_prefix.size()));
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

std::vector<StructMember> Btf::raw_tracepoint_parameters(std::string_view event) {
  const std::string name(event);
  const std::uint32_t declared = find(std::string(typedef_prefix) + name, BTF_KIND_TYPEDEF);
  if (declared == 0) return {};
  const btf_type* source = prototype(btf_, declared);
  for (const char* prefix : {"__probestub_", "__traceiter_", "__bpf_trace_"}) {
    const std::uint32_t function = function_id(prefix + name);
    const btf_type* named = function == 0 ? nullptr : prototype(btf_, function);
    if (named != nullptr && (source == nullptr || btf_vlen(named) == btf_vlen(source))) {
      source = named;
      break;
    }
  }
  std::vector<StructMember> parameters;
  for (int i = 1; source != nullptr && i < btf_vlen(source); ++i) {
    const btf_param& parameter = btf_params(source)[i];
    StructMember member;
    member.name = btf__name_by_offset(btf_, parameter.name_off);
    member.type = convert(parameter.type);
    member.offset = static_cast<std::uint32_t>(i - 1) * 8;
    parameters.push_back(std::move(member));
  }
  return parameters;
}

}  // namespace fathom
