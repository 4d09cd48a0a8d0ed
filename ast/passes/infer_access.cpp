// Type inference: members, elements, pointers, and types by name.
#include <fmt/format.h>

#include <charconv>

#include "ast/passes/infer.h"
#include "ast/passes/typing.h"
#include "ast/text.h"
#include "ast/c_types.h"

namespace fathom {

using namespace ast;

namespace {

std::optional<std::uint32_t> tuple_index(const std::string& name) {
  std::uint32_t index = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return index;
}

// Finds a member by name, also inside anonymous members; adds up the offsets on the way.
std::optional<StructMember> find_member(const StructLayout& layout, std::string_view name, const Target& target) {
  if (const StructMember* direct = layout.find(name)) return *direct;
  for (const StructMember& member : layout.members) {
    if (!member.name.empty() || !member.type.is_structure()) continue;
    auto inner = member.type.layout() ? member.type.layout() : target.layout(member.type);
    if (!inner) continue;
    if (auto found = find_member(*inner, name, target)) {
      found->offset += member.offset;
      return found;
    }
  }
  return std::nullopt;
}

void collect_names(const StructLayout& layout, const Target& target, std::vector<std::string>& names) {
  for (const StructMember& member : layout.members) {
    if (!member.name.empty()) {
      names.push_back(member.name);
    } else if (member.type.is_structure()) {
      auto inner = member.type.layout() ? member.type.layout() : target.layout(member.type);
      if (inner) collect_names(*inner, target, names);
    }
  }
}

// The type of something inside memory of an address space: pointers found there point into the same space.
Type inside(const Type& type, AddressSpace space) {
  if (type.is_pointer()) return type.with_space(space);
  return type;
}

}  // namespace

Type Inference::member(const Member& node, Facts& facts) {
  Type base = value(*node.base);
  if (base.is_none()) return Type::none();
  if (base.is(TypeKind::context)) return context_field(node, facts);
  if (base.is_tuple()) return element_of_tuple(node, base, facts);
  if (base.is_structure()) return struct_member(node, base, base.space(), facts);
  if (base.is_pointer() && base.pointee().is_structure()) return struct_member(node, base.pointee(), base.space(), facts);
  std::string help;
  if (base.is_pointer() && base.pointee().is_none()) help = "cast it first: `((struct NAME *)x)->member`";
  if (base.is_integer()) help = "if it holds an address, cast it first: `((struct NAME *)x)->member`";
  if (std::holds_alternative<IntegerLiteral>(node.base->kind)) help = "there are no floating-point numbers";
  diagnostics_.report<DiagnosticId::member_of_non_struct>(node.base->range, to_string(base)).with_help(help);
  return Type::none();
}

Type Inference::context_field(const Member& node, Facts& facts) {
  const auto& fields = probe_.context.fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name != node.name) continue;
    facts.index = static_cast<std::uint32_t>(i);
    return fields[i].type;
  }
  const std::string& where = probe_.attach_points.front().text;
  std::vector<std::string> names;
  for (const ContextField& field : fields) names.push_back(field.name);
  std::string help = did_you_mean(node.name, names);
  if (help.empty() && !names.empty()) {
    help = "its fields are ";
    for (std::size_t i = 0; i < names.size() && i < 12; ++i) help += (i > 0 ? ", " : "") + names[i];
    if (names.size() > 12) help += ", …";
  }
  if (final_) diagnostics_.report<DiagnosticId::unknown_field>(node.name_range, where, node.name).with_help(help);
  return Type::none();
}

Type Inference::element_of_tuple(const Member& node, const Type& base, Facts& facts) {
  auto index = tuple_index(node.name);
  if (!index) {
    diagnostics_.report<DiagnosticId::unknown_member>(node.name_range, to_string(base), node.name).with_help("elements are `.0`, `.1`, …");
    return Type::none();
  }
  if (*index >= base.parts().size()) {
    diagnostics_.report<DiagnosticId::index_out_of_bounds>(node.name_range, *index, "the tuple", base.parts().size());
    return Type::none();
  }
  facts.index = *index;
  return base.parts()[*index];
}

Type Inference::struct_member(const Member& node, const Type& structure, AddressSpace space, Facts& facts) {
  auto layout = structure.layout() ? structure.layout() : target_.layout(structure);
  if (!layout) {
    if (final_) {
      diagnostics_.report<DiagnosticId::incomplete_struct>(node.base->range, to_string(structure))
          .with_help(target_.has(Feature::btf) ? "the kernel's type information (BTF) has no definition of it"
                                               : "this kernel has no type information (/sys/kernel/btf/vmlinux)");
    }
    return Type::none();
  }
  auto found = find_member(*layout, node.name, target_);
  if (!found) {
    std::vector<std::string> names;
    collect_names(*layout, target_, names);
    if (final_) {
      diagnostics_.report<DiagnosticId::unknown_member>(node.name_range, to_string(structure), node.name)
          .with_help(did_you_mean(node.name, names));
    }
    return Type::none();
  }
  Type type = inside(found->type, space);
  if (type.is_structure()) {
    type = complete(type).with_space(space);
  }
  facts.member = std::move(*found);
  return type;
}

Type Inference::subscript(const Subscript& node, Range range, Facts& facts) {
  Type base = value(*node.base);
  const Type& index = value(*node.index);
  const auto& constant = this->facts(*node.index).constant;
  if (base.is_none() || index.is_none()) return Type::none();
  if (!index.is_numeric()) {
    diagnostics_.report<DiagnosticId::operand_type>(node.index->range, "[]", to_string(index));
    return Type::none();
  }
  if (base.is_tuple()) {
    if (!constant) {
      diagnostics_.report<DiagnosticId::argument_not_constant>(node.index->range, "index", "tuple");
      return Type::none();
    }
    if (*constant < 0 || static_cast<std::size_t>(*constant) >= base.parts().size()) {
      diagnostics_.report<DiagnosticId::index_out_of_bounds>(node.index->range, *constant, "the tuple", base.parts().size());
      return Type::none();
    }
    facts.index = static_cast<std::uint32_t>(*constant);
    return base.parts()[static_cast<std::size_t>(*constant)];
  }
  bool is_bytes = base.is_string();
  if (base.is(TypeKind::array) || is_bytes) {
    std::uint32_t count = is_bytes ? base.size() : base.count();
    if (constant && (*constant < 0 || *constant >= count)) {
      diagnostics_.report<DiagnosticId::index_out_of_bounds>(node.index->range, *constant, to_string(base), count);
      return Type::none();
    }
    return is_bytes ? Type::integer(1, true) : inside(complete(base.element()), base.space());
  }
  if (base.is_pointer() && !base.pointee().is_none()) return dereference(base);
  diagnostics_.report<DiagnosticId::not_indexable>(range, to_string(base));
  return Type::none();
}

Type Inference::dereference(const Type& pointer) {
  if (pointer.is_integer()) return Type::uint64();  // old scripts read kernel variables as `*kaddr("name")`
  Type type = pointer.pointee();
  if (type.is_none()) return Type::integer(1, false);
  if (type.is_structure()) {
    return complete(type).with_space(pointer.space());
  }
  return inside(type, pointer.space());
}

Type Inference::complete(const Type& type) const {
  if (type.is(TypeKind::array) && type.element().is_structure()) return Type::array(complete(type.element()), type.count());
  if (!type.is_structure()) return type;
  auto layout = type.layout() ? type.layout() : target_.layout(type);
  if (!layout) return type;
  auto whole = std::make_shared<StructLayout>(*layout);
  for (StructMember& member : whole->members) member.type = complete(member.type);
  return type.with_layout(std::move(whole));
}

// The type of an expression that is not evaluated: typeof(expression).
std::optional<Type> Inference::type_of(const Expression& expression) {
  if (const auto* type = std::get_if<TypeOf>(&expression.kind)) return resolve(type->type);
  Type type = value(expression);
  return type.is_none() ? std::nullopt : std::optional(type);
}

std::optional<Type> Inference::resolve(const TypeName& name) {
  std::optional<Type> type = name.of ? type_of(*name.of) : name.base == "void" ? Type::none() : c_integer_type(name.base);
  if (!type && !name.of) type = target_.find_type(name.base);
  if (!type) {
    if (final_ && !name.of) {
      std::string help = did_you_mean(name.base, target_.struct_names());
      if (help.empty() && !target_.has(Feature::btf)) help = "this kernel has no type information (/sys/kernel/btf/vmlinux)";
      diagnostics_.report<DiagnosticId::unknown_type>(name.range, name.base).with_help(help);
    }
    return std::nullopt;
  }
  for (std::uint32_t suffix : name.suffixes) {
    if (suffix == unsized_array || suffix != 0) {
      if (final_) diagnostics_.report<DiagnosticId::unsupported_feature>(name.range, "a cast to an array");
      return std::nullopt;
    }
    type = Type::pointer(*type, AddressSpace::kernel);
  }
  return type;
}

}  // namespace fathom
