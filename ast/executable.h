// What fathom knows of a program or library that probes are set in: its functions, its variables and its static probes (USDT). Plain data;
// runtime/elf.cpp reads it from the file. Addresses are those that the file gives itself, before it is loaded anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fathom {

struct ExecutableSymbol {
  std::string name;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  bool is_function = false;
};

// One place of a static probe; a probe that was inlined has several.
struct StaticProbe {
  std::string provider;
  std::string name;
  std::uint64_t address = 0;
  std::uint64_t semaphore = 0;  // address of its counter; 0: none
  std::string arguments;        // "-4@%edi 8@-16(%rbp)"
};

struct ExecutableSegment {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;  // in the file
  bool executable = false;
};

struct Executable {
  std::string path;
  bool position_independent = true;  // loaded anywhere; false: at the addresses of the file
  std::vector<ExecutableSegment> segments;
  std::vector<ExecutableSymbol> symbols;  // sorted by address; of one address, global names first
  std::vector<StaticProbe> probes;    // in the order of the file
  std::string build_id;               // hexadecimal; may be empty
  std::string debug_file;             // where its debugging information is; empty: nowhere
  bool is_64_bit = true;
  bool is_go = false;                 // made by the Go compiler, whose stacks move

  // The symbol with this name; a function if there is one.
  const ExecutableSymbol* find(std::string_view name) const;
  // Where the address lies in the file; empty where it is not loaded from there.
  std::optional<std::uint64_t> offset_of(std::uint64_t address) const;
  std::optional<std::uint64_t> address_of(std::uint64_t offset) const;
};

// Where the instructions of x86 code begin, as offsets: from the first one, at 0, on to the first one at or behind `last`. They end before that where
// the code ends, or holds what is no instruction.
using InstructionReader = std::vector<std::size_t> (*)(std::span<const std::byte> code, std::size_t last, bool is_64_bit);

}  // namespace fathom
