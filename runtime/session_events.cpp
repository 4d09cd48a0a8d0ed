// Events: records of the two rings, printk lines, and what was lost.
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstring>

#include "ast/text.h"
#include "runtime/map_reader.h"
#include "runtime/session.h"

namespace fathom {

// Control records say how far the data ring had come when they were made. The data ring's end is taken first: a control record that was
// made before any of that data is then already visible. What comes while this runs waits for the next call, so that a flood of events can
// not keep the session from its other duties.
void Session::drain() {
  std::uint64_t data_end = data_ring_.empty() ? 0 : data_ring_.front().produced();
  if (!control_ring_.empty()) {
    control_ring_.front().consume(control_ring_.front().produced(), [&](std::span<const std::byte> bytes) {
      layout::ControlRecord event{};
      std::memcpy(&event, bytes.data(), std::min(bytes.size(), sizeof event));
      drain_data(event.data_position);
      control(event);
    });
  }
  drain_data(data_end);
  output_.flush();
}

void Session::drain_all() {
  auto has_more = [](const std::vector<Ring>& ring) { return !ring.empty() && !ring.front().empty(); };
  do {
    drain();
  } while (has_more(data_ring_) || has_more(control_ring_));
}

void Session::drain_data(std::uint64_t until) {
  if (!data_ring_.empty()) data_ring_.front().consume(until, [&](std::span<const std::byte> bytes) { record(bytes); });
}

void Session::record(std::span<const std::byte> bytes) {
  std::uint64_t index = 0;
  std::memcpy(&index, bytes.data(), sizeof index);
  const FormatPlan& format = plan_.formats[index];
  layout::RecordLayout layout = layout::record_layout(format.fields);
  std::vector<Value> values;
  for (std::size_t i = 0; i < format.fields.size(); ++i) values.push_back(decode(bytes.subspan(layout.offsets[i]), format.fields[i], *this));
  switch (format.style) {
    case FormatStyle::printf: output_.formatted(format.text, values); break;
    case FormatStyle::print: output_.value(values.front()); break;
    case FormatStyle::time: output_.time(format.text); break;
  }
}

void Session::control(const layout::ControlRecord& event) {
  auto report = [](const Result<void>& result) {
    if (!result) fmt::print(stderr, "error: {}\n", result.error().message);
  };
  switch (event.kind) {
    case layout::ControlKind::exit:
      if (!exiting_) exit_code_ = static_cast<int>(event.first);
      exiting_ = true;
      return;
    case layout::ControlKind::print_map:
      print_map(event.map, static_cast<std::uint64_t>(event.first), static_cast<std::uint64_t>(event.second), false);
      return;
    case layout::ControlKind::clear_map: {
      const MapPlan& map = plan_.maps[event.map];
      zeroed_[event.map] = false;
      return report(clear_map(map, object_.map(map.object_name), possible_cpus_));
    }
    case layout::ControlKind::process:
      return process_seen(event);
    case layout::ControlKind::unwatch: return unwatch(static_cast<std::uint64_t>(event.first));
    case layout::ControlKind::zero_map: {
      const MapPlan& map = plan_.maps[event.map];
      zeroed_[event.map] = true;
      return report(zero_map(map, object_.map(map.object_name), possible_cpus_));
    }
  }
}

void Session::process_seen(const layout::ControlRecord& event) {
  if (options_.symbols == nullptr) return;
  const auto process = static_cast<std::uint32_t>(event.first);
  options_.symbols->remember(process);
  const std::vector<AttachPoint>& points = plan_.programs[event.map >> layout::point_bits].attach_points;
  const std::uint32_t index = event.map & ((1u << layout::point_bits) - 1);
  if (event.second == 0 || index >= points.size()) return;
  options_.symbols->loaded_at(process, points[index].target, static_cast<std::uint64_t>(event.second) - points[index].address);
}

void Session::unwatch(std::uint64_t address) {
  std::erase_if(watchpoints_, [&](const auto& watchpoint) { return watchpoint.first == address; });
}

void Session::print_map(std::uint32_t index, std::uint64_t top, std::uint64_t divisor, bool at_exit) {
  const MapPlan& plan = plan_.maps[index];
  Unwritten unwritten = at_exit && !zeroed_[index] ? Unwritten::skip : Unwritten::as_zero;
  auto contents = read_map(plan, object_.map(plan.object_name), possible_cpus_, *this, unwritten);
  if (!contents) {
    fmt::print(stderr, "error: {}\n", contents.error().message);
    return;
  }
  if (!contents->entries.empty()) output_.map(*contents, top, divisor);
}

void Session::read_printk() {
  if (printk_.empty()) return;
  std::string mark(printk_mark);
  mark.replace(printk_mark_digits, mark_.size(), mark_);
  auto read = printk_.front().read([&](std::string_view text) {
    if (!text.starts_with(mark)) return;
    text.remove_prefix(mark.size());
    if (options_.verbose) {
      output_.printk(text);
    } else {
      printk_lines_.emplace_back(text);
    }
  });
  if (!read) fmt::print(stderr, "error: {}\n", read.error().message);
  if (options_.verbose) output_.flush();
}

void Session::report_losses() const {
  std::size_t named = static_cast<std::size_t>(layout::Counter::first_map);
  std::size_t count = named + plan_.maps.size();
  std::vector<std::uint64_t> values(count * possible_cpus_);
  int map = object_.map(object_names::counters);
  std::uint32_t zero = 0;
  if (map < 0 || bpf_map_lookup_elem(map, &zero, values.data()) != 0) return;
  auto total = [&](std::size_t counter) {
    std::uint64_t sum = 0;
    for (std::uint32_t cpu = 0; cpu < possible_cpus_; ++cpu) sum += values[cpu * count + counter];
    return sum;
  };
  auto say = [&](layout::Counter counter, const char* noun, const char* text) {
    if (std::uint64_t lost = total(static_cast<std::size_t>(counter)); lost != 0) {
      fmt::print(stderr, "warning: {} {}\n", counted(lost, noun), text);
    }
  };
  say(layout::Counter::lost_events, "event", "lost: the event ring was full; set BPFTRACE_PERF_RB_PAGES to a larger number, or print less");
  say(layout::Counter::lost_control, "command", "lost (print, clear, zero or exit): the control ring was full");
  say(layout::Counter::lost_stacks, "stack", "lost: the kernel gave no stack, or there were too many different ones");
  say(layout::Counter::no_scratch, "event", "skipped: probes interrupted each other more than four levels deep");
  say(layout::Counter::endless_loop, "loop", "ended after 8388608 rounds, the most that the kernel allows");
  for (std::size_t i = 0; i < plan_.maps.size(); ++i) {
    std::uint64_t lost = total(named + i);
    if (lost == 0) continue;
    const MapPlan& map = plan_.maps[i];
    std::string way_out = map.declared ? fmt::format("declare it with a larger size: `let {1} = hash({0})`", 2 * map.max_entries, map.name)
                                       : fmt::format("set BPFTRACE_MAX_MAP_KEYS above {}", map.max_entries);
    fmt::print(stderr, "warning: map {} was full: {} lost; {}\n", map.name, counted(lost, "update"), way_out);
  }
  if (!printk_.empty() && printk_.front().lost() != 0) {
    fmt::print(stderr, "warning: {} lost: the trace buffer was full\n", counted(printk_.front().lost(), "printk line"));
  }
}

std::vector<std::uint64_t> Session::stack_frames(const layout::StackValue& stack) const {
  std::vector<std::uint64_t> frames(plan_.stack_words);
  int map = object_.map(object_names::stacks);
  if (stack.frames == 0 || map < 0 || bpf_map_lookup_elem(map, &stack, frames.data()) != 0) return {};
  return frames;
}

std::string Session::cgroup_pattern(std::uint64_t index) const {
  return index < plan_.cgroup_patterns.size() ? plan_.cgroup_patterns[index] : std::string();
}

std::string Session::time_format(std::uint64_t index) const {
  return index < plan_.time_formats.size() ? plan_.time_formats[index] : std::string();
}

}  // namespace fathom
