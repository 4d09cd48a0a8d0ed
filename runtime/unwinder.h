// Keeps what dw_ustack needs in the kernel: for each process the places of its code, for each file there the table that says how to unwind it.
// The maps are maps of maps, so that a table can be added while the programs run.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ast/executable.h"
#include "ast/result.h"
#include "runtime/descriptor.h"
#include "runtime/unwind_table.h"
#include "runtime/user_symbols.h"

namespace fathom {

class Unwinder {
 public:
  // An array of `count` values of `size` bytes, as the maps of maps hold; for one value, what they are told to expect.
  static Descriptor make_array(std::uint32_t size, std::uint32_t count);

  // `tables` and `places` are the descriptors of object_names::unwind_tables and unwind_places; `read` must not be null.
  Unwinder(int tables, int places, UnwindReader read) : tables_(tables), places_(places), read_(read) {}

  // Takes note of the code that the process has now. Errors: there is no such process; the kernel has no room for the tables.
  Result<void> learn(std::uint32_t process);

 private:
  struct Table {
    std::uint32_t number = 0;  // in the kernel's map; 0: the file describes nothing
    std::uint32_t rows = 0;
    std::uint64_t base = 0;  // address in the file that the rows count from
    std::vector<ExecutableSegment> segments;
  };

  Result<const Table*> table_of(const MemoryMapping& mapping, std::uint32_t process);

  int tables_;
  int places_;
  UnwindReader read_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Table> known_;  // by device and inode
  std::uint32_t used_ = 0;  // tables in the kernel's map
};

}  // namespace fathom
