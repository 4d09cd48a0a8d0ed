// The registers of a struct pt_regs, which is the context of kprobe, uprobe and perf programs, and those of the calling convention.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fathom {

// Offset in struct pt_regs of the register that scripts call `name` ("ip", "di", "orig_rax"). Empty: there is no such register.
std::optional<std::uint32_t> register_offset(std::string_view name);
std::vector<std::string> register_names();

// Offsets of the registers that hold the first arguments of a function, its result, and of those with a meaning of their own.
std::span<const std::uint32_t> argument_registers();
std::uint32_t result_register();
std::uint32_t stack_register();
std::uint32_t instruction_register();
// The code segment, whose low two bits are 3 in user mode.
std::uint32_t segment_register();

// How assembler names a register ("%eax", "r10d" without the percent sign): its offset in struct pt_regs, the bytes that the name stands
// for, and where they begin ("ah" is byte 1). Empty: no general register.
struct AssemblerRegister {
  std::uint32_t offset = 0;
  std::uint32_t size = 8;
  std::uint32_t first_byte = 0;
};
std::optional<AssemblerRegister> assembler_register(std::string_view name);

}  // namespace fathom
