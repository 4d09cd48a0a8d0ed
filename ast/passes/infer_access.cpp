// Type inference: members, elements, pointers, and types by name.
#include <fmt/format.h>

#include <charconv>

#include "ast/passes/infer.h"
#include "ast/passes/typing.h"
#include "ast/text.h"

namespace fathom {

using namespace ast;

namespace {

std::optional<std::uint32_t> tuple_index(const std::string& name) {
  std::uint32_t index = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return index;
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

// The type of something inside memory of an address space: pointers found there, in structs and arrays too, point into the same space.
Type inside(const Type& type, AddressSpace space) {
  if (type.is_pointer() && type.space() == AddressSpace::user) return type;  // the kernel's types mark some of its pointers as such
  return type.is_pointer() || type.is_structure() || type.is_array() ? type.with_space(space) : type;
}

}  // namespace

Type Inference::member(const Member& node, Facts& facts) {
  Type base = value(*node.base);
  if (base.is_none()) return Type::none();
  if (base.is(TypeKind::context)) return context_field(node, facts);
  if (base.is_tuple()) return element_of_tuple(node, base, facts);
  if (base.is_structure()) return struct_member(node, base, base.space(), facts);
  if (base.is_pointer() && base.pointee().is_structure()) return struct_member(node, base.pointee(), base.space(), facts);
  if (base.is_pointer() && base.pointee().is_tuple()) return element_of_tuple(node, base.pointee(), facts);
  std::string help;
  if (base.is_pointer() && base.pointee().is_none()) help = "cast it first: `((struct NAME *)x)->member`";
  if (base.is_integer()) help = "if it holds an address, cast it first: `((struct NAME *)x)->member`";
  if (std::holds_alternative<IntegerLiteral>(node.base->kind)) {
    const bool is_fraction = node.name.front() >= '0' && node.name.front() <= '9';
    help = is_fraction ? "there are no floating-point numbers" : "a cast takes hold of less than `->` does: `((struct NAME *)x)->member`";
  }
  diagnostics_.report<DiagnosticId::member_of_non_struct>(node.base->range, to_string(base)).with_help(help);
  return Type::none();
}

Type Inference::context_field(const Member& node, Facts& facts) {
  const auto& fields = probe_.context.fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name != field_name(node.name)) continue;
    facts.index = static_cast<std::uint32_t>(i);
    facts.is_object = fields[i].is_object();
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
  if (base.is_record()) {
    if (auto part = base.part_named(node.name)) {
      take_part(node.base, *part, facts);
      return base.parts()[*part];
    }
    // The many fields of a builtin's record say nothing to whoever wrote the builtin's name.
    const bool is_builtin = this->facts(*node.base).builtin != nullptr;
    diagnostics_.report<DiagnosticId::unknown_member>(node.name_range, is_builtin ? fmt::format("`{}`", program_.source->text(node.base->range)) : to_string(base), node.name)
        .with_help(did_you_mean(node.name, base.names()));
    return Type::none();
  }
  auto index = tuple_index(node.name);
  if (!index) {
    diagnostics_.report<DiagnosticId::unknown_member>(node.name_range, to_string(base), node.name).with_help("elements are `.0`, `.1`, …");
    return Type::none();
  }
  if (*index >= base.parts().size()) {
    diagnostics_.report<DiagnosticId::index_out_of_bounds>(node.name_range, *index, "the tuple", base.parts().size());
    return Type::none();
  }
  take_part(node.base, *index, facts);
  return base.parts()[*index];
}

// What is known about a part of a tuple.
void Inference::take_part(const ExpressionPtr& tuple, std::uint32_t index, Facts& facts) {
  facts.index = index;
  const std::vector<Facts>& parts = this->facts(*tuple).parts;
  if (index >= parts.size()) return;
  facts.constant = parts[index].constant;
  facts.text = parts[index].text;
}

std::optional<StructMember> Inference::find_member(const Type& structure, const std::string& name, Range base, Range name_range) {
  auto layout = structure.layout() ? structure.layout() : target_.layout(structure);
  if (!layout) {
    if (final_) {
      diagnostics_.report<DiagnosticId::incomplete_struct>(base, to_string(structure))
          .with_help(target_.has(Feature::btf) ? "the kernel's type information (BTF) has no definition of it"
                                               : "this kernel has no type information (/sys/kernel/btf/vmlinux)");
    }
    return std::nullopt;
  }
  auto found = member_of(*layout, name, target_);
  if (!found && final_) {
    std::vector<std::string> names;
    collect_names(*layout, target_, names);
    diagnostics_.report<DiagnosticId::unknown_member>(name_range, to_string(structure), name).with_help(did_you_mean(name, names));
  }
  return found;
}

Type Inference::struct_member(const Member& node, const Type& structure, AddressSpace space, Facts& facts) {
  auto found = find_member(structure, node.name, node.base->range, node.name_range);
  if (!found) return Type::none();
  Type type = inside(complete(found->type), space);
  facts.is_object = this->facts(*node.base).is_object && space == AddressSpace::kernel && type.space() == AddressSpace::kernel &&
                    (type.is_structure() || (type.is_pointer() && type.pointee().is_structure()));
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
  const bool is_large = constant && *constant < 0 && !index.is_signed();
  const std::string written = !constant ? "" : is_large ? fmt::to_string(static_cast<std::uint64_t>(*constant)) : fmt::to_string(*constant);
  if (base.is_tuple()) {
    if (!constant) {
      diagnostics_.report<DiagnosticId::argument_not_constant>(node.index->range, "index", "tuple");
      return Type::none();
    }
    if (*constant < 0 || static_cast<std::size_t>(*constant) >= base.parts().size()) {
      diagnostics_.report<DiagnosticId::index_out_of_bounds>(node.index->range, written, "the tuple", base.parts().size());
      return Type::none();
    }
    take_part(node.base, static_cast<std::uint32_t>(*constant), facts);
    return base.parts()[static_cast<std::size_t>(*constant)];
  }
  bool is_bytes = base.is_string() || base.is(TypeKind::buffer);
  if (base.is_array() || is_bytes) {
    std::uint32_t count = base.is_string() ? base.size() : is_bytes ? base.buffer_capacity() : base.count();
    bool has_end = is_bytes || count != 0;  // the array at the end of a struct may go on
    if (constant && (*constant < 0 || (has_end && *constant >= count))) {
      diagnostics_.report<DiagnosticId::index_out_of_bounds>(node.index->range, written, to_string(base), count);
      return Type::none();
    }
    if (!is_bytes) return inside(complete(base.element()), base.space());
    const auto& text = this->facts(*node.base).text;
    if (text && constant) facts.constant = static_cast<std::size_t>(*constant) < text->size() ? (*text)[static_cast<std::size_t>(*constant)] : 0;
    return Type::integer(1, base.is_string());
  }
  if (base.is_pointer() && !base.pointee().is_none()) return dereference(base, range);
  diagnostics_.report<DiagnosticId::not_indexable>(range, to_string(base))
      .with_help(base.is_pointer() ? "cast it first: `((uint8 *)p)[0]`" : "");
  return Type::none();
}

Type Inference::dereference(const Type& pointer, Range range) {
  if (pointer.is_integer()) return Type::uint64();  // old scripts read kernel variables as `*kaddr("name")`
  Type type = complete(pointer.pointee());
  if (type.is_none()) return Type::integer(1, false);
  if (type.is_structure() && type.size() == 0 && final_) {
    diagnostics_.report<DiagnosticId::incomplete_struct>(range, to_string(type));
  }
  return inside(type, pointer.space());
}

}  // namespace fathom
