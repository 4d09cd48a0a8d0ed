// The types that a value of the language can have. A Type is a small immutable value; parts (pointee, elements, members) are shared.
// Sizes are bytes. Type *kinds* are the language: every switch over them is closed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fathom {

enum class TypeKind : std::uint8_t {
  none,         // no value: printf(), exit()
  boolean,      // 1 byte
  integer,      // 1, 2, 4 or 8 bytes, signed or unsigned
  string,       // `size` bytes of capacity, NUL included; zero-padded where it is a key or a stored value
  buffer,       // raw memory: `size` bytes, or (counted) a u32 length and up to `size` - 4 bytes
  pointer,      // 8 bytes; part 0 is the pointee
  array,        // part 0 is the element, `count` of them
  structure,    // struct or union, from BTF, a tracepoint's format or the script
  enumeration,  // part 0 is the underlying integer
  tuple,        // parts; a record is a tuple whose parts have names
  stack,        // StackValue in runtime/layout.h
  symbol,       // prints as a name: a kernel address (8 bytes), or SymbolValue in runtime/layout.h for a process
  timestamp,    // TimestampValue in runtime/layout.h
  inet,         // InetValue in runtime/layout.h: an IP address
  macaddr,      // 8 bytes, of which the first 6 are the address
  username,     // 8 bytes: a user id that prints as the user's name
  cgroup_path,  // CgroupPathValue in runtime/layout.h
  context,      // `args`: what a probe's context offers by name; as a value it is a struct of these, built when it is wanted
  aggregation,  // what a map of count(), hist(), … holds; never the value of an expression
};

// Which memory a pointer points to, and so which helper may read it.
enum class AddressSpace : std::uint8_t { kernel, user };

// What a symbol or a stack is made of.
enum class SymbolSpace : std::uint8_t { kernel, user };

enum class Aggregation : std::uint8_t { count, sum, min, max, average, stats, hist, lhist, series };

// What an interval of tseries() keeps of its values.
enum class SeriesValue : std::uint8_t { last, average, max, min, sum };

// How a stack prints: the language's own form, that of perf script, bare addresses, or build ids with offsets in their files.
enum class StackMode : std::uint8_t { bpftrace, perf, raw, build_id };

class Type;

struct StructMember;

// A complete struct or union.
struct StructLayout {
  std::string name;  // "task_struct"; empty where anonymous
  std::uint32_t size = 0;
  bool is_union = false;
  std::vector<StructMember> members;  // anonymous members keep an empty name and their own struct type

  const StructMember* find(std::string_view name) const;
};

// How hist() and lhist() cut numbers into buckets, and tseries() time into intervals.
struct Buckets {
  std::uint32_t bits = 0;               // hist: 2^bits buckets per power of two
  std::int64_t min = 0, max = 0, step = 0;  // lhist; tseries: `max` intervals of `step` ns
  SeriesValue series = SeriesValue::last;   // tseries

  friend bool operator==(const Buckets&, const Buckets&) = default;
};

class Type {
 public:
  Type() = default;  // none

  static Type none() { return {}; }
  static Type boolean();
  static Type integer(std::uint32_t size, bool is_signed);
  // Of a number written in the script that is not negative: an int64 that takes the sign of what it is combined with.
  static Type literal();
  static Type int64() { return integer(8, true); }
  static Type uint64() { return integer(8, false); }
  // `may_be_cut`: read from memory up to its capacity, so that one that fills it is shown as cut off.
  static Type string(std::uint32_t capacity, bool may_be_cut = false);
  // A C array of characters, which need not end in a NUL: as a value of its own it takes a byte more, see stored().
  static Type characters(std::uint32_t count);
  static Type buffer(std::uint32_t size);
  // A length, then at most `capacity` bytes.
  static Type counted_buffer(std::uint32_t capacity);
  static Type pointer(Type pointee, AddressSpace space);
  static Type array(Type element, std::uint32_t count);
  // `type_id` is the target's handle for a type whose layout is read only when a member is asked for; `layout` may be null then.
  static Type structure(std::string name, bool is_union, std::uint32_t size, std::uint32_t type_id,
                        std::shared_ptr<const StructLayout> layout = nullptr);
  static Type enumeration(std::string name, Type underlying,
                          std::shared_ptr<const std::vector<std::pair<std::int64_t, std::string>>> names);
  static Type tuple(std::vector<Type> elements);
  static Type record(std::vector<std::string> names, std::vector<Type> elements);
  static Type stack(SymbolSpace space, std::uint32_t frames, StackMode mode = StackMode::bpftrace);
  static Type symbol(SymbolSpace space);
  static Type timestamp();
  static Type inet();
  static Type macaddr();
  static Type username();
  static Type cgroup_path();
  // `layout`: the fields as members of a struct, where their values can be kept.
  static Type context(std::string name = {}, std::shared_ptr<const StructLayout> layout = nullptr);
  // `operand_signed`: whether sums and extremes are signed.
  static Type aggregation(Aggregation kind, bool operand_signed, Buckets buckets = {});

  TypeKind kind() const { return kind_; }
  bool is(TypeKind kind) const { return kind_ == kind; }
  bool is_none() const { return kind_ == TypeKind::none; }
  bool is_integer() const { return kind_ == TypeKind::integer; }
  bool is_string() const { return kind_ == TypeKind::string; }
  bool is_pointer() const { return kind_ == TypeKind::pointer; }
  bool is_structure() const { return kind_ == TypeKind::structure; }
  bool is_tuple() const { return kind_ == TypeKind::tuple; }
  bool is_record() const { return names_ != nullptr; }
  bool is_array() const { return kind_ == TypeKind::array; }
  bool is_aggregation() const { return kind_ == TypeKind::aggregation; }
  // Held in one register: boolean, integer, pointer, enumeration, symbol, macaddr, username.
  bool is_scalar() const;
  // May stand where a number is wanted: boolean, integer, enumeration.
  bool is_numeric() const;
  bool is_signed() const;
  bool may_be_cut() const { return kind_ == TypeKind::string && flag_; }
  bool may_lack_nul() const { return kind_ == TypeKind::string && count_ != 0; }
  // A buffer whose length stands in front of it, and the bytes it has room for.
  bool is_counted() const { return kind_ == TypeKind::buffer && flag_; }
  std::uint32_t buffer_capacity() const { return is_counted() ? size_ - length_size : size_; }
  static constexpr std::uint32_t length_size = 4;
  // An integer whose sign is still open: see literal().
  bool is_open() const { return open_; }

  // Bytes that a value takes in memory; for tuples with the natural alignment of runtime/layout.h.
  std::uint32_t size() const { return size_; }
  std::uint32_t alignment() const;
  const std::string& name() const { return name_; }
  bool is_union() const { return flag_; }
  std::uint32_t count() const { return count_; }    // array elements, stack frames, characters
  std::uint32_t type_id() const { return count_; }  // structure
  AddressSpace space() const { return space_; }
  SymbolSpace symbol_space() const { return space_ == AddressSpace::user ? SymbolSpace::user : SymbolSpace::kernel; }
  Aggregation aggregation() const { return aggregation_; }
  StackMode stack_mode() const { return stack_mode_; }
  const Buckets& buckets() const { return buckets_; }
  const Type& pointee() const { return parts().front(); }
  const Type& element() const { return parts().front(); }
  const Type& underlying() const { return parts().front(); }
  const std::vector<Type>& parts() const;
  const std::vector<std::string>& names() const;  // of a record's parts
  // The number of a record's part of this name.
  std::optional<std::uint32_t> part_named(std::string_view name) const;
  const std::shared_ptr<const StructLayout>& layout() const { return layout_; }
  const std::vector<std::pair<std::int64_t, std::string>>& enumerators() const;

  Type with_space(AddressSpace space) const;
  Type with_layout(std::shared_ptr<const StructLayout> layout) const;
  // An enumeration in 8 bytes.
  Type widened() const;

  // Structural equality; structs are equal when name and size are. A size of 0 (a struct that was only named so far) equals any.
  friend bool operator==(const Type& a, const Type& b);

 private:
  TypeKind kind_ = TypeKind::none;
  bool open_ = false;  // integer: see literal()
  bool flag_ = false;  // integer, enumeration, aggregation: signed; structure: union; string: may be cut; buffer: counted
  AddressSpace space_ = AddressSpace::kernel;
  Aggregation aggregation_ = Aggregation::count;
  StackMode stack_mode_ = StackMode::bpftrace;
  std::uint32_t size_ = 0;
  std::uint32_t count_ = 0;
  Buckets buckets_;
  std::string name_;
  std::shared_ptr<const std::vector<Type>> parts_;
  std::shared_ptr<const std::vector<std::string>> names_;
  std::shared_ptr<const StructLayout> layout_;
  std::shared_ptr<const std::vector<std::pair<std::int64_t, std::string>>> enumerators_;
};

struct StructMember {
  std::string name;
  Type type;
  std::uint32_t offset = 0;      // bytes from the start of the struct
  std::uint32_t bit_offset = 0;  // bitfields: bits from `offset`, counted from the least significant (little endian)
  std::uint32_t bit_size = 0;    // 0: not a bitfield
};

// Spelled as in scripts: "uint64", "struct task_struct *", "string[16]", "(int64, string[16])", "(x=int64)".
std::string to_string(const Type& type);

// Byte offsets of a tuple's elements, each at its natural alignment; the total size (a multiple of the largest alignment) comes last.
std::vector<std::uint32_t> tuple_offsets(const std::vector<Type>& elements);

// The type in which a value is kept in a map, a tuple or an event: integers and enumerations take 8 bytes so that widths never clash, an
// array of characters has room for a NUL, and `args` becomes a struct.
Type stored(const Type& type);

// Whether == and != are defined between two values of the type: all their bytes say what they are.
bool is_comparable(const Type& type);

// The type that reading an element of a map gives, by the type of its values: what aggregations come to, numbers or the three of stats().
// Empty for those that are many numbers.
std::optional<Type> read_type(const Type& value);

std::string_view aggregation_name(Aggregation aggregation);
// As scripts name it: "avg", "max", "min", "sum"; "last" is the default.
std::string_view series_value_name(SeriesValue value);

}  // namespace fathom
