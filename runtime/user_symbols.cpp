// Mappings, files, symbols.
#include "runtime/user_symbols.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "runtime/elf.h"
#include "runtime/tracefs.h"

namespace fathom {

namespace {

constexpr std::chrono::milliseconds patience{100};
constexpr std::size_t vdso_bytes = 8192;  // more is never there, less reads as zeroes

std::uint64_t hexadecimal(std::string_view text, std::size_t& length) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  length = error == std::errc() ? static_cast<std::size_t>(end - text.data()) : 0;
  return value;
}

std::optional<MemoryMapping> parse_mapping(std::string_view line) {
  MemoryMapping mapping;
  std::size_t length = 0;
  mapping.begin = hexadecimal(line, length);
  if (length == 0 || length >= line.size() || line[length] != '-') return std::nullopt;
  line.remove_prefix(length + 1);
  mapping.end = hexadecimal(line, length);
  if (length == 0 || length + 6 > line.size()) return std::nullopt;
  line.remove_prefix(length + 1);  // "r-xp OFFSET DEVICE INODE   PATH"
  mapping.executable = line[2] == 'x';
  line.remove_prefix(5);
  mapping.offset = hexadecimal(line, length);
  const std::size_t path = line.find_first_of("/[");
  if (path == std::string_view::npos) return mapping;
  line.remove_prefix(path);
  constexpr std::string_view gone = " (deleted)";
  mapping.deleted = line.ends_with(gone);
  if (mapping.deleted) line.remove_suffix(gone.size());
  mapping.path = line;
  return mapping;
}

template <class Visit>
void each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    visit(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

std::string link_target(const std::string& path) {
  char target[4096];
  const ssize_t length = readlink(path.c_str(), target, sizeof target);
  return length < 0 ? std::string() : std::string(target, static_cast<std::size_t>(length));
}

// A file that is there now and may be gone when its symbols are wanted. It is not opened for reading, which would wake devices, and only a
// moderate number is held.
Descriptor held(const std::string& path) {
  constexpr int most = 512;
  Descriptor file(open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status = {};
  return file && file.get() < most && fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) ? std::move(file) : Descriptor();
}

// The process id that the process itself knows.
std::uint32_t inner_id(std::uint32_t process) {
  const auto status = read_file_at(AT_FDCWD, fmt::format("/proc/{}/status", process));
  const std::size_t at = status ? status->find("NSpid:") : std::string::npos;
  if (at == std::string::npos) return process;
  const std::string_view line = std::string_view(*status).substr(at, status->find('\n', at) - at);
  std::uint32_t id = process;
  const std::size_t last = line.find_last_of("\t ") + 1;
  std::from_chars(line.data() + last, line.data() + line.size(), id);
  return id;
}

}  // namespace

std::vector<MemoryMapping> parse_mappings(std::string_view text) {
  std::vector<MemoryMapping> mappings;
  each_line(text, [&](std::string_view line) {
    if (auto mapping = parse_mapping(line)) mappings.push_back(std::move(*mapping));
  });
  return mappings;
}

Descriptor copy_of_vdso() {
  const auto* begin = reinterpret_cast<const char*>(getauxval(AT_SYSINFO_EHDR));
  Descriptor file(memfd_create("vdso", MFD_CLOEXEC));
  if (begin == nullptr || !file || write(file.get(), begin, vdso_bytes) <= 0) return Descriptor();
  return file;
}

Descriptor open_mapped(const MemoryMapping& mapping, std::uint32_t process) {
  if (mapping.path == vdso_name) return copy_of_vdso();
  if (!mapping.path.starts_with('/')) return Descriptor();
  Descriptor file(open(fmt::format("/proc/{}/map_files/{:x}-{:x}", process, mapping.begin, mapping.end).c_str(), O_PATH | O_CLOEXEC));
  if (file || mapping.deleted) return file;
  // Not everyone may follow that link; at its path the process itself would find the file, in its own root.
  return Descriptor(open(fmt::format("/proc/{}/root{}", process, mapping.path).c_str(), O_PATH | O_CLOEXEC));
}

const ExecutableSymbol* symbol_at(const Executable& executable, std::uint64_t address) {
  constexpr int reach = 16;  // symbols to look back at for one that encloses the address
  const std::vector<ExecutableSymbol>& symbols = executable.symbols;
  auto at = std::ranges::upper_bound(symbols, address, {}, &ExecutableSymbol::address);
  for (int i = 0; i < reach && at != symbols.begin(); ++i) {
    const std::uint64_t begin = std::prev(at)->address;
    at = std::ranges::lower_bound(symbols.begin(), at, begin, {}, &ExecutableSymbol::address);
    const bool holds = at->size == 0 ? i == 0 : address - begin < at->size;
    if (holds) return &*at;
  }
  return nullptr;
}

std::string UserSymbols::readable(const std::string& name) const {
  if (read_name_ == nullptr) return name;
  if (read_rust_name_ != nullptr && name.starts_with("_R")) {
    if (std::string text = read_rust_name_(name); !text.empty()) return text;
  }
  return read_name_(name);
}

void UserSymbols::remember(std::uint32_t process) {
  const auto text = read_file_at(AT_FDCWD, fmt::format("/proc/{}/maps", process));
  if (!text || text->empty()) return;
  // A process that ends meanwhile is taken for one that sees the same files as we do.
  const std::string theirs = link_target(fmt::format("/proc/{}/ns/mnt", process));
  const bool apart = !theirs.empty() && theirs != link_target("/proc/self/ns/mnt");
  Reading reading;
  for (const MemoryMapping& mapping : parse_mappings(*text)) {
    if (!mapping.executable && mapping.path.empty()) continue;
    File* file = file_of(mapping, process, apart);
    if (eager_ && file != nullptr && mapping.executable) read(*file);
    add_place(reading, {mapping.begin, mapping.end, mapping.offset, file});
  }
  Process& known = processes_[process];
  add_reading(known, std::move(reading));
  known.read = std::chrono::steady_clock::now();
  read_made(known, process);
}

std::size_t UserSymbols::readings_of(std::uint32_t process) const {
  const auto known = processes_.find(process);
  return known == processes_.end() ? 0 : known->second.readings.size();
}

// Parts of a file that differ only in what may be done with them lie one behind the other.
void UserSymbols::add_place(Reading& reading, const Place& place) {
  if (!reading.empty()) {
    Place& last = reading.back();
    const bool goes_on = place.file == nullptr || place.offset == last.offset + (last.end - last.begin);
    if (last.file == place.file && last.end == place.begin && goes_on) {
      last.end = place.end;
      return;
    }
  }
  reading.push_back(place);
}

// Whoever asks again and again for addresses that are nowhere must not fill the memory: most readings are the same, and old ones go.
void UserSymbols::add_reading(Process& known, Reading reading) {
  constexpr std::size_t most = 16;
  if (!known.readings.empty() && known.readings.back() == reading) return;
  if (known.readings.size() == most) known.readings.erase(known.readings.begin());
  reading.shrink_to_fit();
  known.readings.push_back(std::move(reading));
}

UserSymbols::File* UserSymbols::file_of(const MemoryMapping& mapping, std::uint32_t process, bool apart) {
  const bool is_vdso = mapping.path == vdso_name;
  if (mapping.path.empty() || (mapping.path.front() == '[' && !is_vdso)) return nullptr;
  // Files of other roots and files without a name are told apart by their numbers.
  std::string key = mapping.path;
  Descriptor descriptor;
  if (!is_vdso && (mapping.deleted || apart)) {
    descriptor = open_mapped(mapping, process);
    struct stat status = {};
    if (!descriptor || fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode)) return nullptr;
    key = fmt::format("{}:{}:{}", status.st_dev, status.st_ino, mapping.path);
  } else if (!files_.contains(key)) {
    descriptor = is_vdso ? open_mapped(mapping, process) : held(mapping.path);
  }
  std::unique_ptr<File>& file = files_[key];
  if (!file) {
    file = std::make_unique<File>();
    file->path = descriptor ? fmt::format("/proc/self/fd/{}", descriptor.get()) : mapping.path;
    file->name = mapping.path;
    file->descriptor = std::move(descriptor);
  }
  return file.get();
}

UserSymbols::File* UserSymbols::file_at(const std::string& path) {
  std::unique_ptr<File>& file = files_[path];
  if (!file) {
    file = std::make_unique<File>();
    file->path = file->name = path;
  }
  return file.get();
}

void UserSymbols::loaded_at(std::uint32_t process, const std::string& path, std::uint64_t base) {
  Process& known = processes_[process];
  File* file = file_at(path);
  const Executable* executable = known.readings.empty() ? read(*file) : nullptr;
  if (executable == nullptr) return;
  Reading reading;
  for (const ExecutableSegment& segment : executable->segments) reading.push_back({segment.address + base, segment.address + base + segment.size, segment.offset, file});
  add_reading(known, std::move(reading));
}

const Executable* UserSymbols::read(File& file) {
  if (!file.tried) {
    file.tried = true;
    if (auto executable = read_executable(file.path, debug_folders_)) {
      file.executable = std::move(*executable);
    } else {
      file.members = stored_members(file.path);
    }
    // Members and lines are read later.
    if (!forgets_ && debug_reader_ == nullptr && file.members.empty()) file.descriptor = Descriptor();
  }
  return file.executable ? &*file.executable : nullptr;
}

std::optional<UserSymbols::Code> UserSymbols::code_at(const Place& place, std::uint64_t address) {
  const std::uint64_t offset = address - place.begin + place.offset;
  Code code{place.file, read(*place.file), 0, place.file->name};
  for (const ArchiveMember& member : place.file->members) {
    if (offset < member.begin || offset - member.begin >= member.size) continue;
    code.file = file_at(fmt::format("{}!/{}", place.file->path, member.name));
    code.executable = read(*code.file);
    code.module += "!/" + member.name;
    break;
  }
  if (code.executable == nullptr) return std::nullopt;
  code.address = code.executable->address_of(offset).value_or(0);
  return code;
}

// Compilers write to the file as they go; it is read again when it has grown. Anybody can put something there.
void UserSymbols::read_made(Process& known, std::uint32_t process) {
  const std::string path = fmt::format("/proc/{}/root/tmp/perf-{}.map", process, inner_id(process));
  constexpr off_t most_bytes = 256 << 20;
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0 || static_cast<std::uint64_t>(status.st_size) == known.made_bytes) return;
  if (!S_ISREG(status.st_mode) || status.st_size > most_bytes) return;
  known.made_bytes = static_cast<std::uint64_t>(status.st_size);
  known.made.clear();
  each_line(read_file_at(AT_FDCWD, path).value_or(std::string()), [&](std::string_view line) {
    MadeFunction function{};
    std::size_t length = 0;
    function.begin = hexadecimal(line, length);
    if (length == 0 || length + 1 >= line.size()) return;
    line.remove_prefix(length + 1);
    function.size = hexadecimal(line, length);
    if (length == 0 || length + 1 >= line.size()) return;
    function.name = line.substr(length + 1);
    known.made.push_back(std::move(function));
  });
  std::ranges::stable_sort(known.made, {}, &MadeFunction::begin);
}

// Of several functions that were at an address one after the other the latest counts.
std::string UserSymbols::made_name(const Process& known, std::uint64_t address, std::uint64_t& offset) const {
  const auto after = std::ranges::upper_bound(known.made, address, {}, &MadeFunction::begin);
  if (after == known.made.begin()) return {};
  const MadeFunction& function = *std::prev(after);
  if (address - function.begin >= function.size) return {};
  offset = address - function.begin;
  return function.name;
}

const UserSymbols::Place* UserSymbols::place_of(const Process& process, std::uint64_t address) const {
  for (auto reading = process.readings.rbegin(); reading != process.readings.rend(); ++reading) {
    for (const Place& place : *reading) {
      if (address >= place.begin && address < place.end) return &place;
    }
  }
  return nullptr;
}

SymbolSource::Name UserSymbols::name_of(std::uint64_t address, std::uint32_t process) {
  if (!forgets_) return look_up(address, process);
  if (auto known = processes_.find(process); known != processes_.end() && std::chrono::steady_clock::now() - known->second.read > patience) remember(process);
  SymbolSource::Name name = look_up(address, process);
  for (auto& [path, file] : files_) {
    file->executable.reset();
    file->tried = false;
  }
  return name;
}

SymbolSource::Name UserSymbols::look_up(std::uint64_t address, std::uint32_t process) {
  Process& known = processes_[process];
  // Heard of for the first time, or changed since. Code without frame pointers yields stacks full of numbers that are no addresses, which
  // must not make it read the same again for each.
  const auto now = std::chrono::steady_clock::now();
  if (place_of(known, address) == nullptr && (known.readings.empty() || now - known.read > patience)) remember(process);
  SymbolSource::Name name;
  const Place* place = place_of(known, address);
  if (place == nullptr || place->file == nullptr) {
    if (std::string made = made_name(known, address, name.offset); !made.empty()) {
      name.symbol = std::move(made);
      return name;
    }
    read_made(known, process);
    name.symbol = made_name(known, address, name.offset);
    return name;
  }
  name.module = place->file->name;
  const std::optional<Code> code = code_at(*place, address);
  if (!code) return name;
  name.module = code->module;
  const ExecutableSymbol* symbol = code->address != 0 ? symbol_at(*code->executable, code->address) : nullptr;
  if (symbol == nullptr) return name;
  name.symbol = readable(symbol->name);
  name.offset = code->address - symbol->address;
  return name;
}

std::vector<SourceLine> UserSymbols::source_of(std::uint64_t address, std::uint32_t process) {
  const Place* place = debug_reader_ == nullptr ? nullptr : place_of(processes_[process], address);
  const std::optional<Code> code = place == nullptr || place->file == nullptr ? std::nullopt : code_at(*place, address);
  if (!code || code->address == 0 || code->executable->debug_file.empty()) return {};
  File& file = *code->file;
  if (!file.tried_lines) {
    file.tried_lines = true;
    file.lines = debug_reader_(code->executable->debug_file);
  }
  if (!file.lines) return {};
  std::vector<SourceLine> places = file.lines->source_of(code->address);
  for (SourceLine& line : places) line.function = readable(line.function);
  return places;
}

}  // namespace fathom
