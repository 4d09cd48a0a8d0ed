// An open ELF file, over libelf: on disk, inside a ZIP archive, or in memory.
#pragma once

#include <gelf.h>
#include <libelf.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ast/executable.h"
#include "runtime/descriptor.h"

namespace fathom {

class ElfFile {
 public:
  // `path`: of a file, or "ARCHIVE!/PATH" for one that lies in a ZIP archive as it is. Empty: errno says why.
  static std::optional<ElfFile> open(const std::string& path);
  static std::optional<ElfFile> in_memory(std::string bytes);

  Elf* get() const { return elf_.get(); }
  // Where it begins in the file that holds it.
  std::uint64_t begin() const { return begin_; }
  // The section with this name, and its header; null where there is none.
  Elf_Scn* section(std::string_view name, GElf_Shdr& header) const;
  std::string_view bytes(Elf_Scn* section) const;

 private:
  struct End {
    void operator()(Elf* elf) const { elf_end(elf); }
  };
  ElfFile() = default;

  std::unique_ptr<std::string> memory_;
  Descriptor descriptor_;
  std::uint64_t begin_ = 0;
  std::unique_ptr<Elf, End> elf_;
};

// What of a file is loaded, with offsets in the file that holds it.
std::vector<ExecutableSegment> loaded_segments(const ElfFile& file);

// What a program holds at an address of its own: so many bytes, or as many as are loaded there in one piece and can be read.
std::string read_code(const Executable& binary, std::uint64_t address, std::uint64_t size);

// What was packed in the xz format; empty where it was not, is damaged, or becomes 128 MiB and more.
std::string unpack_xz(std::string_view packed);

// A member of a ZIP archive that is stored as it is, and so can be mapped from there.
struct ArchiveMember {
  std::string name;
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
};
// None where the file is no such archive.
std::vector<ArchiveMember> stored_members(const std::string& archive);

// "a.apk!/lib/x.so" -> {"a.apk", "lib/x.so"}; the second part is empty for a plain path.
struct PathInArchive {
  std::string file;
  std::string member;
};
PathInArchive split_archive_path(const std::string& path);

}  // namespace fathom
