// Names for addresses and addresses for names. Kernel symbols come from /proc/kallsyms, read once at the first question into a compact
// index: one text and a sorted list of 16-byte entries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/kernel_lines.h"
#include "runtime/output/output.h"
#include "runtime/user_symbols.h"

namespace fathom {

// The index, filled from the text of /proc/kallsyms.
class SymbolTable {
 public:
  // Takes text as it was read, cut anywhere. Call finish() after the last piece, before any question.
  void feed(std::string_view text);
  void finish();

  // The symbol at or before the address; empty where none is near (16 MiB). Of several names of one address the first in the text.
  SymbolSource::Name name_of(std::uint64_t address) const;
  // The address of the first symbol with this name.
  std::optional<std::uint64_t> address_of(std::string_view name) const;
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t address;
    std::uint32_t offset;  // of the name in names_, where it ends with NUL
  };
  void take_line(std::string_view line);
  std::string_view name(const Entry& entry) const { return names_.data() + entry.offset; }

  std::string names_;
  std::vector<Entry> entries_;
  std::string partial_;  // a line whose end is not there yet
};

class Symbols : public SymbolSource {
 public:
  explicit Symbols(NameReader read_name = demangled, NameReader read_rust_name = nullptr) : user_(read_name, read_rust_name) {}
  // See UserSymbols.
  void set_reading(bool eager, bool forgets) { user_.set_reading(eager, forgets); }
  void remember(std::uint32_t process) override { user_.remember(process); }
  void loaded_at(std::uint32_t process, const std::string& file, std::uint64_t base) override { user_.loaded_at(process, file, base); }
  Name name_of(std::uint64_t address, SymbolSpace space, std::uint32_t process) override;
  // See UserSymbols. `kernel_file`: the kernel with its debugging information; empty: in the usual places.
  void set_debugging(DebugFolders folders, DebugInfoReader reader, std::string kernel_file) {
    user_.set_debugging(std::move(folders), reader);
    debug_reader_ = reader;
    kernel_file_ = std::move(kernel_file);
  }
  std::vector<SourceLine> source_of(std::uint64_t address, SymbolSpace space, std::uint32_t process) override;
  // The address of a kernel symbol. Empty: unknown, or the kernel hides addresses (kernel.kptr_restrict).
  std::optional<std::uint64_t> kernel_address(std::string_view name);

 private:
  const SymbolTable& kernel();

  std::optional<SymbolTable> kernel_;
  std::optional<KernelLines> kernel_lines_;
  DebugInfoReader debug_reader_ = nullptr;
  std::string kernel_file_;
  UserSymbols user_;
};

// The address of one kernel symbol, without keeping the others: of per-CPU variables their offset. Empty where there is none, or where
// addresses are hidden.
std::optional<std::uint64_t> find_kernel_symbol(std::string_view name);

}  // namespace fathom
