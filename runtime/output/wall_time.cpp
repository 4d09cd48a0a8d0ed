// Clocks and strftime().
#include "runtime/output/wall_time.h"

#include <fmt/format.h>

#include <ctime>

namespace fathom {

namespace {

constexpr std::int64_t second = 1'000'000'000;
// Longer text than this is not made of a time.
constexpr std::size_t longest_text = 1 << 20;
// In nanoseconds: 31 years. TAI is past that since 2001, no machine will be.
constexpr std::uint64_t longest_uptime = 1'000'000'000'000'000'000;

std::int64_t read_clock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * second + now.tv_nsec;
}

// strftime's format with `%f` filled in.
std::string with_microseconds(std::string_view format, std::int64_t nanoseconds) {
  std::string result;
  for (std::size_t i = 0; i < format.size(); ++i) {
    result += format[i];
    if (format[i] != '%') continue;
    if (++i == format.size()) {
      result += '%';  // a lone `%` at the end stands for itself
    } else if (format[i] == 'f') {
      result.pop_back();
      result += fmt::format("{:06}", nanoseconds / 1000);
    } else {
      result += format[i];
    }
  }
  return result;
}

}  // namespace

std::int64_t wall_now() { return read_clock(CLOCK_REALTIME); }

std::int64_t wall_from_boot(std::uint64_t boot_nanoseconds) {
  static const std::int64_t apart = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME);
  return static_cast<std::int64_t>(boot_nanoseconds + static_cast<std::uint64_t>(apart));
}

std::int64_t wall_from_clock(std::uint64_t nanoseconds) {
  if (nanoseconds < longest_uptime) return wall_from_boot(nanoseconds);
  static const std::int64_t leap_seconds = (read_clock(CLOCK_TAI) - read_clock(CLOCK_REALTIME) + second / 2) / second;
  return static_cast<std::int64_t>(nanoseconds) - leap_seconds * second;
}

std::string time_text(std::int64_t wall_nanoseconds, std::string_view format) {
  std::int64_t nanoseconds = (wall_nanoseconds % second + second) % second;
  std::time_t seconds = (wall_nanoseconds - nanoseconds) / second;
  std::tm parts{};
  if (localtime_r(&seconds, &parts) == nullptr) return {};
  // strftime answers 0 both for a text that is empty and for one that does not fit; a blank more tells them apart.
  std::string wanted = with_microseconds(format, nanoseconds) + ' ';
  for (std::size_t size = wanted.size() * 2 + 64; size <= longest_text; size *= 2) {
    std::string text(size, '\0');
    std::size_t length = std::strftime(text.data(), text.size(), wanted.c_str(), &parts);
    if (length == 0) continue;
    text.resize(length - 1);
    return text;
  }
  return {};
}

}  // namespace fathom
