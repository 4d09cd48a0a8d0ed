// Names for addresses of processes. What a process has mapped is read when the process is first heard of, because it may have ended when its
// addresses are shown; the symbols of a file are read when an address in it is first shown, once for all processes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ast/debug_info.h"
#include "ast/executable.h"
#include "runtime/descriptor.h"
#include "runtime/elf.h"
#include "runtime/elf_file.h"
#include "runtime/output/output.h"

namespace fathom {

// A line of /proc/PID/maps.
struct MemoryMapping {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t offset = 0;  // in the file
  std::string path;          // "/usr/bin/bash", "[vdso]"; empty: no file
  bool executable = false;
  bool deleted = false;
};
std::vector<MemoryMapping> parse_mappings(std::string_view text);

// The kernel's own library, which every process has: a copy in a file that is only ours. Empty where there is none.
inline constexpr std::string_view vdso_name = "[vdso]";
Descriptor copy_of_vdso();

// The file behind a mapping of the process, whatever its path leads to by now; the vDSO's copy. Not opened for
// reading, which would wake devices: it is read through /proc/self/fd. Empty where it can not be had.
Descriptor open_mapped(const MemoryMapping& mapping, std::uint32_t process);

// The symbol that holds an address of the file's own; null where there is none. One whose size is unknown reaches to the next.
const ExecutableSymbol* symbol_at(const Executable& executable, std::uint64_t address);

using NameReader = std::string (*)(const std::string& name);

class UserSymbols {
 public:
  // `read_name`: makes names of compilers readable; null: they are shown as they are. `read_rust_name`: the same for Rust's own names, empty where
  // it is none.
  explicit UserSymbols(NameReader read_name = demangled, NameReader read_rust_name = nullptr) : read_name_(read_name), read_rust_name_(read_rust_name) {}

  // `eager`: symbols are read when a process is first heard of, not when one of its addresses is shown. `forgets`: nothing that was read is kept
  // for the next address.
  void set_reading(bool eager, bool forgets) {
    eager_ = eager;
    forgets_ = forgets;
  }
  // Where separate files with debugging information are; and who reads lines in them, null: nobody wants any.
  void set_debugging(DebugFolders folders, DebugInfoReader reader) {
    debug_folders_ = std::move(folders);
    debug_reader_ = reader;
  }
  // Takes note of what the process has mapped now.
  void remember(std::uint32_t process);
  // A file of the process lies at its own addresses plus `base`. Of no use where the process could be looked at.
  void loaded_at(std::uint32_t process, const std::string& path, std::uint64_t base);
  SymbolSource::Name name_of(std::uint64_t address, std::uint32_t process);
  // How many different states of what the process has mapped are known.
  std::size_t readings_of(std::uint32_t process) const;
  // See SymbolSource. To be asked for once the address has been asked a name for.
  std::vector<SourceLine> source_of(std::uint64_t address, std::uint32_t process);

 private:
  // A file that is mapped somewhere. Read when it is first needed; held open where its path may lead nowhere by then.
  struct File {
    std::string path;  // to open
    std::string name;  // to show
    Descriptor descriptor;
    bool tried = false;
    std::optional<Executable> executable;
    std::vector<ArchiveMember> members;  // where it is an archive instead
    bool tried_lines = false;
    std::shared_ptr<const DebugInfo> lines;
  };
  // A stretch of memory, and what is there. Kept for every process that was ever heard of, so it holds no more than has to be known.
  struct Place {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t offset = 0;  // in the file
    File* file = nullptr;      // null: memory without a file, or code made at run time
    bool operator==(const Place&) const = default;
  };
  using Reading = std::vector<Place>;
  // A line of /tmp/perf-PID.map, where compilers at run time name their code.
  struct MadeFunction {
    std::uint64_t begin;
    std::uint64_t size;
    std::string name;
  };
  struct Process {
    std::vector<Reading> readings;  // the newest last: exec and dlopen change what is mapped; of many the newest
    std::chrono::steady_clock::time_point read;
    std::vector<MadeFunction> made;
    std::uint64_t made_bytes = 0;  // of the file when it was read
  };

  SymbolSource::Name look_up(std::uint64_t address, std::uint32_t process);
  static void add_place(Reading& reading, const Place& place);
  static void add_reading(Process& known, Reading reading);
  const Place* place_of(const Process& process, std::uint64_t address) const;
  File* file_of(const MemoryMapping& mapping, std::uint32_t process, bool apart);
  File* file_at(const std::string& path);
  const Executable* read(File& file);
  // What lies there in a file: the program or library, or one of those that an archive holds.
  struct Code {
    File* file = nullptr;
    const Executable* executable = nullptr;
    std::uint64_t address = 0;  // of the executable's own
    std::string module;
  };
  std::optional<Code> code_at(const Place& place, std::uint64_t address);
  void read_made(Process& known, std::uint32_t process);
  std::string made_name(const Process& known, std::uint64_t address, std::uint64_t& offset) const;

  std::string readable(const std::string& name) const;

  NameReader read_name_;
  NameReader read_rust_name_;
  bool eager_ = false;
  bool forgets_ = false;
  DebugFolders debug_folders_ = usual_debug_folders();
  DebugInfoReader debug_reader_ = nullptr;
  std::map<std::uint32_t, Process> processes_;
  std::map<std::string, std::unique_ptr<File>> files_;
};

}  // namespace fathom
