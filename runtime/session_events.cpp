// Events: records of the two rings, printk lines, and what was lost.
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstring>

#include "ast/text.h"
#include "runtime/external.h"
#include "runtime/map_reader.h"
#include "runtime/output/wall_time.h"
#include "runtime/session.h"

namespace fathom {

namespace {

bool is_histogram(const Type& type) {
  return type.is_aggregation() && (type.aggregation() == Aggregation::hist || type.aggregation() == Aggregation::lhist);
}

}  // namespace

void Session::act(EventBatch& batch) const {
  const layout::ControlRecord& event = *batch.control;
  auto map = [&]() -> const MapPlan& { return plan_.maps[event.map]; };
  auto report = [](const Result<void>& result) {
    if (!result) fmt::print(stderr, "error: {}\n", result.error().message);
  };
  switch (event.kind) {
    case layout::ControlKind::print_map: batch.elements = read_elements(map(), object_.map(map().object_name), possible_cpus_); return;
    case layout::ControlKind::clear_map: return report(clear_map(map(), object_.map(map().object_name), possible_cpus_));
    case layout::ControlKind::zero_map: return report(zero_map(map(), object_.map(map().object_name), possible_cpus_));
    case layout::ControlKind::exit:
    case layout::ControlKind::process:
    case layout::ControlKind::unwatch:
    case layout::ControlKind::unknown_code:
    case layout::ControlKind::run_time_error: return;
  }
}

bool Session::show_batch() {
  auto batch = reader_->take();
  if (!batch) return false;
  batch->for_each([&](std::span<const std::byte> bytes) { record(bytes); });
  if (batch->control) control(*batch);
  output_.flush();
  return true;
}

void Session::show_all() {
  for (std::size_t waiting = reader_->catch_up(); waiting != 0 && show_batch(); --waiting) {
    if (output_.error() != 0) return reader_->discard();
    if (!signal_pending()) continue;
    // Somebody who can not wait for the rest: the second Ctrl-C. While the script runs, what waits is shown later.
    if (exiting_) reader_->discard();
    return;
  }
}

void Session::record(std::span<const std::byte> bytes) {
  std::uint64_t index = 0;
  std::memcpy(&index, bytes.data(), sizeof index);
  const FormatPlan& format = plan_.formats[index];
  if (format.style == FormatStyle::join) return joined_record(format, bytes.subspan(layout::record_header));
  layout::RecordLayout layout = layout::record_layout(format.fields);
  std::vector<Value> values;
  for (std::size_t i = 0; i < format.fields.size(); ++i) values.push_back(decode(bytes.subspan(layout.offsets[i]), format.fields[i], *this));
  if (format.style == FormatStyle::print) return output_.value(values.front());
  if (format.style == FormatStyle::time) return output_.text(TextKind::time, time_text(wall_now(), format.text));
  text_record(format, values);
}

// What begins with a printf format: the text itself, or what to do with it.
void Session::text_record(const FormatPlan& format, std::span<const Value> values) {
  std::string_view text = formatter_(format.text, values);
  auto show = [&](TextKind kind, const Result<std::string>& read) {
    if (read) return output_.text(kind, *read);
    output_.message({.kind = MessageKind::failed, .text = read.error().message});
    if (kind == TextKind::cat && plan_.settings.text_form.old_json) output_.text(kind, "");
  };
  switch (format.style) {
    case FormatStyle::printf: return output_.text(TextKind::printf, text);
    case FormatStyle::errorf: return output_.message({.text = std::string(text), .place = &plan_.places[format.place]});
    case FormatStyle::warnf:
      if (options_.warnings) output_.message({.severity = Severity::warning, .text = std::string(text), .place = &plan_.places[format.place]});
      return;
    case FormatStyle::cat: return show(TextKind::cat, read_head(std::string(text), plan_.settings.max_cat_bytes));
    case FormatStyle::system:
      return command(format, std::string(text));
    case FormatStyle::print:
    case FormatStyle::time:
    case FormatStyle::join: return;
  }
}

void Session::command(const FormatPlan& format, const std::string& text) {
  output_.flush();  // the command may write to the terminal itself
  const Result<CommandOutput> result = output_of(text);
  const SourcePlace* place = &plan_.places[format.place];
  if (!result) return output_.message({.kind = MessageKind::failed, .text = result.error().message, .place = place});
  output_.text(TextKind::system, result->text);
  if (!result->failure.empty()) output_.message({.kind = MessageKind::command, .text = result->failure, .place = place});
}

void Session::joined_record(const FormatPlan& format, std::span<const std::byte> bytes) {
  layout::JoinedValue head{};
  std::memcpy(&head, bytes.data(), std::min(bytes.size(), sizeof head));
  bytes = bytes.subspan(sizeof head);
  std::string strings(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(head.bytes, bytes.size()));
  std::string text;
  for (std::size_t begin = 0; begin < strings.size();) {
    std::string_view one = strings.data() + begin;
    if (begin != 0) text += format.text;
    text += one;
    begin += one.size() + 1;
  }
  if (head.cut != 0) text += plan_.settings.truncation_trailer;
  output_.text(TextKind::join, text);
}

void Session::control(const EventBatch& batch) {
  const layout::ControlRecord& event = *batch.control;
  switch (event.kind) {
    case layout::ControlKind::exit:
      // Of calls at the same time the first counts; one in END goes over what came before.
      if (!exit_code_ || ending_) exit_code_ = static_cast<int>(event.first);
      exiting_ = true;
      return;
    case layout::ControlKind::process: return process_seen(event);
    case layout::ControlKind::unknown_code: return learn_code(static_cast<std::uint32_t>(event.first));
    case layout::ControlKind::unwatch: return unwatch(static_cast<std::uint64_t>(event.first));
    case layout::ControlKind::print_map: {
      if (!*batch.elements) return fmt::print(stderr, "error: {}\n", batch.elements->error().message);
      const bool hides = plan_.settings.text_form.unwritten_not_shown ? !always_shown(event.map) : is_histogram(plan_.maps[event.map].value);
      return print_contents(event.map, **batch.elements, static_cast<std::uint64_t>(event.first), static_cast<std::uint64_t>(event.second),
                            hides && !zeroed_[event.map] ? Unwritten::skip : Unwritten::as_zero);
    }
    case layout::ControlKind::clear_map: zeroed_[event.map] = false; return;
    case layout::ControlKind::zero_map: zeroed_[event.map] = true; return;
    case layout::ControlKind::run_time_error: return run_time_error(event.map, event.first);
  }
}

void Session::process_seen(const layout::ControlRecord& event) {
  const auto process = static_cast<std::uint32_t>(event.first);
  symbols_.remember(process);
  const std::vector<AttachPoint>& points = plan_.programs[event.map >> layout::point_bits].attach_points;
  const std::uint32_t index = event.map & ((1u << layout::point_bits) - 1);
  if (event.second == 0 || index >= points.size()) return;
  symbols_.loaded_at(process, points[index].target, static_cast<std::uint64_t>(event.second) - points[index].address);
}

void Session::unwatch(std::uint64_t address) {
  std::erase_if(watchpoints_, [&](const auto& watchpoint) { return watchpoint.first == address; });
}

void Session::print_contents(std::uint32_t index, const MapElements& elements, std::uint64_t top, std::uint64_t divisor, Unwritten unwritten) {
  output_.map(contents_of(plan_.maps[index], elements, possible_cpus_, *this, unwritten), top, divisor);
}

// Whether the old forms have a line for the map even if it was never written.
bool Session::always_shown(std::uint32_t index) const {
  const MapPlan& plan = plan_.maps[index];
  const bool counts = plan.value.is_aggregation() && plan.value.aggregation() == Aggregation::count && !plan.keyed;
  return counts && plan_.settings.text_form.counters_always_shown;
}

void Session::print_map_now(std::uint32_t index) {
  const MapPlan& plan = plan_.maps[index];
  auto elements = read_elements(plan, object_.map(plan.object_name), possible_cpus_);
  if (!elements) return fmt::print(stderr, "error: {}\n", elements.error().message);
  print_contents(index, *elements, 0, 0, zeroed_[index] || always_shown(index) ? Unwritten::as_zero : Unwritten::skip);
}

void Session::print_all_maps() {
  for (std::uint32_t i = 0; i < plan_.maps.size(); ++i) print_map_now(i);
}

void Session::read_printk() {
  if (printk_.empty()) return;
  std::string mark(printk_mark);
  mark.replace(printk_mark_digits, mark_.size(), mark_);
  auto read = printk_.front().read([&](std::string_view text) {
    if (!text.starts_with(mark)) return;
    text.remove_prefix(mark.size());
    if (options_.verbose) {
      output_.text(TextKind::printk, text);
    } else {
      printk_lines_.emplace_back(text);
    }
  });
  if (!read) fmt::print(stderr, "error: {}\n", read.error().message);
  if (options_.verbose) output_.flush();
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
