// Opening; ZIP archives and xz.
#include "runtime/elf_file.h"

#include <fcntl.h>
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fathom {

namespace {

template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number value = 0;
  if (at + sizeof value <= bytes.size()) std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::string read_piece(int file, std::uint64_t begin, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = pread(file, bytes.data(), size, static_cast<off_t>(begin));
  bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return bytes;
}

// The list of members stands at the archive's end; each member has a header of its own in front.
std::vector<ArchiveMember> stored_members(int file) {
  constexpr std::uint32_t end_mark = 0x06054b50, entry_mark = 0x02014b50;
  constexpr std::size_t end_size = 22, longest_comment = 65535, entry_size = 46, header_size = 30;
  std::vector<ArchiveMember> members;
  const off_t length = lseek(file, 0, SEEK_END);
  if (length < static_cast<off_t>(end_size)) return members;
  const std::size_t tail_size = std::min<std::size_t>(static_cast<std::size_t>(length), end_size + longest_comment);
  const std::string tail = read_piece(file, static_cast<std::uint64_t>(length) - tail_size, tail_size);
  std::size_t end = tail.size() < end_size ? std::string::npos : tail.size() - end_size;
  while (end != std::string::npos && number_at<std::uint32_t>(tail, end) != end_mark) end = end == 0 ? std::string::npos : end - 1;
  if (end == std::string::npos) return members;
  const std::size_t list_size = std::min<std::size_t>(number_at<std::uint32_t>(tail, end + 12), static_cast<std::size_t>(length));
  const std::string list = read_piece(file, number_at<std::uint32_t>(tail, end + 16), list_size);
  for (std::size_t at = 0; at + entry_size <= list.size() && number_at<std::uint32_t>(list, at) == entry_mark;) {
    const std::size_t name = number_at<std::uint16_t>(list, at + 28);
    const bool is_compressed = number_at<std::uint16_t>(list, at + 10) != 0;  // no process has it mapped
    if (!is_compressed && at + entry_size + name <= list.size()) {
      const std::uint64_t begin = number_at<std::uint32_t>(list, at + 42);
      const std::string header = read_piece(file, begin, header_size);
      members.push_back({list.substr(at + entry_size, name), begin + header_size + number_at<std::uint16_t>(header, 26) + number_at<std::uint16_t>(header, 28),
                         number_at<std::uint32_t>(list, at + 24)});
    }
    at += entry_size + name + number_at<std::uint16_t>(list, at + 30) + number_at<std::uint16_t>(list, at + 32);
  }
  return members;
}

}  // namespace

PathInArchive split_archive_path(const std::string& path) {
  constexpr std::string_view mark = "!/";
  const std::size_t at = path.find(mark);
  if (at == std::string::npos) return {path, ""};
  return {path.substr(0, at), path.substr(at + mark.size())};
}

std::vector<ArchiveMember> stored_members(const std::string& archive) {
  const Descriptor file(open(archive.c_str(), O_RDONLY | O_CLOEXEC));
  return file ? stored_members(file.get()) : std::vector<ArchiveMember>();
}

std::optional<ElfFile> ElfFile::open(const std::string& path) {
  const PathInArchive place = split_archive_path(path);
  ElfFile file;
  file.descriptor_ = Descriptor(::open(place.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe would wait for its other end
  if (!file.descriptor_) return std::nullopt;
  struct stat status = {};
  if (fstat(file.descriptor_.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    errno = ENOEXEC;
    return std::nullopt;
  }
  if (!place.member.empty()) {
    const std::vector<ArchiveMember> members = stored_members(file.descriptor_.get());
    const auto found = std::ranges::find(members, place.member, &ArchiveMember::name);
    if (found == members.end()) {
      errno = ENOENT;
      return std::nullopt;
    }
    if (found->size > static_cast<std::uint64_t>(status.st_size)) {
      errno = ENOEXEC;
      return std::nullopt;
    }
    std::optional<ElfFile> member = in_memory(read_piece(file.descriptor_.get(), found->begin, found->size));
    if (member) member->begin_ = found->begin;
    return member;
  }
  elf_version(EV_CURRENT);
  file.elf_.reset(elf_begin(file.descriptor_.get(), ELF_C_READ_MMAP, nullptr));
  if (!file.elf_ || elf_kind(file.get()) != ELF_K_ELF) {
    errno = ENOEXEC;
    return std::nullopt;
  }
  return file;
}

std::vector<ExecutableSegment> loaded_segments(const ElfFile& file) {
  std::vector<ExecutableSegment> segments;
  std::size_t count = 0;
  elf_getphdrnum(file.get(), &count);
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(file.get(), static_cast<int>(i), &header) == nullptr || header.p_type != PT_LOAD) continue;
    segments.push_back({header.p_vaddr, header.p_filesz, header.p_offset + file.begin(), (header.p_flags & PF_X) != 0});
  }
  return segments;
}

std::string read_code(const Executable& binary, std::uint64_t address, std::uint64_t size) {
  const auto segment = std::ranges::find_if(binary.segments, [&](const ExecutableSegment& one) { return address >= one.address && address - one.address < one.size; });
  const Descriptor file(::open(split_archive_path(binary.path).file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (segment == binary.segments.end() || !file) return {};
  const std::uint64_t at = address - segment->address;
  return read_piece(file.get(), segment->offset + at, std::min(size, segment->size - at));
}

std::optional<ElfFile> ElfFile::in_memory(std::string bytes) {
  elf_version(EV_CURRENT);
  ElfFile file;
  file.memory_ = std::make_unique<std::string>(std::move(bytes));
  file.elf_.reset(file.memory_->empty() ? nullptr : elf_memory(file.memory_->data(), file.memory_->size()));
  if (!file.elf_ || elf_kind(file.get()) != ELF_K_ELF) {
    errno = ENOEXEC;
    return std::nullopt;
  }
  return file;
}

Elf_Scn* ElfFile::section(std::string_view name, GElf_Shdr& header) const {
  std::size_t names = 0;
  if (elf_getshdrstrndx(get(), &names) != 0) return nullptr;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(get(), section)) != nullptr;) {
    const char* found = gelf_getshdr(section, &header) == nullptr ? nullptr : elf_strptr(get(), names, header.sh_name);
    if (found != nullptr && name == found) return section;
  }
  return nullptr;
}

std::string_view ElfFile::bytes(Elf_Scn* section) const {
  const Elf_Data* data = section == nullptr ? nullptr : elf_getdata(section, nullptr);
  if (data == nullptr || data->d_buf == nullptr) return {};
  return {static_cast<const char*>(data->d_buf), data->d_size};
}

std::string unpack_xz(std::string_view packed) {
  constexpr std::uint64_t most_memory = 128u << 20;
  constexpr std::size_t most_bytes = 128u << 20;  // far more than any symbol table; a few kilobytes can stand for terabytes
  constexpr std::size_t step = 256u << 10;
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, most_memory, 0) != LZMA_OK) return {};
  stream.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
  stream.avail_in = packed.size();
  std::string bytes;
  lzma_ret result = LZMA_OK;
  while (result == LZMA_OK && bytes.size() < most_bytes) {
    const std::size_t before = bytes.size();
    bytes.resize(before + step);
    stream.next_out = reinterpret_cast<std::uint8_t*>(bytes.data() + before);
    stream.avail_out = step;
    result = lzma_code(&stream, LZMA_FINISH);
    bytes.resize(before + step - stream.avail_out);
  }
  lzma_end(&stream);
  return result == LZMA_STREAM_END ? bytes : std::string();
}

}  // namespace fathom
