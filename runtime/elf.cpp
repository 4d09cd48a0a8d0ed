// ELF files through libelf.
#include "runtime/elf.h"

#include <cxxabi.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "runtime/descriptor.h"

namespace fathom {

namespace {

constexpr std::string_view static_probe_owner = "stapsdt";
constexpr std::uint32_t static_probe_type = 3;
constexpr std::size_t word = 8;

// An open ELF file.
class File {
 public:
  static std::optional<File> open(const std::string& path) {
    elf_version(EV_CURRENT);
    Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!descriptor) return std::nullopt;
    Elf* elf = elf_begin(descriptor.get(), ELF_C_READ_MMAP, nullptr);
    if (elf == nullptr) return std::nullopt;
    File file(std::move(descriptor), elf);
    if (elf_kind(elf) != ELF_K_ELF) {
      errno = ENOEXEC;
      return std::nullopt;
    }
    return file;
  }

  Elf* get() const { return elf_.get(); }

  // The section with this name, and its header.
  Elf_Scn* section(std::string_view name, GElf_Shdr& header) const {
    std::size_t names = 0;
    if (elf_getshdrstrndx(get(), &names) != 0) return nullptr;
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(get(), section)) != nullptr;) {
      const char* found = gelf_getshdr(section, &header) == nullptr ? nullptr : elf_strptr(get(), names, header.sh_name);
      if (found != nullptr && name == found) return section;
    }
    return nullptr;
  }

  std::string_view bytes(Elf_Scn* section) const {
    const Elf_Data* data = section == nullptr ? nullptr : elf_getdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr) return {};
    return {static_cast<const char*>(data->d_buf), data->d_size};
  }

 private:
  struct End {
    void operator()(Elf* elf) const { elf_end(elf); }
  };
  File(Descriptor descriptor, Elf* elf) : descriptor_(std::move(descriptor)), elf_(elf) {}

  Descriptor descriptor_;
  std::unique_ptr<Elf, End> elf_;
};

// Calls `visit` with owner, type and contents of each note of a section.
template <class Visit>
void each_note(Elf_Scn* section, Visit visit) {
  Elf_Data* data = section == nullptr ? nullptr : elf_getdata(section, nullptr);
  if (data == nullptr) return;
  const char* bytes = static_cast<const char*>(data->d_buf);
  GElf_Nhdr note;
  std::size_t name = 0, contents = 0;
  for (std::size_t at = 0; (at = gelf_getnote(data, at, &note, &name, &contents)) > 0;) {
    const std::string_view owner(bytes + name, note.n_namesz == 0 ? 0 : note.n_namesz - 1);
    visit(owner, note.n_type, std::string_view(bytes + contents, note.n_descsz));
  }
}

void read_segments(const File& file, Executable& binary) {
  std::size_t count = 0;
  elf_getphdrnum(file.get(), &count);
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(file.get(), static_cast<int>(i), &header) == nullptr || header.p_type != PT_LOAD) continue;
    binary.segments.push_back({header.p_vaddr, header.p_filesz, header.p_offset, (header.p_flags & PF_X) != 0});
  }
}

// The symbols of a table that stand for a place in the file. The name may be followed by a version: "memcpy@@GLIBC_2.14".
void read_symbols(const File& file, std::uint32_t type, std::vector<ExecutableSymbol>& symbols) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(file.get(), section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type != type || header.sh_entsize == 0) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    for (std::size_t i = 0; data != nullptr && i < header.sh_size / header.sh_entsize; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr || symbol.st_shndx == SHN_UNDEF || symbol.st_value == 0) continue;
      const int kind = GELF_ST_TYPE(symbol.st_info);
      const bool is_function = kind == STT_FUNC || kind == STT_GNU_IFUNC;
      if (!is_function && kind != STT_OBJECT && kind != STT_NOTYPE) continue;
      const char* text = elf_strptr(file.get(), header.sh_link, symbol.st_name);
      if (text == nullptr || *text == '\0') continue;
      std::string_view name(text);
      if (const std::size_t version = name.find('@'); version != 0) name = name.substr(0, version);
      symbols.push_back({std::string(name), symbol.st_value, symbol.st_size, is_function});
    }
  }
}

bool has_symbol_table(const File& file) {
  GElf_Shdr header;
  return file.section(".symtab", header) != nullptr;
}

std::string build_id_of(const File& file) {
  std::string id;
  GElf_Shdr header;
  each_note(file.section(".note.gnu.build-id", header), [&](std::string_view owner, std::uint32_t type, std::string_view bytes) {
    if (owner != "GNU" || type != NT_GNU_BUILD_ID) return;
    id.clear();
    for (const char byte : bytes) id += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  });
  return id;
}

std::uint64_t read_word(std::string_view bytes, std::size_t index) {
  std::uint64_t value = 0;
  if ((index + 1) * word <= bytes.size()) std::memcpy(&value, bytes.data() + index * word, word);
  return value;
}

// The text up to the next NUL, which is taken off.
std::string take_text(std::string_view& bytes) {
  const std::size_t end = std::min(bytes.find('\0'), bytes.size());
  std::string text(bytes.substr(0, end));
  bytes.remove_prefix(std::min(end + 1, bytes.size()));
  return text;
}

// Notes are made before the program is linked and may be moved later as a whole; the base section says by how much.
void read_static_probes(const File& file, Executable& binary) {
  GElf_Shdr header;
  const bool has_base = file.section(".stapsdt.base", header) != nullptr;
  const std::uint64_t base = has_base ? header.sh_addr : 0;
  each_note(file.section(".note.stapsdt", header), [&](std::string_view owner, std::uint32_t type, std::string_view bytes) {
    if (owner != static_probe_owner || type != static_probe_type || bytes.size() < 3 * word) return;
    const std::uint64_t moved = has_base ? base - read_word(bytes, 1) : 0;
    StaticProbe probe;
    probe.address = read_word(bytes, 0) + moved;
    if (const std::uint64_t semaphore = read_word(bytes, 2); semaphore != 0) probe.semaphore = semaphore + moved;
    bytes.remove_prefix(3 * word);
    probe.provider = take_text(bytes);
    probe.name = take_text(bytes);
    probe.arguments = take_text(bytes);
    binary.probes.push_back(std::move(probe));
  });
}

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

// The separate file with the symbols that were stripped from this one.
std::optional<File> debug_file(const File& file, const Executable& binary, const std::string& root) {
  if (binary.build_id.size() > 2) {
    auto found = File::open(fmt::format("{}/.build-id/{}/{}.debug", root, binary.build_id.substr(0, 2), binary.build_id.substr(2)));
    if (found) return found;
  }
  GElf_Shdr header;
  std::string_view bytes = file.bytes(file.section(".gnu_debuglink", header));
  if (bytes.empty()) return std::nullopt;
  const std::string name = take_text(bytes);
  char resolved[PATH_MAX];
  const std::string folder = directory_of(realpath(binary.path.c_str(), resolved) == nullptr ? binary.path : std::string(resolved));
  for (const std::string& candidate : {folder + name, folder + ".debug/" + name, root + folder + name}) {
    // A file may name itself; only one of the same build fits.
    std::optional<File> found = File::open(candidate);
    if (found && has_symbol_table(*found) && build_id_of(*found) == binary.build_id) return found;
  }
  return std::nullopt;
}

void sort_symbols(std::vector<ExecutableSymbol>& symbols) {
  // Functions before other names of a place, and short names first: `malloc` rather than `__libc_malloc`.
  const auto key = [](const ExecutableSymbol& symbol) { return std::tuple(symbol.address, !symbol.is_function, symbol.name.starts_with('_'), symbol.name.size()); };
  std::ranges::sort(symbols, [&](const ExecutableSymbol& a, const ExecutableSymbol& b) {
    return std::tuple_cat(key(a), std::tie(a.name)) < std::tuple_cat(key(b), std::tie(b.name));
  });
  const auto repeated = std::ranges::unique(symbols, [](const ExecutableSymbol& a, const ExecutableSymbol& b) { return a.address == b.address && a.name == b.name; });
  symbols.erase(repeated.begin(), repeated.end());
}

std::unexpected<Error> no_binary(const std::string& path) {
  const int error = errno;
  if (error == ENOENT || error == ENOTDIR) return fail(fmt::format("there is no file {}", path), "", ENOENT);
  if (error == EACCES || error == EPERM) return fail(fmt::format("{} can not be read", path), "run as root", error);
  return fail(fmt::format("{} is not a program or library", path), "uprobe and usdt probes are set in ELF files", ENOEXEC);
}

}  // namespace

Result<Executable> read_executable(const std::string& path, const std::string& debug_root) {
  errno = ENOEXEC;
  const std::optional<File> file = File::open(path);
  if (!file) return no_binary(path);
  GElf_Ehdr header;
  if (gelf_getehdr(file->get(), &header) == nullptr || (header.e_type != ET_EXEC && header.e_type != ET_DYN)) {
    errno = ENOEXEC;
    return no_binary(path);
  }
  Executable binary;
  binary.path = path;
  binary.position_independent = header.e_type == ET_DYN;
  read_segments(*file, binary);
  binary.build_id = build_id_of(*file);
  read_symbols(*file, SHT_SYMTAB, binary.symbols);
  read_symbols(*file, SHT_DYNSYM, binary.symbols);
  if (!has_symbol_table(*file)) {
    if (const std::optional<File> debug = debug_file(*file, binary, debug_root)) read_symbols(*debug, SHT_SYMTAB, binary.symbols);
  }
  sort_symbols(binary.symbols);
  read_static_probes(*file, binary);
  return binary;
}

std::string demangled(const std::string& name) {
  if (!name.starts_with("_Z")) return name;
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 && text ? std::string(text.get()) : name;
}

}  // namespace fathom
