// Construction, comparison and spelling of types.
#include "ast/types.h"

#include <fmt/format.h>

#include <algorithm>

namespace fathom {

namespace {

const std::vector<Type> no_parts;
const std::vector<std::string> no_names;
const std::vector<std::pair<std::int64_t, std::string>> no_enumerators;

std::shared_ptr<const std::vector<Type>> share(std::vector<Type> parts) {
  return std::make_shared<const std::vector<Type>>(std::move(parts));
}

std::uint32_t align_up(std::uint32_t value, std::uint32_t alignment) { return (value + alignment - 1) / alignment * alignment; }

// Per-CPU bytes of an aggregation are the runtime's business (runtime/layout.h); a Type's size is what a reader of one value sees.
constexpr std::uint32_t word = 8;

}  // namespace

const StructMember* StructLayout::find(std::string_view wanted) const {
  for (const StructMember& member : members) {
    if (member.name == wanted) return &member;
  }
  return nullptr;
}

Type Type::boolean() {
  Type type;
  type.kind_ = TypeKind::boolean;
  type.size_ = 1;
  return type;
}

Type Type::integer(std::uint32_t size, bool is_signed) {
  Type type;
  type.kind_ = TypeKind::integer;
  type.size_ = size;
  type.flag_ = is_signed;
  return type;
}

Type Type::literal() {
  Type type = int64();
  type.open_ = true;
  return type;
}

Type Type::string(std::uint32_t capacity, bool may_be_cut) {
  Type type;
  type.kind_ = TypeKind::string;
  type.flag_ = may_be_cut;
  type.size_ = capacity;
  return type;
}

Type Type::characters(std::uint32_t count) {
  Type type = string(count);
  type.count_ = count;
  return type;
}

Type Type::buffer(std::uint32_t size) {
  Type type;
  type.kind_ = TypeKind::buffer;
  type.size_ = size;
  return type;
}

Type Type::counted_buffer(std::uint32_t capacity) {
  Type type = buffer(length_size + capacity);
  type.flag_ = true;
  return type;
}

Type Type::pointer(Type pointee, AddressSpace space) {
  Type type;
  type.kind_ = TypeKind::pointer;
  type.size_ = word;
  type.space_ = space;
  type.parts_ = share({std::move(pointee)});
  return type;
}

Type Type::array(Type element, std::uint32_t count) {
  Type type;
  type.kind_ = TypeKind::array;
  type.size_ = element.size() * count;
  type.count_ = count;
  type.parts_ = share({std::move(element)});
  return type;
}

Type Type::structure(std::string name, bool is_union, std::uint32_t size, std::uint32_t type_id,
                     std::shared_ptr<const StructLayout> layout) {
  Type type;
  type.kind_ = TypeKind::structure;
  type.size_ = size;
  type.flag_ = is_union;
  type.count_ = type_id;
  type.name_ = std::move(name);
  type.layout_ = std::move(layout);
  return type;
}

Type Type::enumeration(std::string name, Type underlying,
                       std::shared_ptr<const std::vector<std::pair<std::int64_t, std::string>>> names) {
  Type type;
  type.kind_ = TypeKind::enumeration;
  type.size_ = underlying.size();
  type.flag_ = underlying.is_signed();
  type.name_ = std::move(name);
  type.parts_ = share({std::move(underlying)});
  type.enumerators_ = std::move(names);
  return type;
}

Type Type::tuple(std::vector<Type> elements) {
  Type type;
  type.kind_ = TypeKind::tuple;
  // The empty one takes a byte too: the kernel has no maps of nothing.
  type.size_ = std::max(tuple_offsets(elements).back(), 1u);
  type.parts_ = share(std::move(elements));
  return type;
}

Type Type::record(std::vector<std::string> names, std::vector<Type> elements) {
  Type type = tuple(std::move(elements));
  type.names_ = std::make_shared<const std::vector<std::string>>(std::move(names));
  return type;
}

Type Type::stack(SymbolSpace space, std::uint32_t frames, StackMode mode) {
  Type type;
  type.kind_ = TypeKind::stack;
  type.stack_mode_ = mode;
  type.size_ = 2 * word;
  type.count_ = frames;
  type.space_ = space == SymbolSpace::user ? AddressSpace::user : AddressSpace::kernel;
  return type;
}

Type Type::symbol(SymbolSpace space) {
  Type type;
  type.kind_ = TypeKind::symbol;
  type.size_ = space == SymbolSpace::user ? 2 * word : word;
  type.space_ = space == SymbolSpace::user ? AddressSpace::user : AddressSpace::kernel;
  return type;
}

Type Type::timestamp() {
  Type type;
  type.kind_ = TypeKind::timestamp;
  type.size_ = 2 * word;
  return type;
}

Type Type::inet() {
  Type type;
  type.kind_ = TypeKind::inet;
  type.size_ = 3 * word;
  return type;
}

Type Type::macaddr() {
  Type type;
  type.kind_ = TypeKind::macaddr;
  type.size_ = word;
  return type;
}

Type Type::username() {
  Type type;
  type.kind_ = TypeKind::username;
  type.size_ = word;
  return type;
}

Type Type::cgroup_path() {
  Type type;
  type.kind_ = TypeKind::cgroup_path;
  type.size_ = 2 * word;
  return type;
}

Type Type::context(std::string name, std::shared_ptr<const StructLayout> layout) {
  Type type;
  type.kind_ = TypeKind::context;
  type.name_ = std::move(name);
  type.size_ = layout ? layout->size : 0;
  type.layout_ = std::move(layout);
  return type;
}

Type Type::aggregation(Aggregation kind, bool operand_signed, Buckets buckets) {
  Type type;
  type.kind_ = TypeKind::aggregation;
  type.size_ = word;
  type.flag_ = operand_signed;
  type.aggregation_ = kind;
  type.buckets_ = buckets;
  return type;
}

bool Type::is_scalar() const {
  return kind_ == TypeKind::boolean || kind_ == TypeKind::integer || kind_ == TypeKind::pointer || kind_ == TypeKind::enumeration ||
         (kind_ == TypeKind::symbol && space_ == AddressSpace::kernel) || kind_ == TypeKind::macaddr || kind_ == TypeKind::username;
}

bool Type::is_numeric() const { return kind_ == TypeKind::boolean || kind_ == TypeKind::integer || kind_ == TypeKind::enumeration; }

bool Type::is_signed() const {
  return (kind_ == TypeKind::integer || kind_ == TypeKind::enumeration || kind_ == TypeKind::aggregation) && flag_;
}

std::uint32_t Type::alignment() const {
  switch (kind_) {
    case TypeKind::none:
    case TypeKind::boolean:
    case TypeKind::context:
      return 1;
    case TypeKind::integer:
    case TypeKind::enumeration:
      return size_;
    case TypeKind::pointer:
    case TypeKind::stack:
    case TypeKind::symbol:
    case TypeKind::timestamp:
    case TypeKind::inet:
    case TypeKind::macaddr:
    case TypeKind::username:
    case TypeKind::cgroup_path:
    case TypeKind::aggregation:
    case TypeKind::string:  // what is copied as a block begins where whole words can be moved
    case TypeKind::buffer:
    case TypeKind::array:
    case TypeKind::structure:
    case TypeKind::tuple:
      return word;
  }
  return 1;
}

const std::vector<Type>& Type::parts() const { return parts_ ? *parts_ : no_parts; }

const std::vector<std::string>& Type::names() const { return names_ ? *names_ : no_names; }

std::optional<std::uint32_t> Type::part_named(std::string_view name) const {
  auto found = std::ranges::find(names(), name);
  if (found == names().end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - names().begin());
}

const std::vector<std::pair<std::int64_t, std::string>>& Type::enumerators() const { return enumerators_ ? *enumerators_ : no_enumerators; }

Type Type::with_space(AddressSpace space) const {
  Type type = *this;
  type.space_ = space;
  return type;
}

Type Type::widened() const {
  Type type = *this;
  type.size_ = word;
  type.parts_ = share({integer(word, is_signed())});
  return type;
}

Type Type::with_layout(std::shared_ptr<const StructLayout> layout) const {
  Type type = *this;
  type.layout_ = std::move(layout);
  if (type.layout_) type.size_ = type.layout_->size;
  return type;
}

bool operator==(const Type& a, const Type& b) {
  if (a.kind_ != b.kind_ || a.flag_ != b.flag_) return false;
  const bool unread = a.kind_ == TypeKind::structure && (a.size_ == 0 || b.size_ == 0);
  if (a.size_ != b.size_ && !unread) return false;
  switch (a.kind_) {
    case TypeKind::none:
    case TypeKind::boolean:
    case TypeKind::integer:
    case TypeKind::string:
    case TypeKind::buffer:
    case TypeKind::timestamp:
    case TypeKind::inet:
    case TypeKind::macaddr:
    case TypeKind::username:
    case TypeKind::cgroup_path:
      return true;
    case TypeKind::context:
      return a.name_ == b.name_;
    case TypeKind::symbol:
      return a.space_ == b.space_;
    case TypeKind::stack:
      return a.space_ == b.space_ && a.count_ == b.count_ && a.stack_mode_ == b.stack_mode_;
    case TypeKind::structure:
      return a.name_ == b.name_;
    case TypeKind::enumeration:  // those without a name are told apart by what they name
      return a.name_ == b.name_ && (!a.name_.empty() || a.enumerators_ == b.enumerators_ || a.enumerators() == b.enumerators());
    case TypeKind::pointer:
      return a.space_ == b.space_ && a.parts() == b.parts();
    case TypeKind::array:
      return a.count_ == b.count_ && a.parts() == b.parts();
    case TypeKind::tuple:
      return a.parts() == b.parts() && a.names() == b.names() && a.is_record() == b.is_record();
    case TypeKind::aggregation:
      return a.aggregation_ == b.aggregation_ && a.buckets_ == b.buckets_;
  }
  return false;
}

std::optional<Type> read_type(const Type& value) {
  if (!value.is_aggregation()) return value;
  switch (value.aggregation()) {
    case Aggregation::count: return Type::int64();
    case Aggregation::sum:
    case Aggregation::min:
    case Aggregation::max:
    case Aggregation::average: return value.is_signed() ? Type::int64() : Type::uint64();
    case Aggregation::stats: {
      const Type number = value.is_signed() ? Type::int64() : Type::uint64();
      return Type::record({"count", "average", "total"}, {Type::int64(), number, number});
    }
    case Aggregation::hist:
    case Aggregation::lhist:
    case Aggregation::series: break;
  }
  return std::nullopt;
}

std::string_view aggregation_name(Aggregation aggregation) {
  switch (aggregation) {
    case Aggregation::count: return "count";
    case Aggregation::sum: return "sum";
    case Aggregation::min: return "min";
    case Aggregation::max: return "max";
    case Aggregation::average: return "avg";
    case Aggregation::stats: return "stats";
    case Aggregation::hist: return "hist";
    case Aggregation::lhist: return "lhist";
    case Aggregation::series: return "tseries";
  }
  return "";
}

std::string_view series_value_name(SeriesValue value) {
  switch (value) {
    case SeriesValue::last: return "last";
    case SeriesValue::average: return "avg";
    case SeriesValue::max: return "max";
    case SeriesValue::min: return "min";
    case SeriesValue::sum: return "sum";
  }
  return "";
}

std::string to_string(const Type& type) {
  switch (type.kind()) {
    case TypeKind::none: return "none";
    case TypeKind::boolean: return "bool";
    case TypeKind::integer: return fmt::format("{}int{}", type.is_signed() ? "" : "u", type.size() * 8);
    case TypeKind::string: return type.size() == 0 ? "string" : fmt::format("string[{}]", type.size());
    case TypeKind::buffer: return fmt::format("buffer[{}]", type.buffer_capacity());
    case TypeKind::pointer: return (type.pointee().is_none() ? "void" : to_string(type.pointee())) + (type.pointee().is_pointer() ? "*" : " *");
    case TypeKind::array: return fmt::format("{}[{}]", to_string(type.element()), type.count());
    case TypeKind::structure:
      return fmt::format("{} {}", type.is_union() ? "union" : "struct", type.name().empty() ? "(anonymous)" : type.name());
    case TypeKind::enumeration: return fmt::format("enum {}", type.name().empty() ? "(anonymous)" : type.name());
    case TypeKind::tuple: {
      std::string text = "(";
      for (std::size_t i = 0; i < type.parts().size(); ++i) {
        if (i > 0) text += ", ";
        if (type.is_record()) text += type.names()[i] + "=";
        text += to_string(type.parts()[i]);
      }
      return text + (type.parts().size() == 1 && !type.is_record() ? ",)" : ")");
    }
    case TypeKind::stack: return type.symbol_space() == SymbolSpace::user ? "ustack" : "kstack";
    case TypeKind::symbol: return type.symbol_space() == SymbolSpace::user ? "usym" : "ksym";
    case TypeKind::timestamp: return "timestamp";
    case TypeKind::inet: return "inet";
    case TypeKind::macaddr: return "macaddr";
    case TypeKind::username: return "username";
    case TypeKind::cgroup_path: return "cgroup_path";
    case TypeKind::context: return "args";
    case TypeKind::aggregation: {
      const Buckets& buckets = type.buckets();
      if (type.aggregation() == Aggregation::hist && buckets.bits != 0) return fmt::format("hist(…, {})", buckets.bits);
      if (type.aggregation() == Aggregation::lhist) return fmt::format("lhist(…, {}, {}, {})", buckets.min, buckets.max, buckets.step);
      if (type.aggregation() == Aggregation::series) return fmt::format("tseries(…, {}, {})", buckets.step, buckets.max);
      return fmt::format("{}()", aggregation_name(type.aggregation()));
    }
  }
  return "";
}

std::vector<std::uint32_t> tuple_offsets(const std::vector<Type>& elements) {
  std::vector<std::uint32_t> offsets;
  std::uint32_t offset = 0;
  std::uint32_t alignment = 1;
  for (const Type& element : elements) {
    alignment = std::max(alignment, element.alignment());
    offset = align_up(offset, element.alignment());
    offsets.push_back(offset);
    offset += element.size();
  }
  offsets.push_back(align_up(offset, alignment));
  return offsets;
}

Type stored(const Type& type) {
  switch (type.kind()) {
    case TypeKind::integer: return type.is_open() ? type : Type::integer(word, type.is_signed());
    case TypeKind::enumeration: return type.widened();
    case TypeKind::string: return type.may_lack_nul() ? Type::string(type.size() + 1) : type;
    case TypeKind::tuple: {
      std::vector<Type> parts;
      for (const Type& part : type.parts()) parts.push_back(stored(part));
      return type.is_record() ? Type::record(type.names(), std::move(parts)) : Type::tuple(std::move(parts));
    }
    case TypeKind::context:
      return type.layout() ? Type::structure(type.name(), false, type.size(), 0, type.layout()) : type;
    case TypeKind::none:
    case TypeKind::boolean:
    case TypeKind::buffer:
    case TypeKind::pointer:
    case TypeKind::array:
    case TypeKind::structure:
    case TypeKind::stack:
    case TypeKind::symbol:
    case TypeKind::timestamp:
    case TypeKind::inet:
    case TypeKind::macaddr:
    case TypeKind::username:
    case TypeKind::cgroup_path:
    case TypeKind::aggregation:
      return type;
  }
  return type;
}

bool is_comparable(const Type& type) {
  switch (type.kind()) {
    case TypeKind::boolean:
    case TypeKind::integer:
    case TypeKind::string:
    case TypeKind::buffer:
    case TypeKind::pointer:
    case TypeKind::enumeration:
    case TypeKind::inet:
    case TypeKind::macaddr:
    case TypeKind::username:
    case TypeKind::stack:
    case TypeKind::timestamp:
    case TypeKind::cgroup_path:
    case TypeKind::symbol: return true;
    case TypeKind::array: return type.element().is_scalar() || (type.element().is_array() && is_comparable(type.element()));
    case TypeKind::tuple: return std::ranges::all_of(type.parts(), is_comparable);
    case TypeKind::none:
    case TypeKind::structure:  // padding and unions
    case TypeKind::context:
    case TypeKind::aggregation: return false;
  }
  return false;
}

}  // namespace fathom
