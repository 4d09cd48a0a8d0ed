// struct, union and enum: what stands in their braces.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "definitions/declaration_parser.h"

namespace fathom {

namespace {

constexpr int deepest = 64;

}  // namespace

std::optional<CType> DeclarationParser::aggregate(Specifiers& specifiers) {
  const CToken keyword = cursor_.take();
  const bool is_union = keyword.is("union");
  specifiers.defines_type = true;
  CAttributes own;
  attributes(own);
  std::string tag;
  Place place = keyword.place;
  if (cursor_.peek().kind == CKind::identifier) {
    place = cursor_.peek().place;
    tag = cursor_.take().text;
    attributes(own);
  }
  specifiers.is_anonymous = tag.empty();
  if (cursor_.is("{")) {
    if (++depth_ > deepest) {
      problem(place, "nested more than {} levels deep", deepest);
      return std::nullopt;
    }
    std::optional<CType> type = define_aggregate(tag, is_union, place, own);
    --depth_;
    return type;
  }
  if (tag.empty()) {
    problem(cursor_.peek().place, "`{}` wants a name or `{{ … }}`", keyword.text);
    return std::nullopt;
  }
  const std::string key = keyword.text + " " + tag;
  if (const auto known = declarations_.tags.find(key); known != declarations_.tags.end()) return known->second;
  // Only named: complete where the script defines it later or the kernel has it. The kernel is asked only when the size matters.
  return CType{Type::structure(tag, is_union, 0, 0), 1, false, false};
}

std::optional<CType> DeclarationParser::define_aggregate(const std::string& tag, bool is_union, const Place& place, CAttributes& own) {
  const std::string key = std::string(is_union ? "union " : "struct ") + tag;
  cursor_.take();  // the brace
  std::vector<CMember> members;
  while (!cursor_.at_end() && !cursor_.is("}")) {
    const std::size_t before = cursor_.position();
    member_declaration(members);
    if (cursor_.position() == before) cursor_.take();
  }
  if (!expect("}", tag.empty() ? "this definition" : fmt::format("`{}`", key))) return std::nullopt;
  attributes(own);
  CStruct built = lay_out(tag, is_union, members, own, pack_.empty() ? 0 : pack_.back());
  if (!built.unreadable.empty()) problem(place, "bitfield `{}` lies across more than 8 bytes and can not be read", built.unreadable);
  const std::uint32_t size = built.layout.size;
  auto layout = std::make_shared<const StructLayout>(std::move(built.layout));
  if (tag.empty()) return CType{Type::structure("", is_union, size, 0, std::move(layout)), built.alignment, true, false};
  const CType type{Type::structure(tag, is_union, size, 0), built.alignment, true, false};
  define_tag(key, type, place, true);
  declarations_.layouts.insert_or_assign(key, std::move(layout));
  return type;
}

// The last member may go without its semicolon: compilers only warn, and scripts do it.
bool DeclarationParser::ends_member() {
  return cursor_.accept(";") || cursor_.is("}");
}

void DeclarationParser::member_declaration(std::vector<CMember>& members) {
  if (cursor_.accept(";") || pragma()) return;
  if (cursor_.is("_Static_assert") || cursor_.is("static_assert")) return skip_declaration();
  const std::optional<Specifiers> base = specifiers();
  if (!base) return skip_declaration();
  if (ends_member()) {
    if (base->type.type.is_structure() && base->is_anonymous) members.push_back({"", base->type, std::nullopt, base->attributes});
    return;
  }
  while (true) {
    Declarator each;
    each.type = base->type;
    each.place = cursor_.peek().place;
    if (!cursor_.is(":")) {
      std::optional<Declarator> read = declarator(*base);
      if (!read) return skip_declaration();
      each = std::move(*read);
    }
    add_member(members, *base, std::move(each));
    if (cursor_.accept(",")) continue;
    if (!ends_member() && !expect(";", "this member")) skip_declaration();
    return;
  }
}

void DeclarationParser::add_member(std::vector<CMember>& members, const Specifiers& base, Declarator declarator) {
  CMember member{declarator.name, declarator.type, std::nullopt, base.attributes};
  if (cursor_.accept(":")) {
    member.bits = bitfield_width(declarator);
    if (!member.bits) return;
  }
  attributes(declarator.attributes);
  member.attributes.packed |= declarator.attributes.packed;
  member.attributes.aligned = std::max(member.attributes.aligned, declarator.attributes.aligned);
  if (member.type.is_function) {
    problem(declarator.place, "a member can not be a function: write a pointer, `(*{})`", declarator.name);
    return;
  }
  if (!member.type.is_complete && member.type.type.is_structure()) {
    if (const std::optional<Type> found = machine_.find_type(to_string(member.type.type)); found && found->size() != 0) {
      member.type = CType{*found, c_alignment(*found, machine_), true, false};
    }
  }
  if (!member.type.is_complete) {
    const std::string type = member.type.type.is_none() ? "void" : to_string(member.type.type);
    reporter_.report<DiagnosticId::incomplete_member>(declarator.place, member.name, type)
        .with_help(member.type.type.is_none() ? "make the member a pointer" : fmt::format("define `{}` before, or make the member a pointer", type));
    return;
  }
  const bool twice = std::ranges::any_of(members, [&](const CMember& other) { return !member.name.empty() && other.name == member.name; });
  if (twice) {
    reporter_.report<DiagnosticId::redefined>(declarator.place, member.name);
    return;
  }
  members.push_back(std::move(member));
}

std::optional<std::uint32_t> DeclarationParser::bitfield_width(const Declarator& declarator) {
  const Place place = cursor_.peek().place;
  const std::optional<std::int64_t> width = constant_value("the width of a bitfield");
  if (!width) return std::nullopt;
  const Type& type = declarator.type.type;
  if (!type.is_numeric()) {
    problem(declarator.place, "a bitfield must be an integer, not {}", to_string(type));
    return std::nullopt;
  }
  const std::int64_t widest = type.is(TypeKind::boolean) ? 1 : std::int64_t(type.size()) * 8;
  if (*width < 0 || *width > widest || (*width == 0 && !declarator.name.empty())) {
    problem(place, "a bitfield of {} has 1 to {} bits, not {}", to_string(type), widest, *width);
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*width);
}

std::optional<CType> DeclarationParser::enumeration() {
  const CToken keyword = cursor_.take();
  CAttributes own;
  attributes(own);
  std::string tag;
  Place place = keyword.place;
  if (cursor_.peek().kind == CKind::identifier) {
    place = cursor_.peek().place;
    tag = cursor_.take().text;
  }
  if (cursor_.accept(":")) {  // C23: the type of its values; they have their own size all the same below
    if (!specifiers()) return std::nullopt;
  }
  if (cursor_.is("{")) return define_enumeration(tag, place, own);
  const std::string key = "enum " + tag;
  if (const auto known = declarations_.tags.find(key); known != declarations_.tags.end()) return known->second;
  if (const std::optional<Type> found = machine_.find_type(key)) return CType{*found, found->size(), true, false};
  // Pointers to it and bitfields of it need no more than this.
  return CType{Type::integer(4, false), 4, true, false};
}

std::optional<CType> DeclarationParser::define_enumeration(const std::string& tag, const Place& place, CAttributes own) {
  cursor_.take();  // the brace
  std::vector<std::pair<CToken, std::int64_t>> read;
  std::int64_t next = 0;
  while (!cursor_.at_end() && !cursor_.is("}")) {
    const CToken name = cursor_.take();
    if (name.kind != CKind::identifier) {
      problem(name.place, "unexpected `{}` in an enum, expected a name", name.text);
      skip_declaration();
      return std::nullopt;
    }
    CAttributes ignored;
    attributes(ignored);
    if (cursor_.accept("=")) {
      const std::optional<std::int64_t> value = constant_value("the value of an enumerator");
      if (!value) {
        skip_declaration();
        return std::nullopt;
      }
      next = *value;
    }
    read.emplace_back(name, next);
    next = static_cast<std::int64_t>(static_cast<std::uint64_t>(next) + 1);
    // Later values may be made from this one.
    declarations_.enumerators.insert_or_assign(name.text, std::pair(read.back().second, Type::int64()));
    if (!cursor_.accept(",")) break;
  }
  if (!expect("}", "this enum")) return std::nullopt;
  attributes(own);
  std::int64_t least = 0, most = 0;
  auto names = std::make_shared<std::vector<std::pair<std::int64_t, std::string>>>();
  for (const auto& [name, value] : read) {
    least = std::min(least, value);
    most = std::max(most, value);
    names->emplace_back(value, name.text);
  }
  const bool is_signed = least < 0;
  std::uint32_t size = own.packed ? 1 : 4;
  const auto fits = [&](std::uint32_t bytes) {
    if (bytes == 8) return true;
    const std::int64_t half = std::int64_t(1) << (bytes * 8 - 1);
    return is_signed ? least >= -half && most < half : most < 2 * half;
  };
  while (!fits(size)) size *= 2;
  const Type type = Type::enumeration(tag, Type::integer(size, is_signed), std::move(names));
  for (const auto& [name, value] : read) {
    if (const auto known = places_.find(name.text); known != places_.end()) {
      Diagnostic& diagnostic = reporter_.report<DiagnosticId::redefined>(name.place, name.text);
      reporter_.label(diagnostic, name.place, known->second, "the first definition");
    }
    places_.insert_or_assign(name.text, name.place);
    declarations_.enumerators.insert_or_assign(name.text, std::pair(value, type));
  }
  const CType result{type, size, true, false};
  if (!tag.empty()) define_tag("enum " + tag, result, place, true);
  return result;
}

}  // namespace fathom
