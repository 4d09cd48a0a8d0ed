// A value as it came from the kernel: decoded from bytes and a Type, ready to be printed. Independent of any output format.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ast/types.h"
#include "runtime/layout.h"

namespace fathom {

struct Value;
struct NamedValue;

struct NoValue {};
struct PointerValue { std::uint64_t address; };
struct EnumValue { std::int64_t value; std::string name; };  // name empty where the number has none
struct StringValue { std::string bytes; bool truncated; };   // truncated: it filled its buffer
struct BufferValue { std::string bytes; };
struct ArrayValue { std::vector<Value> elements; };
struct TupleValue { std::vector<Value> elements; };
struct StructValue { std::vector<NamedValue> members; };  // those of anonymous members stand among them
struct SymbolValue { std::uint64_t address; SymbolSpace space; std::uint32_t process = 0; };
struct BuildIdAddress { std::string build_id; std::uint64_t offset; };  // build_id empty: `offset` is an address
struct StackFrames {
  std::vector<std::uint64_t> addresses;
  SymbolSpace space;
  std::uint32_t process;
  StackMode mode = StackMode::bpftrace;
  std::vector<BuildIdAddress> build_ids;  // in the mode build_id, instead of addresses
};
struct InetValue { std::uint32_t family; std::string bytes; };   // 4 or 16 bytes, network order
struct MacValue { std::string bytes; };                          // 6 bytes
struct UserValue { std::uint64_t id; };
struct CgroupValue { std::uint64_t id; std::string pattern; };   // pattern: glob over the hierarchies' names; empty: all
struct TimeValue { std::uint64_t nanoseconds; std::string format; };  // CLOCK_BOOTTIME
struct StatsValue { std::uint64_t count; std::uint64_t total; bool is_signed; };
struct AverageResult { std::uint64_t count; std::uint64_t total; bool is_signed; };
struct HistogramValue { std::vector<std::uint64_t> counts; Buckets buckets; bool linear; };

// Intervals of tseries(), oldest first and without gaps; `start`: ns since 1970.
struct SeriesPoint { std::uint64_t start; std::optional<std::int64_t> value; };
struct SeriesResult { std::vector<SeriesPoint> points; std::uint64_t interval; bool is_signed; };

struct Value {
  using Kind = std::variant<NoValue, bool, std::int64_t, std::uint64_t, PointerValue, EnumValue, StringValue, BufferValue, ArrayValue,
                            TupleValue, StructValue, SymbolValue, StackFrames, TimeValue, InetValue, MacValue, UserValue, CgroupValue, StatsValue,
                            AverageResult, HistogramValue, SeriesResult>;
  Kind kind;
};

struct NamedValue {
  std::string name;
  Value value;
};

// What decoding some types has to look up elsewhere.
class DecodeSource {
 public:
  virtual ~DecodeSource() = default;
  // The words of a stack's frames, innermost first, and whatever follows them; empty where they are gone.
  virtual std::vector<std::uint64_t> stack_frames(const layout::StackValue& stack) const = 0;
  virtual std::string time_format(std::uint64_t index) const = 0;
  virtual std::string cgroup_pattern(std::uint64_t index) const = 0;
};

// `bytes` must hold at least type.size() bytes. Aggregations are not decoded here: see merge().
Value decode(std::span<const std::byte> bytes, const Type& type, const DecodeSource& source);

// One entry of a per-CPU aggregation: `bytes` holds a value per CPU, `stride` bytes apart. Empty where no CPU ever updated it.
std::optional<Value> merge(std::span<const std::byte> bytes, std::size_t stride, const Type& aggregation);

struct MapEntry {
  Value key;  // NoValue for a scalar map
  Value value;
};

// What output gets for one map: its entries in the order in which they are shown.
struct MapContents {
  std::string name;
  Type key;
  Type value;
  bool key_is_list = false;
  std::vector<MapEntry> entries;
};

// Sorts entries as the language defines: numbers and counts by value, averages by average, histograms by total, all others by key;
// ties in key order.
void sort_entries(MapContents& map);

// total / count, as C divides: an int64 where the numbers are signed, else a uint64; 0 where count is.
Value average(const AverageResult& result);
Value average(const StatsValue& result);

// Three-way comparison of keys: integers by number, strings bytewise, tuples and structs part by part.
int compare(const Value& left, const Value& right);

}  // namespace fathom
