// Looking things up in an Executable.
#include "ast/executable.h"

namespace fathom {

const ExecutableSymbol* Executable::find(std::string_view name) const {
  const ExecutableSymbol* found = nullptr;
  for (const ExecutableSymbol& symbol : symbols) {
    if (symbol.name != name) continue;
    if (symbol.is_function) return &symbol;
    if (found == nullptr) found = &symbol;
  }
  return found;
}

std::optional<std::uint64_t> Executable::offset_of(std::uint64_t address) const {
  for (const ExecutableSegment& segment : segments) {
    if (address >= segment.address && address - segment.address < segment.size) return address - segment.address + segment.offset;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Executable::address_of(std::uint64_t offset) const {
  for (const ExecutableSegment& segment : segments) {
    if (offset >= segment.offset && offset - segment.offset < segment.size) return offset - segment.offset + segment.address;
  }
  return std::nullopt;
}

}  // namespace fathom
