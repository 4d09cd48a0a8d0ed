// Parsing and searching of /proc/kallsyms: lines "ffffffff81000000 T name" or "… t name\t[module]".
#include "runtime/symbols.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <tuple>

#include "runtime/descriptor.h"

namespace fathom {

namespace {

constexpr std::uint64_t farthest = 16u << 20;

}  // namespace

void SymbolTable::feed(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      partial_ += text;
      return;
    }
    if (partial_.empty()) {
      take_line(text.substr(0, end));
    } else {
      partial_ += text.substr(0, end);
      take_line(partial_);
      partial_.clear();
    }
    text.remove_prefix(end + 1);
  }
}

// Absolute symbols (per-CPU offsets and constants of the linker) are no places in memory; addresses of zero are hidden ones.
void SymbolTable::take_line(std::string_view line) {
  std::uint64_t address = 0;
  const char* end = line.data() + line.size();
  const auto parsed = std::from_chars(line.data(), end, address, 16);
  if (parsed.ec != std::errc() || end - parsed.ptr < 4 || address == 0) return;
  const char kind = parsed.ptr[1];
  if (kind == 'a' || kind == 'A') return;
  std::string_view name(parsed.ptr + 3, end);
  name = name.substr(0, name.find('\t'));
  if (name.empty() || names_.size() + name.size() >= std::numeric_limits<std::uint32_t>::max()) return;
  entries_.push_back({address, static_cast<std::uint32_t>(names_.size())});
  names_ += name;
  names_ += '\0';
}

void SymbolTable::finish() {
  if (!partial_.empty()) take_line(partial_);
  partial_ = {};
  // Aliases stay in the order of the text: the kernel itself shows the first.
  std::ranges::sort(entries_, [](const Entry& a, const Entry& b) { return std::tie(a.address, a.offset) < std::tie(b.address, b.offset); });
  names_.shrink_to_fit();
  entries_.shrink_to_fit();
}

SymbolSource::Name SymbolTable::name_of(std::uint64_t address) const {
  const auto after = std::ranges::upper_bound(entries_, address, {}, &Entry::address);
  if (after == entries_.begin()) return {};
  const auto first = std::ranges::lower_bound(entries_.begin(), after, std::prev(after)->address, {}, &Entry::address);
  const std::uint64_t offset = address - first->address;
  if (offset >= farthest) return {};
  return {std::string(name(*first)), offset};
}

std::optional<std::uint64_t> SymbolTable::address_of(std::string_view wanted) const {
  for (const Entry& entry : entries_) {
    if (name(entry) == wanted) return entry.address;
  }
  return std::nullopt;
}

const SymbolTable& Symbols::kernel() {
  if (kernel_) return *kernel_;
  SymbolTable& table = kernel_.emplace();
  const Descriptor file(open("/proc/kallsyms", O_RDONLY | O_CLOEXEC));
  char buffer[65536];
  ssize_t count = 0;
  while (file && (count = read(file.get(), buffer, sizeof buffer)) > 0) table.feed({buffer, static_cast<std::size_t>(count)});
  table.finish();
  return table;
}

SymbolSource::Name Symbols::name_of(std::uint64_t address, SymbolSpace space, std::uint32_t process) {
  switch (space) {
    case SymbolSpace::kernel:
      return kernel().name_of(address);
    case SymbolSpace::user:
      return user_.name_of(address, process);
  }
  return {};
}

std::vector<SourceLine> Symbols::source_of(std::uint64_t address, SymbolSpace space, std::uint32_t process) {
  if (debug_reader_ == nullptr) return {};
  switch (space) {
    case SymbolSpace::kernel: {
      if (!kernel_lines_) kernel_lines_ = KernelLines::open(kernel_file_, debug_reader_, [this](std::string_view name) { return kernel_address(name); });
      return kernel_lines_->source_of(address);
    }
    case SymbolSpace::user:
      return user_.source_of(address, process);
  }
  return {};
}

std::optional<std::uint64_t> Symbols::kernel_address(std::string_view name) { return kernel().address_of(name); }

std::optional<std::uint64_t> find_kernel_symbol(std::string_view name) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/kallsyms", "re"), std::fclose);
  char* line = nullptr;
  std::size_t room = 0;
  std::optional<std::uint64_t> found;
  bool all_hidden = true;
  while (file && getline(&line, &room, file.get()) > 0) {
    std::string_view text(line);
    std::uint64_t address = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), address, 16);
    all_hidden = all_hidden && address == 0;
    text.remove_prefix(std::min<std::size_t>(text.size(), static_cast<std::size_t>(parsed.ptr - line) + 3));
    if (text.substr(0, text.find_first_of("\t\n")) != name) continue;
    found = address;
    if (address != 0) break;
  }
  std::free(line);
  return all_hidden ? std::nullopt : found;
}

}  // namespace fathom
