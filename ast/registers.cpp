// x86-64. Offsets are those of struct pt_regs in arch/x86/include/uapi/asm/ptrace.h: one word each, in this order.
#include "ast/registers.h"

#include <algorithm>

namespace fathom {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::string_view order[] = {"r15", "r14", "r13", "r12", "bp", "bx",       "r11", "r10", "r9",    "r8", "ax",
                                      "cx",  "dx",  "si",  "di",  "orig_rax", "ip", "cs",  "flags", "sp", "ss"};

struct Alias {
  std::string_view name;
  std::string_view canonical;
};
constexpr Alias aliases[] = {{"pc", "ip"}, {"orig_ax", "orig_rax"}};

constexpr std::uint32_t offset_of(std::string_view name) {
  std::uint32_t index = 0;
  while (order[index] != name) ++index;
  return index * word;
}

constexpr std::uint32_t arguments[] = {offset_of("di"), offset_of("si"), offset_of("dx"), offset_of("cx"), offset_of("r8"), offset_of("r9")};

}  // namespace

std::optional<std::uint32_t> register_offset(std::string_view name) {
  for (const Alias& alias : aliases) {
    if (alias.name == name) name = alias.canonical;
  }
  const auto* found = std::ranges::find(order, name);
  if (found == std::end(order)) return std::nullopt;
  return static_cast<std::uint32_t>(found - std::begin(order)) * word;
}

std::vector<std::string> register_names() {
  std::vector<std::string> names(std::begin(order), std::end(order));
  for (const Alias& alias : aliases) names.emplace_back(alias.name);
  return names;
}

std::span<const std::uint32_t> argument_registers() { return arguments; }
std::uint32_t result_register() { return offset_of("ax"); }
std::uint32_t stack_register() { return offset_of("sp"); }
std::uint32_t instruction_register() { return offset_of("ip"); }
std::uint32_t segment_register() { return offset_of("cs"); }

std::optional<AssemblerRegister> assembler_register(std::string_view name) {
  // r8 … r15, with d, w or b behind the number for their low parts.
  if (name.size() >= 2 && name[0] == 'r' && name[1] >= '0' && name[1] <= '9') {
    std::uint32_t size = word;
    if (name.ends_with('d')) size = 4;
    if (name.ends_with('w')) size = 2;
    if (name.ends_with('b')) size = 1;
    if (size != word) name.remove_suffix(1);
    const auto offset = register_offset(name);
    return offset ? std::optional(AssemblerRegister{*offset, size, 0}) : std::nullopt;
  }
  if (name.size() == 3 && (name[0] == 'r' || name[0] == 'e')) {
    const auto offset = register_offset(name.substr(1));
    return offset ? std::optional(AssemblerRegister{*offset, name[0] == 'r' ? 8u : 4u, 0}) : std::nullopt;
  }
  if (name.size() == 3 && name.ends_with('l')) {  // sil, dil, bpl, spl
    const auto offset = register_offset(name.substr(0, 2));
    return offset ? std::optional(AssemblerRegister{*offset, 1, 0}) : std::nullopt;
  }
  if (name.size() != 2) return std::nullopt;
  if (const auto offset = register_offset(name)) return AssemblerRegister{*offset, 2, 0};
  if (name[1] != 'l' && name[1] != 'h') return std::nullopt;
  const std::string whole = {name[0], 'x'};
  const auto offset = register_offset(whole);
  return offset ? std::optional(AssemblerRegister{*offset, 1, name[1] == 'h' ? 1u : 0u}) : std::nullopt;
}

}  // namespace fathom
