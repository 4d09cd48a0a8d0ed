// What a session says on standard error: losses, and what went wrong in probes.
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "ast/text.h"
#include "runtime/run_time_error.h"
#include "runtime/session.h"

namespace fathom {

namespace {

// How often losses are looked for, and the messages of one place in the script at most once it has said this much.
constexpr std::chrono::milliseconds losses_interval{100};
constexpr std::uint64_t messages_at_once = 10;
constexpr std::chrono::seconds message_interval{1};

}  // namespace

// What the kernel's list of functions names may still be refused when it is attached: one of a wildcard's then goes, and a named one where
// the script may do without what is missing.
bool Session::leaves_out(const AttachPoint& point, const Error& cause) {
  const bool refused = cause.system_error == EINVAL || cause.system_error == ENOENT || cause.system_error == EADDRNOTAVAIL;
  if (!refused || (!point.from_wildcard && plan_.settings.missing_probes == MissingProbes::error)) return false;
  ++left_out_;
  if (!options_.warnings || plan_.settings.missing_probes == MissingProbes::ignore) return true;
  const bool others = plan_.settings.message_style == MessageStyle::bpftrace;
  if (others) fmt::print(stderr, "WARNING: Unable to attach probe: {}. Skipping.\n", point.text);
  if (!others) fmt::print(stderr, "warning: {}; it is left out\n", cause.message);
  return true;
}

void Session::say_left_out(std::span<const Error> causes) {
  left_out_ += causes.size();
  if (causes.empty() || !options_.warnings || plan_.settings.missing_probes == MissingProbes::ignore) return;
  const std::string more = causes.size() == 1 ? "" : fmt::format(", and so {} {} more", causes.size() == 2 ? "is" : "are", causes.size() - 1);
  fmt::print(stderr, "{}: {}; it is left out{}\n", plan_.settings.message_style == MessageStyle::bpftrace ? "WARNING" : "warning",
             causes.front().message, more);
}

// A place that fails for every event says so ten times, then once a second: until then the programs keep quiet about it, but count. How
// often it failed is told at the end.
void Session::run_time_error(std::uint32_t index, std::int64_t code) {
  ToldError& told = told_errors_[index];
  ++told.count;
  if (options_.warnings) output_.message(message_of(plan_.errors[index], plan_, code));
  if (told.count < messages_at_once) return object_.rearm_error(index);
  told.again = std::chrono::steady_clock::now() + message_interval;
  quiet_errors_ = true;
}

void Session::rearm_quiet_errors() {
  if (!quiet_errors_) return;
  quiet_errors_ = false;
  auto now = std::chrono::steady_clock::now();
  for (std::uint32_t i = 0; i < told_errors_.size(); ++i) {
    std::optional<Clock::time_point>& again = told_errors_[i].again;
    if (again && *again <= now) {
      again.reset();
      object_.rearm_error(i);
    }
    quiet_errors_ = quiet_errors_ || again.has_value();
  }
}

void Session::report_repeated_errors() {
  if (!options_.warnings) return;
  for (std::uint32_t i = 0; i < plan_.errors.size(); ++i) {
    std::uint64_t count = object_.error_count(i);
    if (count <= told_errors_[i].count) continue;
    Message message = message_of(plan_.errors[i], plan_, 0);
    message.text += fmt::format(" ({} times in all)", count);
    message.helper.clear();
    output_.message(message);
  }
}

std::vector<std::uint64_t> Session::counters() const {
  constexpr auto count = static_cast<std::size_t>(layout::Counter::count);
  std::vector<std::uint64_t> values(count * possible_cpus_);
  int map = object_.map(object_names::counters);
  std::uint32_t zero = 0;
  if (map < 0 || bpf_map_lookup_elem(map, &zero, values.data()) != 0) return {};
  for (std::uint32_t cpu = 1; cpu < possible_cpus_; ++cpu) {
    for (std::size_t i = 0; i < count; ++i) values[i] += values[cpu * count + i];
  }
  values.resize(count);
  return values;
}

void Session::report_new_losses() {
  auto now = std::chrono::steady_clock::now();
  if (!exiting_ && now - losses_seen_ < losses_interval) return;
  losses_seen_ = now;
  std::vector<std::uint64_t> values = counters();
  std::uint64_t lost = values.empty() ? 0 : values[static_cast<std::size_t>(layout::Counter::lost_events)];
  if (lost > told_losses_) output_.lost(lost - told_losses_);
  told_losses_ = lost;
}

void Session::report_losses() const {
  std::vector<std::uint64_t> values = counters();
  bool others = plan_.settings.message_style == MessageStyle::bpftrace;
  auto say = [&](layout::Counter counter, const char* noun, const char* text) {
    std::uint64_t lost = values.empty() ? 0 : values[static_cast<std::size_t>(counter)];
    if (lost != 0) fmt::print(stderr, "{}: {} {}\n", others ? "WARNING" : "warning", counted(lost, noun), text);
  };
  if (others && told_losses_ != 0) {
    fmt::print(stderr, "WARNING: Total lost event count: {}\n", told_losses_);
  } else {
    say(layout::Counter::lost_events, "event", "lost: the event ring was full; set BPFTRACE_PERF_RB_PAGES to a larger number, or print less");
  }
  say(layout::Counter::lost_control, "command", "lost (print, clear, zero or exit): the control ring was full");
  say(layout::Counter::lost_stacks, "stack", "lost: the kernel gave none, or there were too many different ones");
  say(layout::Counter::cut_stacks, "stack", "of dw_ustack cut short: nothing says how to unwind the code that the rest of it stands in");
  say(layout::Counter::no_scratch, "event", "skipped: probes interrupted each other more than four levels deep");
  say(layout::Counter::lost_updates, "update", "of a map lost: other CPUs changed the same element all the time");
  say(layout::Counter::endless_loop, "loop", "ended after 8388608 rounds, the most that the kernel allows");
  if (packets_ && packets_->lost() != 0) {
    fmt::print(stderr, "{}: {} lost: their buffer was full\n", others ? "WARNING" : "warning", counted(packets_->lost(), "packet"));
  }
  if (packets_ && packets_->error() != 0) fmt::print(stderr, "{}: packets could not be written ({})\n", others ? "ERROR" : "error", strerrordesc_np(packets_->error()));
  if (!printk_.empty() && printk_.front().lost() != 0) {
    fmt::print(stderr, "warning: {} lost: the trace buffer was full\n", counted(printk_.front().lost(), "printk line"));
  }
}

}  // namespace fathom
