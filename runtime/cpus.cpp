// Reads the lists in /sys/devices/system/cpu.
#include "runtime/cpus.h"

#include <fcntl.h>

#include <charconv>
#include <string>

#include "runtime/tracefs.h"

namespace fathom {

namespace {

constexpr std::uint32_t most_cpus = 1u << 16;  // more than any kernel supports; keeps a damaged list from taking all memory

std::vector<std::uint32_t> read_cpu_list(const char* path) {
  const Result<std::string> text = read_file_at(AT_FDCWD, path);
  std::optional<std::vector<std::uint32_t>> cpus = text ? parse_cpu_list(*text) : std::nullopt;
  if (!cpus || cpus->empty()) return {0};
  return std::move(*cpus);
}

}  // namespace

std::optional<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::vector<std::uint32_t> cpus;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at != end) {
    std::uint32_t first = 0;
    auto parsed = std::from_chars(at, end, first);
    if (parsed.ec != std::errc()) return std::nullopt;
    std::uint32_t last = first;
    if (parsed.ptr != end && *parsed.ptr == '-') parsed = std::from_chars(parsed.ptr + 1, end, last);
    if (parsed.ec != std::errc() || last < first || last >= most_cpus) return std::nullopt;
    for (std::uint32_t cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    at = parsed.ptr;
    if (at == end) break;
    if (*at != ',' || ++at == end) return std::nullopt;
  }
  return cpus;
}

std::vector<std::uint32_t> online_cpus() { return read_cpu_list("/sys/devices/system/cpu/online"); }

std::uint32_t possible_cpu_count() { return static_cast<std::uint32_t>(read_cpu_list("/sys/devices/system/cpu/possible").size()); }

}  // namespace fathom
