// Rates and clock events.
#include "runtime/probes/sampling.h"

#include <fcntl.h>
#include <linux/perf_event.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "runtime/tracefs.h"

namespace fathom {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
  std::string_view stored;  // the unit that AttachPoint::target gets
  std::uint64_t stored_factor;
};

constexpr Unit units[] = {
    {"s", 1'000'000'000, "s", 1},
    {"ms", 1'000'000, "ms", 1},
    {"us", 1'000, "us", 1},
    {"ns", 1, "ns", 1},
    {"m", 60'000'000'000, "s", 60},
    {"h", 3'600'000'000'000, "s", 3'600},
    {"d", 86'400'000'000'000, "s", 86'400},
};
constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t shortest = 1'000;  // nanoseconds; a shorter period would leave the CPU no time for anything else
constexpr std::uint64_t fastest = second / shortest;
constexpr std::string_view listed_units[] = {"hz", "us", "ms", "s"};

const Unit* find_unit(std::string_view name) {
  const Unit* unit = std::ranges::find(units, name, &Unit::name);
  return unit == std::end(units) ? nullptr : unit;
}

std::string forms(std::string_view provider) {
  return fmt::format("write it as `{0}:hz:99`, `{0}:s:1`, `{0}:ms:100` or `{0}:1s`", provider);
}

AttachPoint make_point(std::string_view provider, std::string_view unit, std::uint64_t value) {
  AttachPoint point;
  point.provider = provider;
  point.target = unit;
  point.value = value;
  point.text = fmt::format("{}:{}:{}", provider, unit, value);
  return point;
}

Parsed parse_period(std::string_view provider, const Unit& unit, std::string_view number, std::size_t index) {
  const std::optional<std::uint64_t> value = attach_point_number(number);
  if (!value) return bad_part(index, number_problem(number), forms(provider));
  if (*value > std::numeric_limits<std::int64_t>::max() / unit.nanoseconds) {
    return bad_part(index, fmt::format("a period of {} {} is too long", number, unit.name), forms(provider));
  }
  if (*value * unit.nanoseconds < shortest) {
    return bad_part(index, fmt::format("a period of {} {} is too short", number, unit.name), unit.nanoseconds == 1 ? fmt::format("a number alone counts nanoseconds, of which 1000 are the least; `{}:s:1` is a second", provider)
                                                                                                      : "the shortest period is 1000 ns");
  }
  return make_point(provider, unit.stored, *value * unit.stored_factor);
}

Parsed parse_frequency(std::string_view provider, std::string_view number, std::size_t index) {
  const std::optional<std::uint64_t> value = attach_point_number(number);
  if (!value) return bad_part(index, number_problem(number), forms(provider));
  if (*value > fastest) {
    return bad_part(index, fmt::format("a rate of {} hz is too high", number), fmt::format("the highest rate is {} hz", fastest));
  }
  return make_point(provider, "hz", *value);
}

// "1s": a number with its unit.
Parsed parse_duration(std::string_view provider, std::string_view text) {
  const std::size_t letters = text.find_last_of("0123456789_") + 1;
  if (text.empty() || text.front() < '0' || text.front() > '9') {
    const bool is_unit = find_unit(text) != nullptr || text == "hz";
    return is_unit ? bad_part(0, "the rate is missing", forms(provider))
                   : bad_part(0, fmt::format("`{}` is not a rate", text), forms(provider));
  }
  const std::string_view unit_name = letters == text.size() ? std::string_view("ns") : text.substr(letters);
  if (unit_name == "hz") return parse_frequency(provider, text.substr(0, letters), 0);
  const Unit* unit = find_unit(unit_name);
  if (unit == nullptr) return bad_part(0, fmt::format("`{}` is not a unit of time", unit_name), "the units are ns, us, ms, s, m, h and d");
  return parse_period(provider, *unit, text.substr(0, letters), 0);
}

perf_event_attr clock_attributes(const AttachPoint& point) {
  perf_event_attr attr = {};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_CPU_CLOCK;
  if (const Unit* unit = find_unit(point.target)) {
    attr.sample_period = point.value * unit->nanoseconds;
  } else {
    attr.freq = 1;
    attr.sample_freq = point.value;
  }
  return attr;
}

// The kernel takes no frequency above a limit that it lowers itself when sampling takes too long.
Error clock_error(const AttachPoint& point, const Error& cause) {
  const Result<std::string> limit = read_file_at(AT_FDCWD, "/proc/sys/kernel/perf_event_max_sample_rate");
  if (cause.system_error != EINVAL || point.target != "hz" || !limit) return attach_error(point, cause.system_error);
  const std::uint64_t most = std::strtoull(limit->c_str(), nullptr, 10);
  if (point.value <= most) return attach_error(point, cause.system_error);
  return {fmt::format("can not attach {}: this machine samples at {} hz at most", point.text, most),
          fmt::format("raise the limit with `sysctl kernel.perf_event_max_sample_rate={}`", point.value), EINVAL};
}

}  // namespace

Parsed parse_rate(std::span<const std::string> parts, std::string_view provider) {
  if (parts.empty() || (parts.size() == 1 && parts[0].empty())) {
    return std::unexpected(AttachPointProblem{"the rate is missing", forms(provider), parts.size()});
  }
  if (parts.size() > 2) return bad_part(2, fmt::format("{} takes a unit and a number, and nothing more", provider), forms(provider));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (auto help = glued_predicate(parts[i])) return bad_part(i, fmt::format("`{}` is not a rate", parts[i]), std::move(*help));
  }
  if (parts.size() == 1) return parse_duration(provider, parts[0]);
  if (parts[1].empty()) return bad_part(1, "the rate is missing", forms(provider));
  if (parts[0] == "hz") return parse_frequency(provider, parts[1], 1);
  const Unit* unit = find_unit(parts[0]);
  if (unit == nullptr || unit->stored != unit->name) {
    return bad_part(0, fmt::format("`{}` is not a unit of {}", parts[0], provider), "the units are hz, s, ms, us and ns");
  }
  return parse_period(provider, *unit, parts[1], 1);
}

Result<void> attach_per_cpu(const AttachRequest& request, std::size_t index, const void* attr, std::span<const std::uint32_t> cpus,
                            std::vector<Link>& links) {
  const std::size_t before = links.size();
  std::optional<Error> gone;
  for (const std::uint32_t cpu : cpus) {
    Result<Link> link = attach_perf_event(request.program, attr, -1, static_cast<int>(cpu), request.first + index);
    if (link) {
      links.push_back(std::move(*link));
    } else if (link.error().system_error == ENODEV) {
      gone = link.error();
    } else {
      return std::unexpected(link.error());
    }
  }
  if (links.size() == before && gone) return std::unexpected(*gone);
  return {};
}

Result<std::vector<Link>> attach_clock(const AttachRequest& request, std::span<const std::uint32_t> cpus) {
  std::vector<Link> links;
  for (std::size_t i = 0; i < request.attach_points.size(); ++i) {
    const AttachPoint& point = request.attach_points[i];
    const perf_event_attr attr = clock_attributes(point);
    const Result<void> attached = attach_per_cpu(request, i, &attr, cpus, links);
    if (!attached) return std::unexpected(clock_error(point, attached.error()));
  }
  return links;
}

std::vector<ListedProbe> list_rates(std::span<const std::string> parts, std::string_view provider) {
  std::vector<ListedProbe> listed;
  for (std::string_view unit : listed_units) {
    if (glob_match(glob_at(parts, 0), unit)) listed.push_back({fmt::format("{}:{}:", provider, unit), {}});
  }
  return listed;
}

}  // namespace fathom
