// Map access by batches: the kernel walks whole buckets, so that an element that is deleted meanwhile does not start the walk anew.
#include "runtime/map_reader.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace fathom {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::uint32_t batch_elements = 512;
constexpr std::size_t batch_bytes = 16u << 20;  // or one element, where it is larger

std::size_t cpu_stride(const MapPlan& plan) {
  std::size_t size = layout::aggregation_size(plan.value.aggregation(), plan.value.buckets());
  return (size + word - 1) / word * word;
}

std::size_t value_bytes(const MapPlan& plan, std::uint32_t possible_cpus) {
  if (plan.value.is_aggregation()) return cpu_stride(plan) * (plan.per_cpu ? possible_cpus : 1);
  return plan.keyed ? plan.value.size() : layout::scalar_written_offset(plan.value) + word;
}

std::size_t key_bytes(const MapPlan& plan) { return plan.keyed ? plan.key.size() : sizeof(std::uint32_t); }

Error map_error(const MapPlan& plan, const char* what, int error) {
  return {fmt::format("map {} could not be {} ({})", plan.name, what, strerrordesc_np(error)), "", error};
}

Value zero_of(const Type& type) {
  Buckets buckets = type.buckets();
  switch (type.aggregation()) {
    case Aggregation::count: return {std::int64_t{0}};
    case Aggregation::sum:
    case Aggregation::min:
    case Aggregation::max: return type.is_signed() ? Value{std::int64_t{0}} : Value{std::uint64_t{0}};
    case Aggregation::average: return {AverageResult{0, 0, type.is_signed()}};
    case Aggregation::stats: return {StatsValue{0, 0, type.is_signed()}};
    case Aggregation::hist: return {HistogramValue{std::vector<std::uint64_t>(layout::hist_buckets(buckets.bits)), buckets, false}};
    case Aggregation::lhist: return {HistogramValue{std::vector<std::uint64_t>(layout::lhist_buckets(buckets)), buckets, true}};
    case Aggregation::series: return {SeriesResult{{}, static_cast<std::uint64_t>(buckets.step), type.is_signed()}};
  }
  return {};
}

bool is_written(const MapPlan& plan, std::span<const std::byte> value) {
  std::uint64_t flag = 0;
  std::memcpy(&flag, value.data() + layout::scalar_written_offset(plan.value), sizeof flag);
  return flag != 0;
}

}  // namespace

Result<MapElements> read_elements(const MapPlan& plan, int map, std::uint32_t possible_cpus) {
  MapElements all;
  std::size_t key_size = key_bytes(plan);
  std::size_t value_size = value_bytes(plan, possible_cpus);
  if (!plan.keyed) {
    std::uint32_t zero = 0;
    all.keys.resize(key_size);
    all.values.resize(value_size);
    if (bpf_map_lookup_elem(map, &zero, all.values.data()) != 0) return std::unexpected(map_error(plan, "read", errno));
    all.count = 1;
    return all;
  }
  // The kernel's cursor is as long as a key or a u32, whichever is longer.
  std::vector<std::byte> cursor(std::max<std::size_t>(key_size, sizeof(std::uint32_t)));
  bool first = true;
  auto room = static_cast<std::uint32_t>(std::clamp<std::size_t>(batch_bytes / std::max<std::size_t>(value_size, 1), 1, batch_elements));
  while (true) {
    all.keys.resize((all.count + room) * key_size);
    all.values.resize((all.count + room) * value_size);
    std::uint32_t count = room;
    int result = bpf_map_lookup_batch(map, first ? nullptr : cursor.data(), cursor.data(), all.keys.data() + all.count * key_size,
                                      all.values.data() + all.count * value_size, &count, nullptr);
    int error = result == 0 ? 0 : errno;
    if (error == ENOSPC) {  // one bucket holds more than there is room for
      room *= 2;
      continue;
    }
    if (error != 0 && error != ENOENT) return std::unexpected(map_error(plan, "read", error));
    all.count += count;
    first = false;
    if (error == ENOENT) return all;
  }
}

MapContents contents_of(const MapPlan& plan, const MapElements& elements, std::uint32_t possible_cpus, const DecodeSource& source,
                        Unwritten unwritten) {
  MapContents contents{plan.name, plan.key, plan.value, plan.key_is_list, {}};
  std::size_t key_size = key_bytes(plan);
  std::size_t value_size = value_bytes(plan, possible_cpus);
  bool keep_zero = plan.keyed || unwritten == Unwritten::as_zero;
  for (std::size_t i = 0; i < elements.count; ++i) {
    std::span<const std::byte> bytes(elements.values.data() + i * value_size, value_size);
    MapEntry entry;
    if (plan.keyed) entry.key = decode({elements.keys.data() + i * key_size, key_size}, plan.key, source);
    if (plan.value.is_aggregation()) {
      auto merged = merge(bytes, cpu_stride(plan), plan.value);
      if (!merged && !keep_zero) continue;
      entry.value = merged ? std::move(*merged) : zero_of(plan.value);
    } else {
      if (!plan.keyed && !keep_zero && !is_written(plan, bytes)) continue;
      entry.value = decode(bytes.first(plan.value.size()), plan.value, source);
    }
    contents.entries.push_back(std::move(entry));
  }
  sort_entries(contents);
  return contents;
}

Result<void> clear_map(const MapPlan& plan, int map, std::uint32_t possible_cpus) {
  if (!plan.keyed) {
    std::uint32_t zero = 0;
    std::vector<std::byte> empty(value_bytes(plan, possible_cpus));
    if (bpf_map_update_elem(map, &zero, empty.data(), BPF_ANY) != 0) return std::unexpected(map_error(plan, "cleared", errno));
    return {};
  }
  auto elements = read_elements(plan, map, possible_cpus);
  if (!elements) return std::unexpected(elements.error());
  for (std::size_t i = 0; i < elements->count; ++i) bpf_map_delete_elem(map, elements->keys.data() + i * key_bytes(plan));
  return {};
}

Result<void> zero_map(const MapPlan& plan, int map, std::uint32_t possible_cpus) {
  auto elements = read_elements(plan, map, possible_cpus);
  if (!elements) return std::unexpected(elements.error());
  std::vector<std::byte> empty(value_bytes(plan, possible_cpus));
  if (!plan.keyed && !plan.value.is_aggregation()) {
    std::uint64_t written = 1;
    std::memcpy(empty.data() + layout::scalar_written_offset(plan.value), &written, sizeof written);
  }
  for (std::size_t i = 0; i < elements->count; ++i) {
    const std::byte* key = elements->keys.data() + i * key_bytes(plan);
    // Only elements that still exist: another probe may have deleted one meanwhile.
    bpf_map_update_elem(map, key, empty.data(), plan.keyed ? BPF_EXIST : BPF_ANY);
  }
  return {};
}

}  // namespace fathom
