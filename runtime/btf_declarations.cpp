// Kernel types as C: what `-lv 'struct NAME'` shows.
#include <bpf/btf.h>
#include <fmt/format.h>
#include <linux/btf.h>

#include <algorithm>
#include <set>
#include <string>

#include "runtime/btf.h"

namespace fathom {

namespace {

// Damaged BTF may refer to itself.
constexpr int deepest = 32;

// Declarators are put together from the inside: the name, then what its type wraps around it.
class Declarations {
 public:
  explicit Declarations(const BtfData& types) : types_(types) {}

  // A struct, union or enum with what it holds; `name` behind it may be empty.
  std::string definition(std::uint32_t id, std::string_view name, int level) {
    const btf_type* type = types_.type(id);
    const std::string tag = text(type->name_off);
    std::string result = fmt::format("{}{}{} {{\n", keyword(type), tag.empty() ? "" : " ", tag);
    for (int i = 0; i < btf_vlen(type); ++i) {
      result.append(static_cast<std::size_t>(level) + 1, '\t');
      result += btf_is_composite(type) ? member(type, i, level + 1) + ";\n" : enumerator(type, i) + ",\n";
    }
    result.append(static_cast<std::size_t>(level), '\t');
    return result + "}" + (name.empty() ? "" : " ") + std::string(name);
  }

  // A variable, member or parameter of the type; `name` may hold what wraps it already: "*next", "(*call)".
  std::string declaration(std::uint32_t id, const std::string& name, int level, int depth = 0) {
    const btf_type* type = types_.type(id);
    if (id == 0 || type == nullptr || depth > deepest) return with_name("void", name);
    const std::uint32_t inner = type->type;
    switch (btf_kind(type)) {
      case BTF_KIND_PTR: {
        const btf_type* pointee = types_.type(skip_tags(inner));
        const bool wraps = pointee != nullptr && (btf_is_array(pointee) || btf_is_func_proto(pointee));
        return declaration(inner, wraps ? "(*" + name + ")" : "*" + name, level, depth + 1);
      }
      case BTF_KIND_ARRAY: return declaration(btf_array(type)->type, fmt::format("{}[{}]", name, btf_array(type)->nelems), level, depth + 1);
      case BTF_KIND_FUNC_PROTO: return declaration(inner, name + parameters(type, level, depth + 1), level, depth + 1);
      case BTF_KIND_CONST: return qualified("const", inner, name, level, depth);
      case BTF_KIND_VOLATILE: return qualified("volatile", inner, name, level, depth);
      case BTF_KIND_RESTRICT: return qualified("restrict", inner, name, level, depth);
      case BTF_KIND_TYPE_TAG: return declaration(inner, name, level, depth + 1);
      case BTF_KIND_STRUCT:
      case BTF_KIND_UNION:
      case BTF_KIND_ENUM:
      case BTF_KIND_ENUM64:
        if (type->name_off == 0 || text(type->name_off).empty()) return definition(id, name, level);
        return with_name(fmt::format("{} {}", keyword(type), text(type->name_off)), name);
      case BTF_KIND_FWD:
        return with_name(fmt::format("{} {}", btf_kflag(type) ? "union" : "struct", text(type->name_off)), name);
      default:  // numbers and typedefs; a kind out of a file that is none of ours
        return with_name(text(type->name_off), name);
    }
  }

 private:
  std::string text(std::uint32_t offset) const {
    const char* found = types_.name(offset);
    return found == nullptr ? "" : found;
  }
  static std::string with_name(std::string type, const std::string& name) {
    if (!name.empty()) type += " " + name;
    return type;
  }
  static const char* keyword(const btf_type* type) { return btf_is_struct(type) ? "struct" : btf_is_union(type) ? "union" : "enum"; }
  std::uint32_t skip_tags(std::uint32_t id) const {
    for (int depth = 0; depth < deepest && types_.type(id) != nullptr && btf_kind(types_.type(id)) == BTF_KIND_TYPE_TAG; ++depth) id = types_.type(id)->type;
    return id;
  }
  // `const char *p`, but `char *const p`.
  std::string qualified(const char* word, std::uint32_t inner, const std::string& name, int level, int depth) {
    const btf_type* type = types_.type(skip_tags(inner));
    if (type != nullptr && btf_is_ptr(type)) return declaration(inner, fmt::format("{}{}{}", word, name.empty() ? "" : " ", name), level, depth + 1);
    return fmt::format("{} {}", word, declaration(inner, name, level, depth + 1));
  }
  std::string member(const btf_type* type, int index, int level) {
    const btf_member& field = btf_members(type)[index];
    const std::uint32_t bits = btf_member_bitfield_size(type, static_cast<std::uint32_t>(index));
    return declaration(field.type, text(field.name_off), level) + (bits == 0 ? "" : fmt::format(": {}", bits));
  }
  std::string enumerator(const btf_type* type, int index) const {
    if (btf_is_enum64(type)) {
      const struct btf_enum64& one = btf_enum64(type)[index];
      const std::uint64_t value = btf_enum64_value(&one);
      return btf_kflag(type) ? fmt::format("{} = {}", text(one.name_off), static_cast<std::int64_t>(value)) : fmt::format("{} = {}", text(one.name_off), value);
    }
    const struct btf_enum& one = btf_enum(type)[index];
    const auto bits = static_cast<std::uint32_t>(one.val);
    return btf_kflag(type) ? fmt::format("{} = {}", text(one.name_off), one.val) : fmt::format("{} = {}", text(one.name_off), bits);
  }
  std::string parameters(const btf_type* type, int level, int depth) {
    std::string list;
    for (int i = 0; i < btf_vlen(type); ++i) {
      const btf_param& parameter = btf_params(type)[i];
      const bool variadic = parameter.type == 0 && text(parameter.name_off).empty();
      list += i == 0 ? "" : ", ";
      list += variadic ? "..." : declaration(parameter.type, text(parameter.name_off), level, depth);
    }
    return "(" + (list.empty() ? std::string("void") : list) + ")";
  }

  const BtfData& types_;
};

bool is_of(const btf_type* type, std::string_view keyword) {
  return keyword == "struct" ? btf_is_struct(type) : keyword == "union" ? btf_is_union(type) : btf_is_any_enum(type);
}

}  // namespace

std::vector<TypeDefinition> Btf::definitions(std::string_view keyword, std::string_view pattern, bool whole) {
  std::vector<TypeDefinition> found;
  if (!available()) return found;
  load_modules();
  std::set<std::string, std::less<>> seen;
  for (std::uint32_t id = 1; id < btf_->count(); ++id) {
    const btf_type* type = btf_->type(id);
    const bool wanted = is_of(type, keyword) && btf_vlen(type) != 0;
    const char* name = wanted ? btf_->name(type->name_off) : nullptr;
    if (name == nullptr || *name == '\0' || !glob_match(pattern, name) || !seen.emplace(name).second) continue;
    found.push_back({std::string(module_of(id)), fmt::format("{} {}", keyword, name), whole ? Declarations(*btf_).definition(id, "", 0) + ";" : ""});
  }
  std::ranges::sort(found, {}, &TypeDefinition::name);
  return found;
}

}  // namespace fathom
