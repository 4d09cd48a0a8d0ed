// The order in which the entries of a map are shown.
#include <algorithm>
#include <compare>
#include <utility>

#include "runtime/value.h"

namespace fathom {

namespace {

std::strong_ordering order(std::int64_t left, std::int64_t right) { return left <=> right; }
std::strong_ordering order(std::uint64_t left, std::uint64_t right) { return left <=> right; }
std::strong_ordering order(std::int64_t left, std::uint64_t right) {
  return left < 0 ? std::strong_ordering::less : static_cast<std::uint64_t>(left) <=> right;
}
std::strong_ordering order(std::uint64_t left, std::int64_t right) { return 0 <=> order(right, left); }

// Bytes count as unsigned: std::string's own comparison.
std::strong_ordering order(const std::string& left, const std::string& right) { return left <=> right; }

std::strong_ordering order(const Value& left, const Value& right);

std::strong_ordering order(const std::vector<Value>& left, const std::vector<Value>& right) {
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (auto result = order(left[i], right[i]); result != 0) return result;
  }
  return left.size() <=> right.size();
}

std::uint64_t total(const HistogramValue& histogram) {
  std::uint64_t sum = 0;
  for (std::uint64_t count : histogram.counts) sum += count;
  return sum;
}

struct Compare {
  std::strong_ordering operator()(NoValue, NoValue) const { return std::strong_ordering::equal; }
  std::strong_ordering operator()(bool left, bool right) const { return left <=> right; }
  std::strong_ordering operator()(std::int64_t left, std::int64_t right) const { return order(left, right); }
  std::strong_ordering operator()(std::uint64_t left, std::uint64_t right) const { return order(left, right); }
  std::strong_ordering operator()(std::int64_t left, std::uint64_t right) const { return order(left, right); }
  std::strong_ordering operator()(std::uint64_t left, std::int64_t right) const { return order(left, right); }
  std::strong_ordering operator()(PointerValue left, PointerValue right) const { return left.address <=> right.address; }
  std::strong_ordering operator()(const EnumValue& left, const EnumValue& right) const { return left.value <=> right.value; }
  std::strong_ordering operator()(const StringValue& left, const StringValue& right) const { return order(left.bytes, right.bytes); }
  std::strong_ordering operator()(const BufferValue& left, const BufferValue& right) const { return order(left.bytes, right.bytes); }
  std::strong_ordering operator()(const ArrayValue& left, const ArrayValue& right) const { return order(left.elements, right.elements); }
  std::strong_ordering operator()(const TupleValue& left, const TupleValue& right) const { return order(left.elements, right.elements); }
  std::strong_ordering operator()(const StructValue& left, const StructValue& right) const {
    for (std::size_t i = 0; i < std::min(left.members.size(), right.members.size()); ++i) {
      if (auto result = order(left.members[i].value, right.members[i].value); result != 0) return result;
    }
    return left.members.size() <=> right.members.size();
  }
  std::strong_ordering operator()(SymbolValue left, SymbolValue right) const { return left.address <=> right.address; }
  std::strong_ordering operator()(const StackFrames& left, const StackFrames& right) const {
    if (auto result = left.addresses <=> right.addresses; result != 0) return result;
    return left.process <=> right.process;
  }
  std::strong_ordering operator()(const TimeValue& left, const TimeValue& right) const { return left.nanoseconds <=> right.nanoseconds; }
  std::strong_ordering operator()(const InetValue& left, const InetValue& right) const {
    if (auto result = left.family <=> right.family; result != 0) return result;
    return order(left.bytes, right.bytes);
  }
  std::strong_ordering operator()(const MacValue& left, const MacValue& right) const { return order(left.bytes, right.bytes); }
  std::strong_ordering operator()(UserValue left, UserValue right) const { return left.id <=> right.id; }
  std::strong_ordering operator()(const CgroupValue& left, const CgroupValue& right) const { return left.id <=> right.id; }
  // Series are shown by key.
  std::strong_ordering operator()(const SeriesResult& left, const SeriesResult& right) const { return left.points.size() <=> right.points.size(); }
  std::strong_ordering operator()(const StatsValue& left, const StatsValue& right) const { return order(average(left), average(right)); }
  std::strong_ordering operator()(const AverageResult& left, const AverageResult& right) const {
    return order(average(left), average(right));
  }
  std::strong_ordering operator()(const HistogramValue& left, const HistogramValue& right) const { return total(left) <=> total(right); }

  // Values of different kinds never meet in one map; the order of the kinds keeps the sort well defined all the same.
  template <class Left, class Right>
  std::strong_ordering operator()(const Left&, const Right&) const {
    return Value::Kind(Left{}).index() <=> Value::Kind(Right{}).index();
  }
};

std::strong_ordering order(const Value& left, const Value& right) { return std::visit(Compare{}, left.kind, right.kind); }

bool shown_by_value(const Type& value) {
  switch (value.kind()) {
    case TypeKind::integer:
    case TypeKind::enumeration: return true;
    case TypeKind::aggregation: return value.aggregation() != Aggregation::series;
    case TypeKind::none:
    case TypeKind::boolean:
    case TypeKind::string:
    case TypeKind::buffer:
    case TypeKind::pointer:
    case TypeKind::array:
    case TypeKind::structure:
    case TypeKind::tuple:
    case TypeKind::stack:
    case TypeKind::symbol:
    case TypeKind::timestamp:
    case TypeKind::inet:
    case TypeKind::macaddr:
    case TypeKind::username:
    case TypeKind::cgroup_path:
    case TypeKind::context: return false;
  }
  return false;
}

Value quotient(std::uint64_t total, std::uint64_t count, bool is_signed) {
  if (!is_signed) return {count == 0 ? std::uint64_t{0} : total / count};
  return {count == 0 ? std::int64_t{0} : static_cast<std::int64_t>(total) / static_cast<std::int64_t>(count)};
}

}  // namespace

Value average(const AverageResult& result) { return quotient(result.total, result.count, result.is_signed); }

Value average(const StatsValue& result) { return quotient(result.total, result.count, result.is_signed); }

int compare(const Value& left, const Value& right) {
  std::strong_ordering result = order(left, right);
  return result < 0 ? -1 : result > 0 ? 1 : 0;
}

void sort_entries(MapContents& map) {
  bool by_value = shown_by_value(map.value);
  std::sort(map.entries.begin(), map.entries.end(), [by_value](const MapEntry& left, const MapEntry& right) {
    int result = by_value ? compare(left.value, right.value) : 0;
    return (result != 0 ? result : compare(left.key, right.key)) < 0;
  });
}

}  // namespace fathom
