// From /proc/PID/maps to the kernel's maps.
#include "runtime/unwinder.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "runtime/elf_file.h"
#include "runtime/tracefs.h"

namespace fathom {

namespace {

constexpr std::uint64_t page = 4096;

std::unexpected<Error> no_room(const MemoryMapping& mapping) {
  return fail(fmt::format("the kernel has no room for what unwinds {}", mapping.path.empty() ? "a process" : mapping.path), "", errno);
}

// A new map with these rows.
template <class Row>
Descriptor filled(std::span<const Row> rows) {
  Descriptor map = Unwinder::make_array(sizeof(Row), static_cast<std::uint32_t>(rows.size()));
  if (!map) return map;
  void* memory = mmap(nullptr, rows.size_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, map.get(), 0);
  if (memory == MAP_FAILED) return Descriptor();
  std::memcpy(memory, rows.data(), rows.size_bytes());
  munmap(memory, rows.size_bytes());
  return map;
}

// Where the byte at `offset` of the file lies by the file's own addresses. Segments are mapped in whole pages.
std::optional<std::uint64_t> address_at(std::span<const ExecutableSegment> segments, std::uint64_t offset) {
  for (const ExecutableSegment& segment : segments) {
    if (segment.executable && offset >= segment.offset / page * page && offset < segment.offset + segment.size) return segment.address - segment.offset + offset;
  }
  return std::nullopt;
}

}  // namespace

Descriptor Unwinder::make_array(std::uint32_t size, std::uint32_t count) {
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE;
  return Descriptor(bpf_map_create(BPF_MAP_TYPE_ARRAY, "fathom_rows", sizeof(std::uint32_t), size, count, &options));
}

Result<const Unwinder::Table*> Unwinder::table_of(const MemoryMapping& mapping, std::uint32_t process) {
  static const Table none;
  const bool is_file = !mapping.path.empty() && (mapping.path.front() == '/' || mapping.path == vdso_name);
  const Descriptor file = is_file ? open_mapped(mapping, process) : Descriptor();
  struct stat status = {};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return &none;
  const bool is_vdso = mapping.path == vdso_name;  // every copy of it is a file of its own
  auto [known, is_new] = known_.try_emplace(is_vdso ? std::pair<std::uint64_t, std::uint64_t>() : std::pair<std::uint64_t, std::uint64_t>(status.st_dev, status.st_ino));
  Table& table = known->second;
  if (!is_new) return &table;
  const std::string path = fmt::format("/proc/self/fd/{}", file.get());
  const auto elf = ElfFile::open(path);
  if (elf) table.segments = loaded_segments(*elf);
  if (table.segments.empty()) return &table;
  table.base = std::ranges::min(table.segments, {}, &ExecutableSegment::address).address;
  const UnwindRows rows = read_(path, table.base);
  if (rows.empty() || used_ + 1 >= layout::unwind_max_tables) return &table;
  const Descriptor map = filled(std::span<const layout::UnwindRow>(rows));
  const std::uint32_t number = used_ + 1;
  const int descriptor = map.get();
  if (!map || bpf_map_update_elem(tables_, &number, &descriptor, BPF_ANY) != 0) return no_room(mapping);
  used_ = number;
  table.number = number;
  table.rows = static_cast<std::uint32_t>(rows.size());
  return &table;
}

Result<void> Unwinder::learn(std::uint32_t process) {
  const auto text = read_file_at(AT_FDCWD, fmt::format("/proc/{}/maps", process));
  if (!text) return fail(fmt::format("there is no process {}", process), "--dwarf-pid takes the id of a running process", ESRCH);
  std::vector<layout::UnwindPlace> places(1);
  for (const MemoryMapping& mapping : parse_mappings(*text)) {
    if (!mapping.executable) continue;
    const auto table = table_of(mapping, process);
    if (!table) return std::unexpected(table.error());
    layout::UnwindPlace& place = places.emplace_back();
    place.begin = mapping.begin;
    place.end = mapping.end;
    const auto address = address_at((*table)->segments, mapping.offset);
    if ((*table)->number == 0 || !address) continue;
    place.table = (*table)->number;
    place.rows = (*table)->rows;
    place.base = mapping.begin - (*address - (*table)->base);
  }
  std::ranges::sort(places, {}, &layout::UnwindPlace::begin);
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  places.front().end = places.size();
  places.front().base = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(now.tv_nsec);
  const Descriptor map = filled(std::span<const layout::UnwindPlace>(places));
  const int descriptor = map.get();
  if (!map || bpf_map_update_elem(places_, &process, &descriptor, BPF_ANY) != 0) return no_room({});
  return {};
}

}  // namespace fathom
