// x86-64 operands: %register, $number, displacement(%base), displacement(%base,%index,scale), variable(%rip).
#include "runtime/probes/usdt_arguments.h"

#include <charconv>
#include <optional>

#include "ast/registers.h"

namespace fathom {

namespace {

std::optional<std::int64_t> number_in(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const bool hexadecimal = text.starts_with("0x");
  if (hexadecimal) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - value : value);
}

std::optional<AssemblerRegister> register_in(std::string_view text) {
  if (!text.starts_with('%')) return std::nullopt;
  return assembler_register(text.substr(1));
}

// "8", "8+variable", "variable-4": a number, or a variable of the file with a number beside it. Variables lie as far from the probe in memory
// as they do in the file.
struct Displacement {
  std::int64_t number = 0;
  const ExecutableSymbol* variable = nullptr;
};
std::optional<Displacement> displacement_in(std::string_view text, const Executable& executable) {
  if (text.empty()) return Displacement{};
  if (const auto number = number_in(text)) return Displacement{*number, nullptr};
  const std::size_t sign = text.find_first_of("+-", 1);
  Displacement result;
  result.variable = executable.find(text.substr(0, sign));
  if (result.variable != nullptr && sign == std::string_view::npos) return result;
  if (result.variable != nullptr) {
    const auto number = number_in(text.substr(sign));
    if (!number) return std::nullopt;
    result.number = *number;
    return result;
  }
  if (sign == std::string_view::npos) return std::nullopt;
  const auto number = number_in(text.substr(0, sign));
  result.variable = executable.find(text.substr(sign + 1));
  if (!number || result.variable == nullptr) return std::nullopt;
  result.number = *number;
  return result;
}

// displacement(%base,%index,scale); %base may be left out.
bool memory_operand(std::string_view text, const Executable& executable, std::uint64_t probe_address, ContextField& field) {
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(')')) return false;
  const auto displacement = displacement_in(text.substr(0, open), executable);
  if (!displacement) return false;
  field.source = ContextSource::memory;
  field.displacement = displacement->number;
  std::string_view inner = text.substr(open + 1, text.size() - open - 2);
  const std::size_t comma = inner.find(',');
  const bool has_base = comma != 0;
  const auto base = has_base ? register_in(inner.substr(0, comma)) : std::optional(AssemblerRegister());
  if (!base) return false;
  field.offset = base->offset;
  if (displacement->variable != nullptr) {
    // The instruction pointer is where the probe is, so what it is added to is the distance from there.
    if (!has_base || base->offset != instruction_register()) return false;
    field.displacement = static_cast<std::int64_t>(static_cast<std::uint64_t>(field.displacement) + displacement->variable->address - probe_address);
  }
  if (comma == std::string_view::npos) return true;
  inner.remove_prefix(comma + 1);
  const std::size_t second = inner.find(',');
  const auto index = register_in(inner.substr(0, second));
  if (!index) return false;
  const auto scale = second == std::string_view::npos ? std::optional<std::int64_t>(1) : number_in(inner.substr(second + 1));
  if (!scale || *scale < 1 || *scale > 8) return false;
  field.index = index->offset;
  field.scale = static_cast<std::uint32_t>(*scale);
  // Without a base one of the multiples of the index takes its place.
  if (!has_base) field.offset = index->offset, --field.scale;
  return true;
}

// What is left of a constant in an integer of this type: the assembler writes -16 for the byte 240 too.
std::int64_t as_stored(std::int64_t value, const Type& type) {
  if (type.size() >= 8) return value;
  const unsigned dropped = 64 - 8 * type.size();
  const std::uint64_t top = static_cast<std::uint64_t>(value) << dropped;
  return type.is_signed() ? static_cast<std::int64_t>(top) >> dropped : static_cast<std::int64_t>(top >> dropped);
}

bool operand(std::string_view text, const Executable& executable, std::uint64_t probe_address, ContextField& field) {
  if (text.starts_with('$')) {
    const auto value = number_in(text.substr(1));
    field.source = ContextSource::constant;
    field.displacement = as_stored(value.value_or(0), field.read);
    return value.has_value();
  }
  if (const auto found = register_in(text)) {
    field.source = ContextSource::register_value;
    field.offset = found->offset + found->first_byte;
    // A register's part may be narrower than the argument is said to be.
    if (field.read.size() > found->size) field.read = Type::integer(found->size, field.read.is_signed());
    return true;
  }
  return memory_operand(text, executable, probe_address, field);
}

}  // namespace

std::expected<std::vector<ContextField>, std::string> parse_static_arguments(std::string_view text, const Executable& executable,
                                                                             std::uint64_t probe_address) {
  std::vector<ContextField> fields;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view argument = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (argument.empty()) continue;
    const std::size_t at = argument.find('@');
    const std::string_view size_text = argument.substr(0, at == std::string_view::npos ? 0 : at);
    // Floating-point arguments are marked with an f: nothing in BPF can calculate with them, and most are in registers that it does not see.
    if (size_text.ends_with('f')) {
      fields.emplace_back();
      continue;
    }
    const auto size = size_text.empty() ? std::optional<std::int64_t>(8) : number_in(size_text);
    const std::uint64_t bytes = !size ? 0 : *size < 0 ? 0 - static_cast<std::uint64_t>(*size) : static_cast<std::uint64_t>(*size);
    if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) return std::unexpected(std::string(argument));
    ContextField field;
    // Where the compiler put an argument and how wide it is differs from place to place; to the script it is one number.
    field.type = Type::uint64().with_space(AddressSpace::user);
    field.read = Type::integer(static_cast<std::uint32_t>(bytes), *size < 0);
    if (!operand(at == std::string_view::npos ? argument : argument.substr(at + 1), executable, probe_address, field)) {
      return std::unexpected(std::string(argument));
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace fathom
