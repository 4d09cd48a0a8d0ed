// What is in an ELF file.
#include "runtime/elf.h"

#include <cxxabi.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "runtime/descriptor.h"
#include "runtime/elf_file.h"

namespace fathom {

namespace {

constexpr std::string_view static_probe_owner = "stapsdt";
constexpr std::uint32_t static_probe_type = 3;
constexpr std::size_t word = 8;

// Calls `visit` with owner, type and contents of each note of a section. Owner and contents are padded to whole words of four bytes.
template <class Visit>
void each_note(std::string_view notes, Visit visit) {
  const auto padded = [](std::size_t size) { return (size + 3) / 4 * 4; };
  Elf64_Nhdr note;
  while (notes.size() >= sizeof note) {
    std::memcpy(&note, notes.data(), sizeof note);
    notes.remove_prefix(sizeof note);
    const std::size_t owner_size = padded(note.n_namesz), size = padded(note.n_descsz);
    if (owner_size > notes.size() || note.n_descsz > notes.size() - owner_size) return;
    visit(notes.substr(0, note.n_namesz == 0 ? 0 : note.n_namesz - 1), note.n_type, notes.substr(owner_size, note.n_descsz));
    notes.remove_prefix(std::min(owner_size + size, notes.size()));
  }
}

// The symbols of a table that stand for a place in the file. The name may be followed by a version: "memcpy@@GLIBC_2.14".
void read_symbols(const ElfFile& file, std::uint32_t type, std::vector<ExecutableSymbol>& symbols) {
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

bool has_section(const ElfFile& file, std::string_view name) {
  GElf_Shdr header;
  return file.section(name, header) != nullptr;
}

bool has_symbol_table(const ElfFile& file) { return has_section(file, ".symtab"); }

bool has_source_lines(const ElfFile& file) {
  GElf_Shdr header;
  Elf_Scn* section = file.section(".debug_info", header);
  return section != nullptr && header.sh_type != SHT_NOBITS;
}

// The functions that distributions leave in a file they strip: a compressed file with nothing but a symbol table.
void read_packed_symbols(const ElfFile& file, std::vector<ExecutableSymbol>& symbols) {
  GElf_Shdr header;
  const std::string_view packed = file.bytes(file.section(".gnu_debugdata", header));
  if (packed.empty()) return;
  if (const std::optional<ElfFile> inner = ElfFile::in_memory(unpack_xz(packed))) read_symbols(*inner, SHT_SYMTAB, symbols);
}

std::string build_id_of(const ElfFile& file) {
  GElf_Shdr header;
  return build_id_in(file.bytes(file.section(".note.gnu.build-id", header)));
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
void read_static_probes(const ElfFile& file, Executable& binary) {
  GElf_Shdr header;
  const bool has_base = file.section(".stapsdt.base", header) != nullptr;
  const std::uint64_t base = has_base ? header.sh_addr : 0;
  each_note(file.bytes(file.section(".note.stapsdt", header)), [&](std::string_view owner, std::uint32_t type, std::string_view bytes) {
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

// The checksum that a program keeps of its separate file.
std::optional<std::uint32_t> checksum_of(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::vector<unsigned char> piece(1u << 20);
  uLong sum = crc32(0, nullptr, 0);
  for (ssize_t count = 0; (count = read(file.get(), piece.data(), piece.size())) != 0;) {
    if (count < 0) return std::nullopt;
    sum = crc32(sum, piece.data(), static_cast<uInt>(count));
  }
  return static_cast<std::uint32_t>(sum);
}

// The separate file with what was stripped from this one, and its path.
struct DebugFile {
  std::string path;
  ElfFile file;
};

std::optional<DebugFile> open_debug_file(std::string path) {
  std::optional<ElfFile> file = ElfFile::open(path);
  if (!file || !has_symbol_table(*file)) return std::nullopt;
  return DebugFile{std::move(path), std::move(*file)};
}

std::optional<DebugFile> debug_file_by_id(const Executable& binary, const DebugFolders& folders) {
  if (binary.build_id.size() <= 2) return std::nullopt;
  for (const DebugFolder& folder : folders) {
    if (!folder.path.starts_with('/')) continue;
    auto found = open_debug_file(fmt::format("{}/.build-id/{}/{}.debug", folder.path, binary.build_id.substr(0, 2), binary.build_id.substr(2)));
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<DebugFile> debug_file_by_name(const ElfFile& file, const Executable& binary, const DebugFolders& folders) {
  GElf_Shdr header;
  const std::string_view section = file.bytes(file.section(".gnu_debuglink", header));
  std::string_view bytes = section;
  const std::string name = take_text(bytes);
  constexpr std::size_t checksum_size = sizeof(std::uint32_t);
  if (name.empty() || section.size() < checksum_size) return std::nullopt;
  std::uint32_t checksum = 0;
  std::memcpy(&checksum, section.data() + section.size() - checksum_size, checksum_size);
  char resolved[PATH_MAX];
  const std::string own = directory_of(realpath(binary.path.c_str(), resolved) == nullptr ? binary.path : std::string(resolved));
  for (const DebugFolder& folder : folders) {
    const bool is_absolute = folder.path.starts_with('/');
    const std::string below = folder.path.empty() ? own : own + folder.path + "/";
    const std::vector<std::string> places = is_absolute ? std::vector{folder.path + own, folder.path + "/"} : std::vector{below};
    for (const std::string& place : places) {
      // A file may name itself; only one of the same build fits.
      auto found = open_debug_file(place + name);
      if (!found) continue;
      const bool same_build = !binary.build_id.empty() && build_id_of(found->file) == binary.build_id;
      if (same_build && !folder.wants_checksum) return found;
      if ((same_build || binary.build_id.empty()) && checksum_of(found->path) == checksum) return found;
    }
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

std::string build_id_in(std::string_view notes) {
  std::string id;
  each_note(notes, [&](std::string_view owner, std::uint32_t type, std::string_view bytes) {
    if (owner != "GNU" || type != NT_GNU_BUILD_ID) return;
    id.clear();
    for (const char byte : bytes) id += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  });
  return id;
}

const DebugFolders& usual_debug_folders() {
  static const DebugFolders folders = {{"", false}, {".debug", false}, {"/usr/lib/debug", false}};
  return folders;
}

Result<DebugFolders> debug_folders(std::string_view list) {
  DebugFolders folders;
  while (!list.empty()) {
    std::string_view part = list.substr(0, list.find(':'));
    list.remove_prefix(std::min(part.size() + 1, list.size()));
    const bool wants_checksum = part.starts_with('+');
    if (wants_checksum) part.remove_prefix(1);
    if (part.empty()) continue;
    char resolved[PATH_MAX];
    struct stat status = {};
    const std::string path(part);
    if (realpath(path.c_str(), resolved) == nullptr || stat(resolved, &status) != 0 || !S_ISDIR(status.st_mode)) {
      return fail(fmt::format("there is no directory {}", path), "--debuginfo takes directories with separate debug files: `--debuginfo DIRECTORY:+DIRECTORY`");
    }
    folders.push_back({resolved, wants_checksum});
  }
  std::ranges::copy(usual_debug_folders(), std::back_inserter(folders));
  return folders;
}

Result<Executable> read_executable(const std::string& path, const DebugFolders& folders) {
  errno = ENOEXEC;
  const std::optional<ElfFile> file = ElfFile::open(path);
  if (!file) return no_binary(path);
  GElf_Ehdr header;
  if (gelf_getehdr(file->get(), &header) == nullptr || (header.e_type != ET_EXEC && header.e_type != ET_DYN)) {
    errno = ENOEXEC;
    return no_binary(path);
  }
  Executable binary;
  binary.path = path;
  binary.position_independent = header.e_type == ET_DYN;
  binary.is_64_bit = header.e_ident[EI_CLASS] == ELFCLASS64;
  binary.segments = loaded_segments(*file);
  binary.build_id = build_id_of(*file);
  read_symbols(*file, SHT_SYMTAB, binary.symbols);
  read_symbols(*file, SHT_DYNSYM, binary.symbols);
  if (has_source_lines(*file)) binary.debug_file = path;
  if (!has_symbol_table(*file) || binary.debug_file.empty()) {
    auto debug = debug_file_by_id(binary, folders);
    if (!debug) debug = debug_file_by_name(*file, binary, folders);
    if (debug) {
      read_symbols(debug->file, SHT_SYMTAB, binary.symbols);
      if (has_source_lines(debug->file)) binary.debug_file = debug->path;
    } else if (!has_symbol_table(*file)) {
      read_packed_symbols(*file, binary.symbols);
    }
  }
  binary.is_go = has_section(*file, ".gopclntab") || has_section(*file, ".go.buildinfo");
  sort_symbols(binary.symbols);
  read_static_probes(*file, binary);
  return binary;
}

namespace {

// Names that Rust made in the manner of C++ end in a hash and write what C++ names can not hold as words: `$LT$`, `$u20$`, `..`.
std::string as_rust_wrote_it(std::string name) {
  constexpr std::string_view hash = "::h";
  constexpr std::size_t digits = 16;
  const std::size_t at = name.size() < hash.size() + digits ? std::string::npos : name.size() - hash.size() - digits;
  const bool is_rust = at != std::string::npos && name.compare(at, hash.size(), hash) == 0 &&
                       name.find_first_not_of("0123456789abcdef", at + hash.size()) == std::string::npos;
  if (!is_rust) return name;
  name.resize(at);
  constexpr std::pair<std::string_view, std::string_view> words[] = {{"SP", "@"}, {"BP", "*"}, {"RF", "&"}, {"LT", "<"}, {"GT", ">"}, {"LP", "("}, {"RP", ")"}, {"C", ","}};
  std::string text;
  for (std::size_t i = 0; i < name.size();) {
    const std::size_t end = name[i] == '$' ? name.find('$', i + 1) : std::string::npos;
    const std::string_view word = end == std::string::npos ? std::string_view() : std::string_view(name).substr(i + 1, end - i - 1);
    const auto known = std::ranges::find(words, word, &std::pair<std::string_view, std::string_view>::first);
    unsigned code = 0;
    if (known != std::end(words)) {
      text += known->second;
      i = end + 1;
    } else if (word.starts_with('u') && std::from_chars(word.data() + 1, word.data() + word.size(), code, 16).ptr == word.data() + word.size() && code < 0x80) {
      text += static_cast<char>(code);
      i = end + 1;
    } else if (name.compare(i, 2, "..") == 0) {
      text += "::";
      i += 2;
    } else {
      // An underscore keeps a part that begins with such a word from beginning with it.
      const bool is_filler = name[i] == '_' && i + 1 < name.size() && name[i + 1] == '$' && (i == 0 || name[i - 1] == ':');
      if (!is_filler) text += name[i];
      ++i;
    }
  }
  return text;
}

}  // namespace

std::string demangled(const std::string& name) {
  if (!name.starts_with("_Z")) return name;
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 && text ? as_rust_wrote_it(text.get()) : name;
}

}  // namespace fathom
