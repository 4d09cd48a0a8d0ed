// Finding the file; the kernel itself says which build it is and where it has put itself.
#include "runtime/kernel_lines.h"

#include <fcntl.h>
#include <sys/utsname.h>

#include <fmt/format.h>

#include "runtime/elf.h"
#include "runtime/tracefs.h"

namespace fathom {

namespace {

constexpr const char* usual_places[] = {"/usr/lib/debug/boot/vmlinux-{}",     "/usr/lib/debug/lib/modules/{}/vmlinux", "/usr/lib/debug/lib/modules/{}/vmlinux.debug",
                                        "/lib/modules/{}/build/vmlinux",      "/lib/modules/{}/vmlinux",               "/boot/vmlinux-{}"};
// Both stand at the beginning of the kernel's code, and never move apart.
constexpr std::string_view landmarks[] = {"_stext", "_text"};

std::optional<std::uint64_t> distance(const Executable& file, const std::function<std::optional<std::uint64_t>(std::string_view)>& address_of) {
  for (const std::string_view landmark : landmarks) {
    const ExecutableSymbol* symbol = file.find(landmark);
    const auto address = symbol == nullptr ? std::nullopt : address_of(landmark);
    if (address) return *address - symbol->address;
  }
  return std::nullopt;
}

}  // namespace

KernelLines KernelLines::open(const std::string& given, DebugInfoReader reader, const std::function<std::optional<std::uint64_t>(std::string_view)>& address_of) {
  std::vector<std::string> candidates;
  utsname kernel = {};
  if (!given.empty()) {
    candidates.push_back(given);
  } else if (uname(&kernel) == 0) {
    for (const char* place : usual_places) candidates.push_back(fmt::format(fmt::runtime(place), kernel.release));
  }
  const std::string running = build_id_in(read_file_at(AT_FDCWD, "/sys/kernel/notes").value_or(std::string()));
  for (const std::string& path : candidates) {
    auto file = read_executable(path);
    if (!file || file->debug_file.empty() || (!file->build_id.empty() && !running.empty() && file->build_id != running)) continue;
    const auto moved = distance(*file, address_of);
    if (!moved) continue;
    KernelLines found;
    found.lines_ = reader(file->debug_file);
    found.file_ = std::move(*file);
    found.moved_ = *moved;
    if (found.lines_) return found;
  }
  return {};
}

std::vector<SourceLine> KernelLines::source_of(std::uint64_t address) const {
  if (!lines_ || !file_->offset_of(address - moved_)) return {};
  return lines_->source_of(address - moved_);
}

}  // namespace fathom
