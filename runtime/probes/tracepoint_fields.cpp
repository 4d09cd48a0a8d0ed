// Reads the C types of tracefs format files: words, stars and brackets, no more.
#include "runtime/probes/tracepoint_fields.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "ast/c_types.h"

namespace fathom {

namespace {

constexpr std::string_view qualifiers[] = {"const", "volatile", "__user", "__rcu", "__percpu", "__seg_gs", "restrict"};

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Without qualifiers at either end.
std::string_view unqualified(std::string_view text) {
  text = trim(text);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::string_view word : qualifiers) {
      if (text.starts_with(word) && text.size() > word.size() && text[word.size()] == ' ') {
        text = trim(text.substr(word.size()));
        changed = true;
      }
      if (text.ends_with(word) && text.size() > word.size() &&
          (text[text.size() - word.size() - 1] == ' ' || text[text.size() - word.size() - 1] == '*')) {
        text = trim(text.substr(0, text.size() - word.size()));
        changed = true;
      }
    }
  }
  return text;
}

// "struct foo" -> foo; empty where the text is no such thing.
std::string_view tag(std::string_view text, std::string_view keyword) {
  if (!text.starts_with(keyword) || text.size() <= keyword.size() || text[keyword.size()] != ' ') return {};
  return trim(text.substr(keyword.size()));
}

std::optional<Type> tagged_type(std::string_view text, std::uint32_t size) {
  if (const std::string_view name = tag(text, "struct"); !name.empty()) return Type::structure(std::string(name), false, size, 0);
  if (const std::string_view name = tag(text, "union"); !name.empty()) return Type::structure(std::string(name), true, size, 0);
  return std::nullopt;
}

// What a value of the declared type takes `size` bytes for. System call arguments lie in 8 bytes each, however small their type is.
Type scalar_type(std::string_view text, std::uint32_t size, bool is_signed, const Target& target) {
  text = unqualified(text);
  if (std::optional<Type> structure = tagged_type(text, size)) return *structure;
  std::optional<Type> known = c_integer_type(text);
  if (!known && !tag(text, "enum").empty()) known = target.find_type(text);
  if (known && known->is_integer() && known->size() == size) return Type::integer(size, is_signed);
  if (known && known->size() <= size) return *known;
  if (size <= 8 && std::has_single_bit(size)) return Type::integer(size, is_signed);
  return Type::buffer(size);
}

// The product of "[2][3]"; 0 where a bracket is empty or holds no number.
std::uint32_t element_count(std::string_view brackets) {
  std::uint32_t product = 1;
  while (!brackets.empty()) {
    std::uint32_t count = 0;
    const std::size_t end = brackets.find(']');
    if (end == std::string_view::npos || std::from_chars(brackets.data() + 1, brackets.data() + end, count).ptr != brackets.data() + end)
      return 0;
    product *= count;
    brackets.remove_prefix(end + 1);
  }
  return product;
}

Type array_type(const TracepointField& field, std::size_t bracket, AddressSpace pointers, const Target& target) {
  const std::string_view element = unqualified(std::string_view(field.c_type).substr(0, bracket));
  if (element == "char" && field.size > 0) return Type::characters(field.size);
  std::uint32_t count = element_count(std::string_view(field.c_type).substr(bracket));
  const std::optional<Type> known = c_integer_type(element);
  if (count == 0 && known && field.size != 0) count = field.size / known->size();  // the kernel wrote a macro's name
  if (element.ends_with('*')) return Type::array(pointer_type(element, pointers), count);
  if (count == 0 && field.size == 0) return Type::array(known.value_or(Type::integer(1, false)), 0);
  if (count == 0 || field.size % count != 0) return Type::buffer(field.size);
  const bool is_signed = known ? known->is_signed() : field.is_signed;
  return Type::array(scalar_type(element, field.size / count, is_signed, target), count);
}

}  // namespace

Type pointer_type(std::string_view c_type, AddressSpace pointers) {
  const std::string_view text = unqualified(c_type);
  if (text.ends_with('*')) return Type::pointer(pointer_type(text.substr(0, text.size() - 1), pointers), pointers);
  if (text.find('(') != std::string_view::npos) return Type::none();
  if (std::optional<Type> structure = tagged_type(text, 0)) return *structure;
  return c_integer_type(text).value_or(Type::none());
}

std::optional<ContextField> context_field(const TracepointField& field, AddressSpace pointers, const Target& target) {
  const std::string_view text = field.c_type;
  ContextField result{.name = field.name, .type = {}, .source = ContextSource::record, .offset = field.offset};
  const std::size_t bracket = text.find('[');
  const bool is_relative = text.starts_with("__rel_loc ");
  if (is_relative || text.starts_with("__data_loc ")) {
    const std::size_t keyword = text.find(' ') + 1;
    result.type = Type::pointer(
        pointer_type(text.substr(keyword, bracket == text.npos ? bracket : bracket - keyword), AddressSpace::kernel), AddressSpace::kernel);
    result.source = is_relative ? ContextSource::record_relative_string : ContextSource::record_string;
  } else if (bracket != std::string_view::npos) {
    result.type = array_type(field, bracket, pointers, target);
  } else if (unqualified(text).ends_with('*')) {
    result.type = pointer_type(text, pointers);
  } else {
    // A number that is cast to a pointer points to where the tracepoint's pointers do.
    result.type = scalar_type(text, field.size, field.is_signed, target).with_space(pointers);
    const bool padded = result.type.is_scalar() && result.type.size() < field.size;
    if (padded && std::endian::native == std::endian::big) result.offset += field.size - result.type.size();
  }
  return result;
}

}  // namespace fathom
