// printf with C's rules for the values of the language. Numbers go through the C library once flags, width or precision ask for it, so
// that every combination means what it means in C; the common plain ones are written directly.
#include "runtime/output/printf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "runtime/output/gfp_flags.h"

namespace fathom {

namespace {

struct Bits {
  using Result = std::optional<std::uint64_t>;
  Result operator()(bool value) const { return value ? 1 : 0; }
  Result operator()(std::int64_t value) const { return static_cast<std::uint64_t>(value); }
  Result operator()(std::uint64_t value) const { return value; }
  Result operator()(PointerValue value) const { return value.address; }
  Result operator()(const EnumValue& value) const { return static_cast<std::uint64_t>(value.value); }
  Result operator()(SymbolValue value) const { return value.address; }
  Result operator()(UserValue value) const { return value.id; }
  Result operator()(const AverageResult& value) const { return std::visit(*this, average(value).kind); }
  Result operator()(const auto&) const { return std::nullopt; }
};

// The bits of a value where a number is wanted; empty where it is none.
std::optional<std::uint64_t> bits_of(const Value& value) { return std::visit(Bits{}, value.kind); }

// Bits of the C type that the length modifier names.
unsigned width_of(LengthModifier length) {
  switch (length) {
    case LengthModifier::hh: return 8;
    case LengthModifier::h: return 16;
    case LengthModifier::none: return 32;
    case LengthModifier::l:
    case LengthModifier::ll:
    case LengthModifier::j:
    case LengthModifier::z:
    case LengthModifier::t:
    case LengthModifier::L: return 64;
  }
  return 64;
}

// A conversion whose `*` have been replaced by the arguments.
struct Resolved {
  std::string flags;
  int width = -1;
  int precision = -1;

  bool has(char flag) const { return flags.find(flag) != std::string::npos; }
  bool plain() const { return flags.empty() && width < 0 && precision < 0; }
};

class Conversions {
 public:
  Conversions(std::string& text, std::span<const Value> arguments, const ValueText& values)
      : text_(text), arguments_(arguments), values_(values) {}

  void conversion(const Conversion& conversion);

 private:
  const Value* next() {
    if (arguments_.empty()) return nullptr;
    const Value* value = &arguments_.front();
    arguments_ = arguments_.subspan(1);
    return value;
  }
  std::optional<int> star();
  Resolved resolve(const Conversion& conversion);
  void integer(const Conversion& conversion, const Resolved& resolved, std::uint64_t bits);
  void pointer(const Resolved& resolved, std::uint64_t address);
  void padded(const Resolved& resolved, std::string_view content);
  void cut_and_padded(const Resolved& resolved, std::string_view content);
  void buffer(const Conversion& conversion, const Resolved& resolved, const Value& value);

  std::string& text_;
  std::span<const Value> arguments_;
  const ValueText& values_;
};

std::optional<int> Conversions::star() {
  const Value* value = next();
  std::optional<std::uint64_t> bits = value != nullptr ? bits_of(*value) : std::nullopt;
  if (!bits) return std::nullopt;
  // C reads an int; one that is out of every reason counts as the largest that is allowed.
  auto number = static_cast<std::int64_t>(*bits);
  return static_cast<int>(std::clamp<std::int64_t>(number, -max_format_width, max_format_width));
}

Resolved Conversions::resolve(const Conversion& conversion) {
  Resolved resolved{conversion.flags, conversion.width, conversion.precision};
  if (conversion.width_argument) {
    int width = star().value_or(-1);
    if (width < 0) resolved.flags += '-';
    resolved.width = std::abs(width);
  }
  if (conversion.precision_argument) resolved.precision = std::max(-1, star().value_or(-1));
  return resolved;
}

void Conversions::integer(const Conversion& conversion, const Resolved& resolved, std::uint64_t bits) {
  unsigned unused = 64 - width_of(conversion.length);
  char letter = conversion.letters.front();
  bool is_signed = letter == 'd' || letter == 'i';
  auto number = static_cast<long long>(bits << unused) >> unused;
  unsigned long long magnitude = bits << unused >> unused;
  if (resolved.plain() && is_signed) {
    text_ += fmt::format_int(number).c_str();
  } else if (resolved.plain() && letter == 'u') {
    text_ += fmt::format_int(magnitude).c_str();
  } else {
    std::string width = resolved.width >= 0 ? fmt::to_string(resolved.width) : "";
    std::string precision = resolved.precision >= 0 ? fmt::format(".{}", resolved.precision) : "";
    std::string format = fmt::format("%{}{}{}ll{}", resolved.flags, width, precision, letter);
    // 64 bits in octal, a sign and a prefix take less than 32 columns.
    std::string content(32 + static_cast<std::size_t>(std::max({resolved.width, resolved.precision, 0})), '\0');
    int length = is_signed ? std::snprintf(content.data(), content.size(), format.c_str(), number)
                           : std::snprintf(content.data(), content.size(), format.c_str(), magnitude);
    text_.append(content, 0, static_cast<std::size_t>(std::max(length, 0)));
  }
}

void Conversions::padded(const Resolved& resolved, std::string_view content) {
  std::size_t blanks =
      resolved.width > 0 && content.size() < static_cast<std::size_t>(resolved.width) ? resolved.width - content.size() : 0;
  if (!resolved.has('-')) text_.append(blanks, ' ');
  text_ += content;
  if (resolved.has('-')) text_.append(blanks, ' ');
}

void Conversions::cut_and_padded(const Resolved& resolved, std::string_view content) {
  padded(resolved, resolved.precision >= 0 ? content.substr(0, static_cast<std::size_t>(resolved.precision)) : content);
}

// Like the C library but for null, which is a number here; old versions said "(nil)" as well.
void Conversions::pointer(const Resolved& resolved, std::uint64_t address) {
  if (address == 0 && values_.form().decimal_pointers) return padded(resolved, "(nil)");
  std::string digits = fmt::format("{:x}", address);
  std::size_t wanted = resolved.precision > 0 ? static_cast<std::size_t>(resolved.precision) : 0;
  if (resolved.precision < 0 && resolved.has('0') && !resolved.has('-')) wanted = static_cast<std::size_t>(std::max(resolved.width - 2, 0));
  if (digits.size() < wanted) digits.insert(0, wanted - digits.size(), '0');
  padded(resolved, "0x" + digits);
}

void Conversions::buffer(const Conversion& conversion, const Resolved& resolved, const Value& value) {
  std::string bytes;
  if (const auto* buffer = std::get_if<BufferValue>(&value.kind)) {
    bytes = buffer->bytes;
  } else if (const auto* string = std::get_if<StringValue>(&value.kind)) {
    bytes = string->bytes;
  } else if (const auto* array = std::get_if<ArrayValue>(&value.kind)) {
    for (const Value& element : array->elements) bytes += static_cast<char>(bits_of(element).value_or(0));
  }
  BufferForm form = conversion.letters == "rx"   ? BufferForm::escaped
                    : conversion.letters == "rh" ? BufferForm::hexadecimal
                                                 : BufferForm::readable;
  std::string content;
  append_buffer(content, bytes, form);
  cut_and_padded(resolved, content);
}

void Conversions::conversion(const Conversion& conversion) {
  Resolved resolved = resolve(conversion);
  const Value* value = next();
  if (value == nullptr) return;
  if (conversion.kind == ConversionClass::buffer) return buffer(conversion, resolved, *value);
  std::optional<std::uint64_t> bits = conversion.kind != ConversionClass::string ? bits_of(*value) : std::nullopt;
  if (bits && conversion.kind == ConversionClass::integer) return integer(conversion, resolved, *bits);
  if (bits && conversion.kind == ConversionClass::gfp_flags) return cut_and_padded(resolved, gfp_flags_text(*bits));
  if (bits && conversion.kind == ConversionClass::pointer) return pointer(resolved, *bits);
  if (bits && conversion.kind == ConversionClass::character) {
    char character = static_cast<char>(*bits);
    return padded(resolved, {&character, 1});
  }
  if (resolved.plain()) return values_.append(text_, *value);
  std::string content;
  values_.append(content, *value);
  cut_and_padded(resolved, content);
}

}  // namespace

void append_formatted(std::string& text, const std::vector<FormatPiece>& pieces, std::span<const Value> arguments,
                      const ValueText& values) {
  Conversions conversions(text, arguments, values);
  for (const FormatPiece& piece : pieces) {
    text += piece.text;
    if (piece.has_conversion) conversions.conversion(piece.conversion);
  }
}

std::string_view Formatter::operator()(std::string_view format, std::span<const Value> arguments) {
  text_.clear();
  append_formatted(text_, pieces_of(format), arguments, values_);
  return text_;
}

const std::vector<FormatPiece>& Formatter::pieces_of(std::string_view format) {
  auto known = formats_.find(format);
  if (known != formats_.end()) return known->second;
  auto pieces = parse_format(format);
  // check refuses formats that can not be read; what was written is the best there is to show.
  if (!pieces) pieces = std::vector<FormatPiece>{{std::string(format), false, {}, 0}};
  return formats_.emplace(format, std::move(*pieces)).first->second;
}

}  // namespace fathom
