// Type inference: types by name, casts, sizes, addresses.
#include <fmt/format.h>

#include "ast/passes/infer.h"
#include "ast/passes/typing.h"
#include "ast/text.h"

namespace fathom {

using namespace ast;

namespace {

constexpr std::uint32_t max_frames = 127;         // of a stack whose type is written without a number
constexpr std::uint64_t max_type_size = 1u << 20;  // beyond it no value could be kept anywhere

// The language's own names of types that are neither integers nor defined in C.
std::optional<Type> internal_type(std::string_view name) {
  if (name == "void") return Type::none();
  if (name == "ksym_t") return Type::symbol(SymbolSpace::kernel);
  if (name == "usym_t") return Type::symbol(SymbolSpace::user);
  if (name == "kstack_t") return Type::stack(SymbolSpace::kernel, max_frames);
  if (name == "ustack_t") return Type::stack(SymbolSpace::user, max_frames);
  if (name == "timestamp_t") return Type::timestamp();
  if (name == "username_t") return Type::username();
  if (name == "macaddr" || name == "macaddr_t") return Type::macaddr();
  if (name == "cgroup_path_t") return Type::cgroup_path();
  for (Aggregation each : {Aggregation::count, Aggregation::sum, Aggregation::min, Aggregation::max, Aggregation::average, Aggregation::stats,
                           Aggregation::hist, Aggregation::lhist, Aggregation::series}) {
    if (name.ends_with("_t") && name.substr(0, name.size() - 2) == aggregation_name(each)) return Type::aggregation(each, true);
  }
  return std::nullopt;
}

// `string[N]`, `buffer[N]`, `inet[N]`: the first number is the capacity. Without one, as large as what comes to be kept there.
std::optional<Type> sized_type(std::string_view name, std::uint32_t capacity) {
  if (name == "string") return Type::string(capacity);
  if (name == "buffer") return Type::counted_buffer(capacity);
  if (name == "inet") return Type::inet();  // always has room for the larger ones
  return std::nullopt;
}

// "did you mean `struct task_struct`?" By the tag alone: all names share their keyword.
std::string similar_type(const std::string& wanted, const std::vector<std::string>& names) {
  std::string keyword = wanted.substr(0, wanted.find(' ') + 1);  // with the blank; empty for a typedef
  if (keyword.empty()) {
    for (const char* one : {"struct ", "union ", "enum "}) {
      if (std::ranges::find(names, one + wanted) != names.end()) return fmt::format("its name is `{}{}`", one, wanted);
    }
    return did_you_mean(wanted, names);
  }
  std::vector<std::string> tags;
  for (const std::string& name : names) {
    if (name.starts_with(keyword)) tags.push_back(name.substr(keyword.size()));
  }
  std::string near = nearest(wanted.substr(keyword.size()), tags);
  return near.empty() ? "" : fmt::format("did you mean `{}{}`?", keyword, near);
}

std::uint32_t bytes_in(const Type& type) { return type.is(TypeKind::buffer) ? type.buffer_capacity() : type.size(); }

}  // namespace

bool is_type_name(const std::string& name, const Target& target) {
  return sized_type(name, 0) || internal_type(name) || target.find_type(name).has_value();
}

Type Inference::complete(const Type& type) const {
  if (type.is_array() && type.element().is_structure()) return Type::array(complete(type.element()), type.count());
  if (!type.is_structure()) return type;
  auto layout = type.layout() ? type.layout() : target_.layout(type);
  if (!layout) return type;
  auto whole = std::make_shared<StructLayout>(*layout);
  for (StructMember& member : whole->members) member.type = complete(member.type);
  return type.with_layout(std::move(whole));
}

// A struct that was only named so far gets its size, by which arithmetic on the pointer steps.
Type Inference::with_sized_pointee(const Type& pointer) const {
  const Type& pointee = pointer.pointee();
  if (!pointee.is_structure() || pointee.size() != 0) return pointer;
  auto layout = target_.layout(pointee);
  return layout ? Type::pointer(pointee.with_layout(std::move(layout)), pointer.space()) : pointer;
}

// The type of an expression that is not evaluated: typeof(expression).
std::optional<Type> Inference::type_of(const Expression& expression) {
  if (const auto* type = std::get_if<TypeOf>(&expression.kind)) return resolve(type->type);
  // A name that is none of the language's may be that of a type.
  const auto* word = std::get_if<Identifier>(&expression.kind);
  if (word != nullptr && find_builtin(catalog_.builtins, word->name) == nullptr && !target_.enumerator(word->name)) {
    TypeName name;
    name.base = word->name;
    name.range = expression.range;
    return resolve(name);
  }
  Type type = value(expression);
  return type.is_none() ? std::nullopt : std::optional(type);
}

std::optional<Type> Inference::base_type(const TypeName& name, bool& takes_capacity) {
  if (name.of) return type_of(*name.of);
  bool has_number = !name.suffixes.empty() && name.suffixes.front() != 0 && name.suffixes.front() != unsized_array;
  if (auto sized = sized_type(name.base, has_number ? name.suffixes.front() : 0)) {
    takes_capacity = has_number;
    return sized;
  }
  if (auto internal = internal_type(name.base)) return internal;
  return target_.find_type(name.base);  // knows C's integers too, and what the script defines itself
}

std::optional<Type> Inference::resolve(const TypeName& name, std::uint32_t bytes) {
  bool takes_capacity = false;
  std::optional<Type> type = base_type(name, takes_capacity);
  if (!type) {
    if (final_ && !name.of) {
      std::string help = similar_type(name.base, target_.struct_names());
      if (help.empty() && !target_.has(Feature::btf)) help = "this kernel has no type information (/sys/kernel/btf/vmlinux)";
      diagnostics_.report<DiagnosticId::unknown_type>(name.range, name.base).with_help(help);
    }
    return std::nullopt;
  }
  for (std::size_t i = takes_capacity ? 1 : 0; i < name.suffixes.size(); ++i) {
    std::uint32_t count = name.suffixes[i];
    if (count == 0) {
      type = Type::pointer(*type, probe_.type->pointers);
      continue;
    }
    if (type->is_none() || type->is_aggregation()) {
      if (final_) diagnostics_.report<DiagnosticId::unknown_type>(name.range, fmt::format("{}[]", name.base));
      return std::nullopt;
    }
    if (count == unsized_array) count = type->size() == 0 ? 0 : bytes / type->size();
    if (count == 0) {
      if (final_) diagnostics_.report<DiagnosticId::array_without_size>(name.range).with_help("write its number of elements: `[4]`");
      return std::nullopt;
    }
    if (std::uint64_t{type->size()} * count > max_type_size) {
      if (final_) diagnostics_.report<DiagnosticId::too_large>(name.range, "this array", std::uint64_t{type->size()} * count, max_type_size);
      return std::nullopt;
    }
    type = Type::array(*type, count);
  }
  return type;
}

Type Inference::cast(const Cast& node, Range range, Facts& facts) {
  Type from = value(*node.operand);
  auto to = resolve(node.type, bytes_in(from));
  if (!to || from.is_none()) return to.value_or(Type::none());
  if (!can_cast(from, *to)) {
    Diagnostic& diagnostic = diagnostics_.report<DiagnosticId::invalid_cast>(range, to_string(from), to_string(*to));
    if (to->is_structure() && from.is_scalar()) {
      diagnostic.with_help(fmt::format("if it is an address, `*({} *)x` is the struct there", to_string(*to)));
    } else if (to->is_array() && from.is_numeric() && to->size() != from.size()) {
      diagnostic.with_help(fmt::format("the number has {} bytes, the array {}", from.size(), to->size()));
    }
    return Type::none();
  }
  facts.is_object = this->facts(*node.operand).is_object && *to == from;
  if (to->is_pointer()) {
    // A pointer keeps pointing into the memory it came from; so does a number that was one.
    if (from.is_pointer() || from.space() == AddressSpace::user) to = to->with_space(from.space());
    return *to;
  }
  if (!to->is_array() && to->kind() == from.kind() && bytes_in(*to) == 0) return from;  // `(string)x`
  const auto& constant = this->facts(*node.operand).constant;
  if (constant && to->is_integer()) facts.constant = narrowed(*constant, *to);
  if (constant && to->is(TypeKind::enumeration)) facts.constant = narrowed(*constant, to->underlying());
  if (constant && to->is(TypeKind::boolean)) facts.constant = *constant != 0;
  return *to;
}

Type Inference::size_of(const SizeOf& node, Facts& facts) {
  Type type = (node.type ? resolve(*node.type) : type_of(*node.operand)).value_or(Type::none());
  bool unknown = type.is_structure() && type.size() == 0 && !target_.layout(type);
  if (unknown && final_) {
    diagnostics_.report<DiagnosticId::incomplete_struct>(node.type ? node.type->range : node.operand->range, to_string(type));
  }
  facts.constant = type.size();
  if (node.operand && !type.is_none()) facts.constant = written_size(*node.operand, this->facts(*node.operand)).value_or(type.size());
  return Type::uint64();
}

// offsetof(type, a.b.c): the offsets of the members on the way, added up.
Type Inference::offset_of(const OffsetOf& node, Facts& facts) {
  auto type = node.type ? resolve(*node.type) : type_of(*node.operand);
  Range base = node.type ? node.type->range : node.operand->range;
  std::uint64_t offset = 0;
  for (const std::string& name : node.path) {
    if (!type || type->is_none()) return Type::uint64();
    // offsetof($pointer->member, …) and offsetof(pointer, …) are about the struct behind it.
    if (type->is_pointer() && type->pointee().is_structure() && &name == &node.path.front()) type = type->pointee();
    if (!type->is_structure()) {
      if (final_) diagnostics_.report<DiagnosticId::member_of_non_struct>(&name == &node.path.front() ? base : node.path_range, to_string(*type));
      return Type::uint64();
    }
    auto member = find_member(*type, name, base, node.path_range);
    if (!member) return Type::uint64();
    if (member->bit_size != 0) {
      if (final_) diagnostics_.report<DiagnosticId::offset_of_bitfield>(node.path_range, name);
      return Type::uint64();
    }
    offset += member->offset;
    type = member->type;
  }
  facts.constant = static_cast<std::int64_t>(offset);
  return Type::uint64();
}

// Of a scratch variable: where the program keeps it. Of a map: the kernel's object. Of a member: where a pointer leads.
Type Inference::address_of(const Expression& operand, Facts& facts) {
  if (std::holds_alternative<Variable>(operand.kind)) {
    const Type& type = infer(operand);
    return type.is_none() ? Type::none() : Type::pointer(type, AddressSpace::kernel);
  }
  if (const auto* access = std::get_if<MapAccess>(&operand.kind); access != nullptr && access->keys.empty()) {
    CheckedMap& map = map_of(*access, operand.range);
    Facts& known = this->facts(operand);
    known.map_reference = true;
    known.index = static_cast<std::uint32_t>(std::distance(maps_.begin(), maps_.find(access->name)));
    known.type = map.value;
    if (map.value.is_none()) undefined_map(map, operand.range);
    return Type::pointer(target_.find_type("struct bpf_map").value_or(Type::none()), AddressSpace::kernel);
  }
  const Type& type = infer(operand);
  if (std::optional<AddressSpace> space = space_of_member(operand)) {
    facts.is_object = this->facts(operand).is_object && type.is_structure();
    return type.is_none() ? Type::none() : Type::pointer(type, *space);
  }
  diagnostics_.report<DiagnosticId::no_address>(operand.range).with_help("assign it to a scratch variable first");
  return Type::none();
}

// The memory that a member stands in, if a pointer leads to it and it begins at a whole byte.
std::optional<AddressSpace> Inference::space_of_member(const Expression& operand) {
  const auto* member = std::get_if<Member>(&operand.kind);
  if (member == nullptr || !facts(operand).member || facts(operand).member->bit_size != 0) return std::nullopt;
  const Type& base = facts(*member->base).type;
  if (base.is_pointer()) return base.space();
  return base.is_structure() ? space_of_member(*member->base) : std::nullopt;
}

// The fields as members of a struct, in the order in which the probe offers them.
Type Inference::context_type() const {
  auto layout = std::make_shared<StructLayout>();
  layout->name = probe_.attach_points.front().text;
  std::vector<Type> types;
  for (const ContextField& field : probe_.context.fields) {
    if (field.type.size() == 0) continue;
    types.push_back(complete(field.type));
    layout->members.push_back({.name = field.name, .type = types.back()});
  }
  std::vector<std::uint32_t> offsets = tuple_offsets(types);
  for (std::size_t i = 0; i < types.size(); ++i) layout->members[i].offset = offsets[i];
  layout->size = offsets.back();
  return Type::context(layout->name, layout);
}

}  // namespace fathom
