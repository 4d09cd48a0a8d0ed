// Conversion of BTF, over libbpf's reader of it. The names of libbpf and of the UAPI header are used as they are.
#include "runtime/btf.h"

#include <bpf/btf.h>
#include <linux/btf.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>

#include "ast/bitfield.h"
#include "ast/c_types.h"

namespace fathom {

namespace {

constexpr int deepest = 32;
constexpr char kernel_btf[] = "/sys/kernel/btf/vmlinux";

std::string text_of(const BtfData* types, std::uint32_t offset) {
  const char* text = btf__name_by_offset(types, offset);
  return text == nullptr ? std::string() : text;
}

// Drops qualifiers, tags and typedefs. `name`: set to the outermost typedef's name.
std::uint32_t resolve(const BtfData* types, std::uint32_t id, std::string* name = nullptr) {
  const btf_type* type = btf__type_by_id(types, id);
  for (int depth = 0; type != nullptr && depth < deepest && (btf_is_mod(type) || btf_is_typedef(type)); ++depth) {
    if (btf_is_typedef(type) && name != nullptr && name->empty()) *name = text_of(types, type->name_off);
    id = type->type;
    type = btf__type_by_id(types, id);
  }
  return id;
}

bool is_char(const BtfData* types, std::uint32_t id) {
  const btf_type* type = btf__type_by_id(types, id);
  return type != nullptr && btf_is_int(type) && type->size == 1 && text_of(types, type->name_off) == "char";
}

Type convert_integer(const BtfData* types, const btf_type* type) {
  if ((btf_int_encoding(type) & BTF_INT_BOOL) != 0 && type->size == 1) return Type::boolean();
  if (type->size > 8 || !std::has_single_bit(type->size)) return Type::buffer(type->size);
  // Newer kernels are compiled with an unsigned char; in scripts it is signed everywhere.
  const bool is_signed = (btf_int_encoding(type) & BTF_INT_SIGNED) != 0 || text_of(types, type->name_off) == "char";
  return Type::integer(type->size, is_signed);
}

std::int64_t enumerator_value(const btf_type* type, int index, bool is_signed) {
  if (btf_is_enum64(type)) return static_cast<std::int64_t>(btf_enum64_value(btf_enum64(type) + index));
  const std::int32_t value = btf_enum(type)[index].val;
  return is_signed ? std::int64_t(value) : std::int64_t(static_cast<std::uint32_t>(value));
}

std::uint32_t enumerator_name(const btf_type* type, int index) {
  return btf_is_enum64(type) ? btf_enum64(type)[index].name_off : btf_enum(type)[index].name_off;
}

}  // namespace

Btf::Btf(std::string path, std::string modules) : path_(std::move(path)), modules_(std::move(modules)) {
  if (!path_.empty()) return;
  path_ = kernel_btf;
  if (modules_.empty()) modules_ = std::filesystem::path(kernel_btf).parent_path();
}

Btf::~Btf() = default;

bool Btf::available() {
  if (loaded_) return btf_ != nullptr;
  loaded_ = true;
  data_ = BtfData::open(path_);
  btf_ = data_.get();
  return btf_ != nullptr;
}

bool Btf::load_modules() {
  if (std::exchange(modules_loaded_, true) || !available() || modules_.empty()) return false;
  std::vector<std::string> paths;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(modules_, ignored)) {
    if (entry.path().filename() != "vmlinux") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);  // so that ids do not depend on the order in which modules were loaded
  const std::uint32_t before = btf_->count();
  for (const std::string& path : paths) {
    const std::uint32_t first = btf_->count();
    if (data_->append(path)) module_starts_.emplace_back(first, std::filesystem::path(path).filename());
  }
  return btf_->count() != before;
}

std::string_view Btf::module_of(std::uint32_t id) const {
  std::string_view module = "vmlinux";
  for (const auto& [first, name] : module_starts_) {
    if (id >= first) module = name;
  }
  return module;
}

std::uint32_t Btf::find(std::string_view name, std::uint32_t kind) {
  if (!available() || name.empty()) return 0;
  const auto [entry, is_new] = ids_.try_emplace({kind, std::string(name)}, 0);
  if (!is_new) return entry->second;
  entry->second = btf_->find(name, kind);
  if (entry->second == 0 && load_modules()) entry->second = btf_->find(name, kind);
  return entry->second;
}

std::optional<Type> Btf::find_type(std::string_view name) {
  if (std::optional<Type> integer = c_integer_type(name)) return integer;
  std::uint32_t id = 0;
  const std::size_t blank = name.find(' ');
  if (blank == std::string_view::npos) {
    id = find(name, BTF_KIND_TYPEDEF);
  } else {
    const std::string_view keyword = name.substr(0, blank);
    const std::string_view tag = name.substr(std::min(name.find_first_not_of(' ', blank), name.size()));
    if (keyword == "struct") id = find(tag, BTF_KIND_STRUCT);
    if (keyword == "union") id = find(tag, BTF_KIND_UNION);
    if (keyword == "enum") id = find(tag, BTF_KIND_ENUM);
    if (keyword == "enum" && id == 0) id = find(tag, BTF_KIND_ENUM64);
  }
  if (id == 0) return std::nullopt;
  return convert(id);
}

Type Btf::convert(std::uint32_t id, int depth) {
  std::string alias;
  id = resolve(btf_, id, &alias);
  const btf_type* type = btf__type_by_id(btf_, id);
  if (type == nullptr || id == 0 || depth > deepest) return Type::none();
  switch (btf_kind(type)) {
    case BTF_KIND_INT:
      return convert_integer(btf_, type);
    case BTF_KIND_FLOAT:
      return Type::buffer(type->size);
    case BTF_KIND_PTR:
      return convert_pointer(id, depth);
    case BTF_KIND_ARRAY:
      return convert_array(id, depth);
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
      return convert_enumeration(id);
    case BTF_KIND_FWD:
      return Type::structure(text_of(btf_, type->name_off), btf_kflag(type), 0, id);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION: {
      // A struct that has only its typedef's name goes by that, so that two of them are told apart.
      std::string name = text_of(btf_, type->name_off);
      return Type::structure(name.empty() ? alias : name, btf_is_union(type), type->size, id);
    }
  }
  return Type::none();  // functions, and kinds that are newer than this file
}

Type Btf::convert_pointer(std::uint32_t id, int depth) {
  const std::uint32_t target = btf__type_by_id(btf_, id)->type;
  AddressSpace space = AddressSpace::kernel;
  const btf_type* pointee = btf__type_by_id(btf_, target);
  for (int i = 0; i < deepest && pointee != nullptr && btf_is_mod(pointee); ++i) {
    if (btf_kind(pointee) == BTF_KIND_TYPE_TAG && text_of(btf_, pointee->name_off) == "user") space = AddressSpace::user;
    pointee = btf__type_by_id(btf_, pointee->type);
  }
  return Type::pointer(convert(target, depth + 1), space);
}

Type Btf::convert_array(std::uint32_t id, int depth) {
  const struct btf_array* array = btf_array(btf__type_by_id(btf_, id));
  if (array->nelems > 0 && is_char(btf_, resolve(btf_, array->type))) return Type::characters(array->nelems);
  return Type::array(convert(array->type, depth + 1), array->nelems);
}

Type Btf::convert_enumeration(std::uint32_t id) {
  if (const auto known = enumerations_.find(id); known != enumerations_.end()) return known->second;
  const btf_type* type = btf__type_by_id(btf_, id);
  const bool is_signed = is_signed_enumeration(id);
  std::vector<std::pair<std::int64_t, std::string>> names;
  for (int i = 0; i < btf_vlen(type); ++i)
    names.emplace_back(enumerator_value(type, i, is_signed), text_of(btf_, enumerator_name(type, i)));
  const Type underlying = Type::integer(type->size, is_signed);
  Type result = Type::enumeration(text_of(btf_, type->name_off), underlying,
                                  std::make_shared<const std::vector<std::pair<std::int64_t, std::string>>>(std::move(names)));
  return enumerations_.emplace(id, std::move(result)).first->second;
}

// BTF says whether an enum is signed since 6.0. In older BTF no enum has the mark, and then one with a negative value is signed.
bool Btf::is_signed_enumeration(std::uint32_t id) {
  if (!enumerations_are_marked_) {
    enumerations_are_marked_ = false;
    for (std::uint32_t other : btf_->enumerations()) {
      const btf_type* type = btf__type_by_id(btf_, other);
      enumerations_are_marked_ = *enumerations_are_marked_ || btf_is_enum64(type) || btf_kflag(type);
    }
  }
  const btf_type* type = btf__type_by_id(btf_, id);
  if (*enumerations_are_marked_ || btf_is_enum64(type)) return btf_kflag(type);
  for (int i = 0; i < btf_vlen(type); ++i) {
    if (btf_enum(type)[i].val < 0) return true;
  }
  return false;
}

std::shared_ptr<const StructLayout> Btf::layout(const Type& structure) {
  if (structure.layout()) return structure.layout();
  if (!structure.is_structure() || !available()) return nullptr;
  const std::uint32_t named_kind = structure.is_union() ? BTF_KIND_UNION : BTF_KIND_STRUCT;
  std::uint32_t id = structure.type_id();
  const btf_type* type = id == 0 ? nullptr : btf__type_by_id(btf_, id);
  // A forward declaration stands for the definition of that name, if the kernel has one.
  if (type == nullptr || !btf_is_composite(type)) id = find(structure.name(), named_kind);
  if (id == 0) return nullptr;
  std::shared_ptr<const StructLayout>& known = layouts_[id];
  if (!known) known = make_layout(id);
  return known;
}

std::shared_ptr<const StructLayout> Btf::make_layout(std::uint32_t id) {
  const btf_type* type = btf__type_by_id(btf_, id);
  auto result = std::make_shared<StructLayout>();
  result->name = text_of(btf_, type->name_off);
  result->size = type->size;
  result->is_union = btf_is_union(type);
  for (std::uint32_t i = 0; i < btf_vlen(type); ++i) {
    if (std::optional<StructMember> member = make_member(id, i)) result->members.push_back(std::move(*member));
  }
  return result;
}

// Empty for what has no name and no members either: padding.
std::optional<StructMember> Btf::make_member(std::uint32_t structure, std::uint32_t index) {
  const btf_type* type = btf__type_by_id(btf_, structure);
  const btf_member& source = btf_members(type)[index];
  StructMember member;
  member.name = text_of(btf_, source.name_off);
  member.type = convert(source.type);
  if (member.name.empty() && !member.type.is_structure()) return std::nullopt;

  std::uint32_t position = btf_member_bit_offset(type, index);
  std::uint32_t bits = btf_member_bitfield_size(type, index);
  const btf_type* declared = btf__type_by_id(btf_, resolve(btf_, source.type));
  if (!btf_kflag(type) && declared != nullptr && btf_is_int(declared) && btf_int_bits(declared) != declared->size * 8) {
    bits = btf_int_bits(declared);  // old BTF: the bitfield stands in the type
    position += btf_int_offset(declared);
  }
  if (bits != 0) {
    place_bitfield(member, position, bits, type->size);
  } else {
    member.offset = position / 8;
  }
  return member;
}

std::vector<std::string> Btf::struct_names() {
  if (!available()) return {};
  load_modules();
  std::set<std::string> names;
  const std::uint32_t count = btf__type_cnt(btf_);
  for (std::uint32_t id = 1; id < count; ++id) {
    const btf_type* type = btf__type_by_id(btf_, id);
    if (!btf_is_composite(type) || type->name_off == 0) continue;
    names.insert((btf_is_union(type) ? "union " : "struct ") + text_of(btf_, type->name_off));
  }
  return {names.begin(), names.end()};
}

std::optional<std::pair<std::int64_t, Type>> Btf::enumerator(std::string_view name) {
  if (!available() || name.empty()) return std::nullopt;
  const auto [known, is_new] = enumerators_.try_emplace(std::string(name));
  if (!is_new) return known->second;
  known->second = search_enumerator(name);
  if (!known->second && load_modules()) known->second = search_enumerator(name);
  return known->second;
}

std::optional<std::pair<std::int64_t, Type>> Btf::search_enumerator(std::string_view name) {
  for (std::uint32_t id : btf_->enumerations()) {
    const btf_type* type = btf__type_by_id(btf_, id);
    for (int i = 0; i < btf_vlen(type); ++i) {
      const char* text = btf__name_by_offset(btf_, enumerator_name(type, i));
      if (text != nullptr && name == text) return std::pair(enumerator_value(type, i, is_signed_enumeration(id)), convert_enumeration(id));
    }
  }
  return std::nullopt;
}

bool Btf::is_kfunc(std::string_view name) {
  const std::uint32_t function = function_id(name);
  if (function == 0) return false;
  bool any_marked = false;
  const std::uint32_t count = btf__type_cnt(btf_);
  for (std::uint32_t id = 1; id < count; ++id) {
    const btf_type* type = btf__type_by_id(btf_, id);
    if (btf_kind(type) != BTF_KIND_DECL_TAG || text_of(btf_, type->name_off) != "bpf_kfunc") continue;
    if (type->type == function) return true;
    any_marked = true;
  }
  return !any_marked;
}

std::optional<Type> Btf::variable(std::string_view name) {
  const std::uint32_t id = find(name, BTF_KIND_VAR);
  if (id == 0) return std::nullopt;
  return convert(btf__type_by_id(btf_, id)->type);
}

std::uint32_t Btf::function_id(std::string_view name) { return find(name, BTF_KIND_FUNC); }

}  // namespace fathom
