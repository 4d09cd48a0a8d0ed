// Bytes from the kernel to values: decode() for single values, merge() for what the CPUs kept of an aggregation.
// Bytes come from maps and rings that another part of fathom wrote, so sizes are trusted only as far as they can be checked: what does
// not fit into the bytes at hand is left out.
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>

#include "runtime/value.h"

namespace fathom {

namespace {

using Bytes = std::span<const std::byte>;

template <class T>
T read(Bytes bytes) {
  T value{};
  if (!bytes.empty()) std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

// `size` bytes, little end first, extended to 64 bits by sign where asked for.
std::uint64_t read_integer(Bytes bytes, std::uint32_t size, bool is_signed) {
  size = std::min<std::uint32_t>(size, sizeof(std::uint64_t));
  auto value = read<std::uint64_t>(bytes.first(std::min<std::size_t>(size, bytes.size())));
  if (!is_signed || size == 0) return value;
  std::uint32_t unused = 64 - 8 * size;
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value << unused) >> unused);
}

std::uint64_t read_bits(Bytes bytes, std::uint32_t first, std::uint32_t count, bool is_signed) {
  count = std::min(count, 64u);
  std::uint64_t value = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t bit = first + i;
    if (bit / 8 >= bytes.size()) break;
    value |= ((static_cast<std::uint64_t>(bytes[bit / 8]) >> (bit % 8)) & 1u) << i;
  }
  if (!is_signed || count == 0) return value;
  std::uint32_t unused = 64 - count;
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value << unused) >> unused);
}

Value number(std::uint64_t value, bool is_signed) {
  if (is_signed) return {static_cast<std::int64_t>(value)};
  return {value};
}

// A number of one of the scalar types.
Value scalar(std::uint64_t value, const Type& type) {
  if (type.is(TypeKind::boolean)) return {value != 0};
  if (type.is_pointer()) return {PointerValue{value}};
  if (type.is(TypeKind::symbol)) return {SymbolValue{value, type.symbol_space()}};
  if (!type.is(TypeKind::enumeration)) return number(value, type.is_signed());
  auto wanted = static_cast<std::int64_t>(value);
  for (const auto& [enumerator, name] : type.enumerators()) {
    if (enumerator == wanted) return {EnumValue{wanted, name}};
  }
  return {EnumValue{wanted, {}}};
}

std::string to_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

StringValue decode_string(Bytes bytes, bool may_be_cut) {
  std::size_t length = static_cast<std::size_t>(std::find(bytes.begin(), bytes.end(), std::byte{0}) - bytes.begin());
  return {to_text(bytes.first(length)), may_be_cut && length + 1 >= bytes.size()};
}

std::vector<BuildIdAddress> build_ids(const std::vector<std::uint64_t>& words, std::size_t count) {
  constexpr std::size_t frame_words = sizeof(layout::BuildIdFrame) / sizeof(std::uint64_t);
  constexpr std::int32_t valid = 1;
  std::vector<BuildIdAddress> frames;
  for (std::size_t i = 0; i < count && (i + 1) * frame_words <= words.size(); ++i) {
    layout::BuildIdFrame frame{};
    std::memcpy(&frame, words.data() + i * frame_words, sizeof frame);
    BuildIdAddress& address = frames.emplace_back(BuildIdAddress{{}, frame.offset});
    if (frame.status != valid) continue;
    for (const std::uint8_t byte : frame.build_id) {
      constexpr char digits[] = "0123456789abcdef";
      address.build_id += digits[byte >> 4];
      address.build_id += digits[byte & 0xf];
    }
  }
  return frames;
}

class Decoder {
 public:
  explicit Decoder(const DecodeSource& source) : source_(source) {}

  Value decode(Bytes bytes, const Type& type) const;

 private:
  ArrayValue array(Bytes bytes, const Type& type) const;
  TupleValue tuple(Bytes bytes, const Type& type) const;
  void members(StructValue& value, Bytes bytes, const StructLayout& layout) const;
  StackFrames stack(Bytes bytes, const Type& type) const;
  TimeValue time(Bytes bytes) const;
  CgroupValue cgroup(Bytes bytes) const;

  const DecodeSource& source_;
};

ArrayValue Decoder::array(Bytes bytes, const Type& type) const {
  ArrayValue value;
  std::size_t size = type.element().size();
  for (std::size_t i = 0; i < type.count() && (i + 1) * size <= bytes.size(); ++i) {
    value.elements.push_back(decode(bytes.subspan(i * size, size), type.element()));
  }
  return value;
}

TupleValue Decoder::tuple(Bytes bytes, const Type& type) const {
  TupleValue value;
  std::vector<std::uint32_t> offsets = tuple_offsets(type.parts());
  for (std::size_t i = 0; i < type.parts().size(); ++i) {
    const Type& part = type.parts()[i];
    if (offsets[i] + part.size() > bytes.size()) break;
    value.elements.push_back(decode(bytes.subspan(offsets[i], part.size()), part));
  }
  return value;
}

// Members of an anonymous struct or union are reached without a name of their own, so they stand among those of the outer one.
void Decoder::members(StructValue& value, Bytes bytes, const StructLayout& layout) const {
  for (const StructMember& member : layout.members) {
    if (member.offset > bytes.size()) continue;
    Bytes rest = bytes.subspan(member.offset);
    if (member.bit_size != 0) {
      if (member.name.empty()) continue;  // padding
      std::uint64_t bits = read_bits(rest, member.bit_offset, member.bit_size, member.type.is_signed());
      value.members.push_back({member.name, scalar(bits, member.type)});
      continue;
    }
    if (member.type.size() > rest.size()) continue;
    Bytes part = rest.first(member.type.size());
    if (member.name.empty() && member.type.is_structure() && member.type.layout()) {
      members(value, part, *member.type.layout());
    } else if (!member.name.empty()) {
      value.members.push_back({member.name, decode(part, member.type)});
    }
  }
}

StackFrames Decoder::stack(Bytes bytes, const Type& type) const {
  auto value = read<layout::StackValue>(bytes);
  StackFrames frames{{}, type.symbol_space(), value.process, type.stack_mode(), {}};
  if (value.frames == 0) return frames;
  frames.addresses = source_.stack_frames(value);
  if (type.stack_mode() == StackMode::build_id) {
    frames.build_ids = build_ids(frames.addresses, std::min(value.frames, type.count()));
    frames.addresses.clear();
    return frames;
  }
  // Equal stacks share their entry; a stack that asked for fewer frames than it holds shows those.
  std::size_t count = std::min<std::size_t>({frames.addresses.size(), value.frames, type.count()});
  frames.addresses.resize(count);
  return frames;
}

TimeValue Decoder::time(Bytes bytes) const {
  auto value = read<layout::TimestampValue>(bytes);
  return {value.nanoseconds, source_.time_format(value.format)};
}

CgroupValue Decoder::cgroup(Bytes bytes) const {
  auto value = read<layout::CgroupPathValue>(bytes);
  return {value.id, source_.cgroup_pattern(value.pattern)};
}

InetValue decode_inet(Bytes bytes) {
  auto value = read<layout::InetValue>(bytes);
  std::size_t size = value.family == AF_INET ? 4 : sizeof value.address;
  return {static_cast<std::uint32_t>(value.family), std::string(reinterpret_cast<const char*>(value.address), size)};
}

MacValue decode_mac(Bytes bytes) {
  constexpr std::size_t size = 6;
  std::string address = to_text(bytes.first(std::min(bytes.size(), size)));
  address.resize(size);
  return {std::move(address)};
}

BufferValue decode_buffer(Bytes bytes, const Type& type) {
  if (!type.is_counted()) return {to_text(bytes)};
  std::size_t length = read<std::uint32_t>(bytes);
  bytes = bytes.subspan(std::min<std::size_t>(bytes.size(), Type::length_size));
  return {to_text(bytes.first(std::min(bytes.size(), length)))};
}

Value Decoder::decode(Bytes bytes, const Type& type) const {
  bytes = bytes.first(std::min<std::size_t>(bytes.size(), type.size()));
  switch (type.kind()) {
    case TypeKind::boolean:
    case TypeKind::integer:
    case TypeKind::pointer:
    case TypeKind::enumeration:
    case TypeKind::symbol:
      if (type.is(TypeKind::symbol) && type.symbol_space() == SymbolSpace::user) {
        auto value = read<layout::SymbolValue>(bytes);
        return {SymbolValue{value.address, SymbolSpace::user, value.process}};
      }
      return scalar(read_integer(bytes, type.size(), type.is_signed()), type);
    case TypeKind::string: return {decode_string(bytes, type.may_be_cut())};
    case TypeKind::buffer: return {decode_buffer(bytes, type)};
    case TypeKind::array: return {array(bytes, type)};
    case TypeKind::tuple: {
      TupleValue value = tuple(bytes, type);
      if (!type.is_record()) return {std::move(value)};
      StructValue record;
      for (std::size_t i = 0; i < value.elements.size(); ++i) record.members.push_back({type.names()[i], std::move(value.elements[i])});
      return {std::move(record)};
    }
    case TypeKind::structure: {
      if (!type.layout()) return {BufferValue{to_text(bytes)}};
      StructValue value;
      members(value, bytes, *type.layout());
      return {std::move(value)};
    }
    case TypeKind::stack: return {stack(bytes, type)};
    case TypeKind::timestamp: return {time(bytes)};
    case TypeKind::inet: return {decode_inet(bytes)};
    case TypeKind::macaddr: return {decode_mac(bytes)};
    case TypeKind::username: return {UserValue{read_integer(bytes, type.size(), false)}};
    case TypeKind::cgroup_path: return {cgroup(bytes)};
    case TypeKind::none:
    case TypeKind::context:
    case TypeKind::aggregation: return {NoValue{}};
  }
  return {NoValue{}};
}

// Calls `visit` with the bytes of each CPU.
template <class Visit>
void for_each_cpu(Bytes bytes, std::size_t stride, std::size_t size, Visit visit) {
  if (stride == 0) return;
  for (std::size_t offset = 0; offset + size <= bytes.size(); offset += stride) visit(bytes.subspan(offset, size));
}

std::optional<Value> merge_count(Bytes bytes, std::size_t stride) {
  std::uint64_t total = 0;
  for_each_cpu(bytes, stride, sizeof(layout::CountValue), [&](Bytes cpu) { total += read<layout::CountValue>(cpu).count; });
  if (total == 0) return std::nullopt;
  return Value{total};
}

std::optional<Value> merge_sum(Bytes bytes, std::size_t stride, bool is_signed) {
  std::uint64_t sum = 0;
  bool updated = false;
  for_each_cpu(bytes, stride, sizeof(layout::SumValue), [&](Bytes cpu) {
    auto value = read<layout::SumValue>(cpu);
    sum += value.sum;
    updated = updated || value.updated != 0;
  });
  if (!updated) return std::nullopt;
  return number(sum, is_signed);
}

std::optional<Value> merge_extreme(Bytes bytes, std::size_t stride, bool is_signed, bool want_larger) {
  std::optional<std::uint64_t> best;
  for_each_cpu(bytes, stride, sizeof(layout::ExtremeValue), [&](Bytes cpu) {
    auto value = read<layout::ExtremeValue>(cpu);
    if (value.updated == 0) return;
    bool larger = best && (is_signed ? static_cast<std::int64_t>(value.value) > static_cast<std::int64_t>(*best) : value.value > *best);
    if (!best || larger == want_larger) best = value.value;
  });
  if (!best) return std::nullopt;
  return number(*best, is_signed);
}

template <class Merged>
std::optional<Value> merge_average(Bytes bytes, std::size_t stride, bool is_signed) {
  Merged merged{0, 0, is_signed};
  for_each_cpu(bytes, stride, sizeof(layout::AverageValue), [&](Bytes cpu) {
    auto value = read<layout::AverageValue>(cpu);
    merged.count += value.count;
    merged.total += value.total;
  });
  if (merged.count == 0) return std::nullopt;
  return Value{merged};
}

std::optional<Value> merge_histogram(Bytes bytes, std::size_t stride, const Type& type) {
  bool linear = type.aggregation() == Aggregation::lhist;
  std::size_t buckets = linear ? layout::lhist_buckets(type.buckets()) : layout::hist_buckets(type.buckets().bits);
  HistogramValue histogram{std::vector<std::uint64_t>(buckets), type.buckets(), linear};
  for_each_cpu(bytes, stride, buckets * sizeof(std::uint64_t), [&](Bytes cpu) {
    for (std::size_t i = 0; i < buckets; ++i) histogram.counts[i] += read<std::uint64_t>(cpu.subspan(i * sizeof(std::uint64_t)));
  });
  if (std::all_of(histogram.counts.begin(), histogram.counts.end(), [](std::uint64_t count) { return count == 0; })) return std::nullopt;
  return Value{std::move(histogram)};
}

// What all CPUs kept of one interval.
struct MergedInterval {
  std::uint64_t value = 0;
  std::uint64_t detail = 0;
};

void merge_interval(MergedInterval& merged, const layout::SeriesInterval& part, SeriesValue kind, bool is_signed) {
  if (part.detail == 0) return;
  bool first = merged.detail == 0;
  bool larger = is_signed ? static_cast<std::int64_t>(part.value) > static_cast<std::int64_t>(merged.value) : part.value > merged.value;
  switch (kind) {
    case SeriesValue::last:
      if (part.detail > merged.detail) merged = {part.value, part.detail};
      return;
    case SeriesValue::average:
    case SeriesValue::sum: merged = {merged.value + part.value, merged.detail + part.detail}; return;
    case SeriesValue::max:
    case SeriesValue::min:
      if (first || larger == (kind == SeriesValue::max)) merged = {part.value, 1};
      return;
  }
}

std::optional<Value> merge_series(Bytes bytes, std::size_t stride, const Type& type) {
  const Buckets& buckets = type.buckets();
  std::map<std::uint64_t, MergedInterval> intervals;
  for_each_cpu(bytes, stride, static_cast<std::size_t>(buckets.max) * sizeof(layout::SeriesInterval), [&](Bytes cpu) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(buckets.max); ++i) {
      auto part = read<layout::SeriesInterval>(cpu.subspan(i * sizeof(layout::SeriesInterval)));
      if (part.detail != 0) merge_interval(intervals[part.epoch], part, buckets.series, type.is_signed());
    }
  });
  SeriesResult result{{}, static_cast<std::uint64_t>(buckets.step), type.is_signed()};
  if (intervals.empty()) return std::nullopt;
  // An interval that the newest one has pushed out may still stand on a CPU that has seen nothing since.
  std::uint64_t last = intervals.rbegin()->first;
  auto kept = static_cast<std::uint64_t>(buckets.max);
  while (last - intervals.begin()->first >= kept) intervals.erase(intervals.begin());
  for (std::uint64_t epoch = intervals.begin()->first; epoch <= last; ++epoch) {
    SeriesPoint point{epoch * result.interval, std::nullopt};
    if (auto found = intervals.find(epoch); found != intervals.end()) {
      const MergedInterval& merged = found->second;
      auto value = static_cast<std::int64_t>(merged.value);
      bool is_average = buckets.series == SeriesValue::average;
      point.value = !is_average ? value
                    : type.is_signed() ? value / static_cast<std::int64_t>(merged.detail)
                                       : static_cast<std::int64_t>(merged.value / merged.detail);
    }
    result.points.push_back(point);
  }
  return Value{std::move(result)};
}

}  // namespace

Value decode(std::span<const std::byte> bytes, const Type& type, const DecodeSource& source) { return Decoder(source).decode(bytes, type); }

std::optional<Value> merge(std::span<const std::byte> bytes, std::size_t stride, const Type& aggregation) {
  bool is_signed = aggregation.is_signed();
  switch (aggregation.aggregation()) {
    case Aggregation::count: return merge_count(bytes, stride);
    case Aggregation::sum: return merge_sum(bytes, stride, is_signed);
    case Aggregation::min: return merge_extreme(bytes, stride, is_signed, false);
    case Aggregation::max: return merge_extreme(bytes, stride, is_signed, true);
    case Aggregation::average: return merge_average<AverageResult>(bytes, stride, is_signed);
    case Aggregation::stats: return merge_average<StatsValue>(bytes, stride, is_signed);
    case Aggregation::hist:
    case Aggregation::lhist: return merge_histogram(bytes, stride, aggregation);
    case Aggregation::series: return merge_series(bytes, stride, aggregation);
  }
  return std::nullopt;
}

}  // namespace fathom
