// Time of day as text: strftime() with `%f` for six digits of microseconds on top. Times are nanoseconds since 1970 unless said otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fathom {

std::int64_t wall_now();

// The time of day at a time of CLOCK_BOOTTIME. How far the two clocks are apart is measured once per run, so that equal times of the
// kernel always print alike.
std::int64_t wall_from_boot(std::uint64_t boot_nanoseconds);

// The same for a time of CLOCK_BOOTTIME or of CLOCK_TAI, whichever it is.
std::int64_t wall_from_clock(std::uint64_t nanoseconds);

// In local time.
std::string time_text(std::int64_t wall_nanoseconds, std::string_view format);

}  // namespace fathom
