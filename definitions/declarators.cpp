// What stands around a name: pointers, arrays, parameters; and what constant expressions mean by types.
#include <fmt/format.h>

#include <algorithm>

#include "definitions/declaration_parser.h"

namespace fathom {

namespace {

constexpr int deepest = 64;
constexpr std::int64_t largest_array = 1 << 28;

bool is_char(const Type& type) { return type.is_integer() && type.size() == 1 && type.is_signed(); }

}  // namespace

std::optional<DeclarationParser::Declarator> DeclarationParser::declarator(const Specifiers& specifiers) {
  Declarator result;
  result.type = specifiers.type;
  result.place = cursor_.peek().place;
  if (!declarator_into(result, 0)) return std::nullopt;
  attributes(result.attributes);
  return result;
}

// Reads from the left, so what is in parentheses is read last: `(*name)[4]` is a pointer to an array.
bool DeclarationParser::declarator_into(Declarator& result, int depth) {
  if (depth > deepest) {
    problem(cursor_.peek().place, "nested more than {} levels deep", deepest);
    return false;
  }
  Specifiers ignored;
  bool to_user = false;
  while (true) {
    to_user |= cursor_.is("__user");
    if (cursor_.accept("*")) {
      result.type = pointer_to(result.type, to_user);
      to_user = false;
    } else if (cursor_.accept("^") || !skip_word(ignored)) {
      break;
    }
    // `char *__user p` and `char __user *p` both point to user memory.
    if (cursor_.is("__user") && result.type.type.is_pointer()) result.type.type = result.type.type.with_space(AddressSpace::user);
  }
  result.attributes.packed |= ignored.attributes.packed;
  result.attributes.aligned = std::max(result.attributes.aligned, ignored.attributes.aligned);
  const CToken& next = cursor_.peek(1);
  const bool is_nested = cursor_.is("(") && (next.is("*") || next.is("(") || next.is("^") || next.is("__attribute__") ||
                                             (next.kind == CKind::identifier && !begins_type(next)));
  if (is_nested) {
    const std::size_t inside = cursor_.position() + 1;
    cursor_.skip_balanced();
    if (!suffixes(result.type)) return false;
    const std::size_t behind = cursor_.position();
    cursor_.move_to(inside);
    if (!declarator_into(result, depth + 1)) return false;
    if (!expect(")", "this declaration")) return false;
    cursor_.move_to(behind);
    return true;
  }
  if (cursor_.peek().kind == CKind::identifier) {
    result.place = cursor_.peek().place;
    result.name = cursor_.take().text;
  }
  return suffixes(result.type);
}

// `[3][4]` is read from the right: three of four.
bool DeclarationParser::suffixes(CType& type) {
  std::vector<std::pair<std::optional<std::int64_t>, Place>> counts;
  bool is_function = false;
  while (cursor_.is("[") || cursor_.is("(")) {
    if (cursor_.is("(")) {
      cursor_.skip_balanced();
      is_function = true;
      continue;
    }
    const Place place = cursor_.take().place;
    std::optional<std::int64_t> count;
    if (!cursor_.is("]")) {
      count = constant_value("the size of an array");
      if (!count) return false;
    }
    if (!expect("]", "this array")) return false;
    counts.emplace_back(count, place);
  }
  if (is_function) {
    type = CType{Type::none(), 1, false, true};
    return true;
  }
  for (; !counts.empty(); counts.pop_back()) {
    std::optional<CType> array = array_of(type, counts.back().first, counts.back().second);
    if (!array) return false;
    type = std::move(*array);
  }
  return true;
}

std::optional<CType> DeclarationParser::array_of(const CType& element, std::optional<std::int64_t> count, const Place& place) {
  CType whole = element;
  if (!whole.is_complete && whole.type.is_structure()) {
    if (const std::optional<Type> found = machine_.find_type(to_string(whole.type)); found && found->size() != 0) {
      whole = CType{*found, c_alignment(*found, machine_), true, false};
    }
  }
  if (!whole.is_complete) {
    problem(place, "an array of {}, whose size is not known", whole.type.is_none() ? "void" : to_string(whole.type));
    return std::nullopt;
  }
  const std::int64_t number = count.value_or(0);
  if (number < 0 || number * std::max<std::int64_t>(whole.type.size(), 1) > largest_array || number > largest_array) {
    problem(place, "an array can not have {} elements", number);
    return std::nullopt;
  }
  if (number > 0 && is_char(whole.type)) return CType{Type::characters(static_cast<std::uint32_t>(number)), 1, true, false};
  return CType{Type::array(whole.type, static_cast<std::uint32_t>(number)), whole.alignment, true, false};
}

CType DeclarationParser::pointer_to(const CType& pointee, bool to_user) {
  return CType{Type::pointer(pointee.type, to_user ? AddressSpace::user : AddressSpace::kernel), 8, true, false};
}

std::optional<std::int64_t> DeclarationParser::constant_value(std::string_view what) {
  ConstantExpression expression(cursor_, *this, ConstantWidth::c);
  const std::optional<ConstantValue> value = expression.read();
  if (value) return value->value;
  reporter_.report<DiagnosticId::bad_c_constant>(expression.problem().place, what, expression.problem().text);
  return std::nullopt;
}

std::optional<CType> DeclarationParser::type_in_parentheses() {
  if (!cursor_.is("(") || !begins_type(cursor_.peek(1))) return std::nullopt;
  cursor_.take();
  const std::optional<Specifiers> base = specifiers();
  if (!base) return std::nullopt;
  const std::optional<Declarator> type = declarator(*base);
  if (!type || !expect(")", "this type")) return std::nullopt;
  return type->type;
}

std::optional<ConstantValue> DeclarationParser::cast(TokenCursor&) {
  if (!cursor_.is("(") || !begins_type(cursor_.peek(1))) return std::nullopt;
  const std::optional<CType> type = type_in_parentheses();
  if (!type) return std::nullopt;
  return ConstantValue{0, !type->type.is_signed(), type->type.size() > 4};
}

std::optional<ConstantValue> DeclarationParser::offset_of() {
  if (!expect("(", "`offsetof`")) return std::nullopt;
  const std::optional<Specifiers> base = specifiers();
  if (!base || !expect(",", "`offsetof`")) return std::nullopt;
  Type type = base->type.type;
  std::int64_t offset = 0;
  do {
    const auto own = declarations_.layouts.find(to_string(type));
    const auto layout = type.layout() ? type.layout() : own != declarations_.layouts.end() ? own->second : machine_.layout(type);
    const StructMember* member = layout ? layout->find(cursor_.peek().text) : nullptr;
    if (member == nullptr) return std::nullopt;
    cursor_.take();
    offset += member->offset;
    type = Type(member->type);
  } while (cursor_.accept("."));
  if (!expect(")", "`offsetof`")) return std::nullopt;
  return ConstantValue{offset, true, true};
}

std::optional<ConstantValue> DeclarationParser::name(TokenCursor&) {
  const CToken word = cursor_.take();
  if (word.is("sizeof") || word.is("_Alignof") || word.is("__alignof__")) {
    std::optional<CType> type = type_in_parentheses();
    if (!type) return std::nullopt;
    if (!type->is_complete && type->type.is_structure()) {
      const std::optional<Type> found = machine_.find_type(to_string(type->type));
      if (found) type = CType{*found, c_alignment(*found, machine_), found->size() != 0, false};
    }
    if (!type->is_complete) return std::nullopt;
    return ConstantValue{word.is("sizeof") ? type->type.size() : type->alignment, true, true};
  }
  if (word.is("offsetof") || word.is("__builtin_offsetof")) return offset_of();
  if (word.is("true") || word.is("false")) return ConstantValue{word.is("true") ? 1 : 0, false, false};
  std::optional<std::pair<std::int64_t, Type>> found;
  if (const auto own = declarations_.enumerators.find(word.text); own != declarations_.enumerators.end()) {
    found = own->second;
  } else {
    found = machine_.enumerator(word.text);
  }
  if (!found) return std::nullopt;
  return ConstantValue{found->first, !found->second.is_signed(), found->first > 0x7fffffff || found->first < -0x80000000LL};
}

}  // namespace fathom
