// Bytes to values: every type, values that lie at odd places, bytes that are missing, and the sums over CPUs.
#include <gtest/gtest.h>

#include <cstring>

#include "runtime/value.h"

namespace fathom {
namespace {

using Bytes = std::vector<std::byte>;

class FakeSource : public DecodeSource {
 public:
  std::vector<std::uint64_t> stack_frames(const layout::StackValue& stack) const override {
    if (stack.hash == 404) return {};
    return {stack.hash + 1, stack.hash + 2, stack.hash + 3};
  }
  std::string time_format(std::uint64_t index) const override { return index == 1 ? "%H" : "?"; }
  std::string cgroup_pattern(std::uint64_t index) const override { return index == 1 ? "cpu*" : ""; }
};

Bytes bytes_of(std::initializer_list<int> numbers) {
  Bytes bytes;
  for (int number : numbers) bytes.push_back(static_cast<std::byte>(number));
  return bytes;
}

Bytes bytes_of(std::string_view text) {
  Bytes bytes;
  for (char c : text) bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

template <class T>
Bytes bytes_of_object(const T& object) {
  Bytes bytes(sizeof object);
  std::memcpy(bytes.data(), &object, sizeof object);
  return bytes;
}

Value decoded(const Bytes& bytes, const Type& type) { return decode(bytes, type, FakeSource()); }

template <class T>
T as(const Value& value) {
  const T* found = std::get_if<T>(&value.kind);
  EXPECT_NE(found, nullptr) << "the value is of kind " << value.kind.index();
  return found != nullptr ? *found : T{};
}

TEST(Decode, IntegersOfEachSizeAndSign) {
  EXPECT_EQ(as<std::int64_t>(decoded(bytes_of({0xff}), Type::integer(1, true))), -1);
  EXPECT_EQ(as<std::uint64_t>(decoded(bytes_of({0xff}), Type::integer(1, false))), 255u);
  EXPECT_EQ(as<std::int64_t>(decoded(bytes_of({0, 0x80}), Type::integer(2, true))), -32768);
  EXPECT_EQ(as<std::uint64_t>(decoded(bytes_of({1, 2, 3, 4}), Type::integer(4, false))), 0x04030201u);
  EXPECT_EQ(as<std::int64_t>(decoded(bytes_of({0xfe, 255, 255, 255, 255, 255, 255, 255}), Type::int64())), -2);
  EXPECT_EQ(as<std::uint64_t>(decoded(bytes_of({0xfe, 255, 255, 255, 255, 255, 255, 255}), Type::uint64())), ~1ull);
}

TEST(Decode, BytesBehindTheTypeAreNotRead) { EXPECT_EQ(as<std::uint64_t>(decoded(bytes_of({1, 9, 9}), Type::integer(1, false))), 1u); }

TEST(Decode, MissingBytesAreZero) {
  EXPECT_EQ(as<std::uint64_t>(decoded(bytes_of({7}), Type::uint64())), 7u);
  EXPECT_EQ(as<std::uint64_t>(decoded({}, Type::uint64())), 0u);
  EXPECT_EQ(as<StringValue>(decoded({}, Type::string(16))).bytes, "");
  EXPECT_TRUE(as<TupleValue>(decoded({}, Type::tuple({Type::int64()}))).elements.empty());
}

TEST(Decode, BooleanPointerSymbol) {
  EXPECT_TRUE(as<bool>(decoded(bytes_of({2}), Type::boolean())));
  EXPECT_FALSE(as<bool>(decoded(bytes_of({0}), Type::boolean())));
  EXPECT_EQ(as<PointerValue>(decoded(bytes_of({0x34, 0x12, 0, 0, 0, 0, 0, 0xff}), Type::pointer(Type::none(), AddressSpace::user))).address,
            0xff00000000001234u);
  SymbolValue symbol = as<SymbolValue>(decoded(bytes_of({5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0}), Type::symbol(SymbolSpace::user)));
  EXPECT_EQ(symbol.address, 5u);
  EXPECT_EQ(symbol.space, SymbolSpace::user);
  EXPECT_EQ(symbol.process, 7u);
}

Type colors(bool is_signed) {
  auto names = std::make_shared<const std::vector<std::pair<std::int64_t, std::string>>>(
      std::vector<std::pair<std::int64_t, std::string>>{{-1, "NONE"}, {1, "RED"}, {2, "BLUE"}});
  return Type::enumeration("color", Type::integer(4, is_signed), names);
}

TEST(Decode, EnumeratorNames) {
  EXPECT_EQ(as<EnumValue>(decoded(bytes_of({2, 0, 0, 0}), colors(true))).name, "BLUE");
  EXPECT_EQ(as<EnumValue>(decoded(bytes_of({255, 255, 255, 255}), colors(true))).name, "NONE");
  EnumValue unknown = as<EnumValue>(decoded(bytes_of({3, 0, 0, 0}), colors(true)));
  EXPECT_EQ(unknown.value, 3);
  EXPECT_EQ(unknown.name, "");
}

TEST(Decode, StringEndsAtItsFirstZero) {
  StringValue value = as<StringValue>(decoded(bytes_of(std::string_view("ab\0cd\0\0\0", 8)), Type::string(8)));
  EXPECT_EQ(value.bytes, "ab");
  EXPECT_FALSE(value.truncated);
}

TEST(Decode, FullKernelArraysAreNotTruncated) {
  EXPECT_FALSE(as<StringValue>(decoded(bytes_of(std::string_view("fifteen letters\0", 16)), Type::string(16))).truncated);
  EXPECT_FALSE(as<StringValue>(decoded(bytes_of(std::string(99, 'a') + '\0'), Type::string(100))).truncated);
  StringValue unterminated = as<StringValue>(decoded(bytes_of("abcd"), Type::string(4)));
  EXPECT_EQ(unterminated.bytes, "abcd");
  EXPECT_FALSE(unterminated.truncated);
}

TEST(Decode, StringsThatFilledTheirBufferAreTruncated) {
  EXPECT_TRUE(as<StringValue>(decoded(bytes_of(std::string(7, 'a') + '\0'), Type::string(8, true))).truncated);
  EXPECT_FALSE(as<StringValue>(decoded(bytes_of(std::string(6, 'a') + '\0' + '\0'), Type::string(8, true))).truncated);
}

TEST(Decode, BufferKeepsItsZeroes) {
  EXPECT_EQ(as<BufferValue>(decoded(bytes_of({0, 1, 0}), Type::buffer(3))).bytes, std::string("\0\1\0", 3));
}

TEST(Decode, Arrays) {
  ArrayValue value = as<ArrayValue>(decoded(bytes_of({1, 0, 2, 0, 3, 0}), Type::array(Type::integer(2, false), 3)));
  ASSERT_EQ(value.elements.size(), 3u);
  EXPECT_EQ(as<std::uint64_t>(value.elements[2]), 3u);
  EXPECT_EQ(as<ArrayValue>(decoded(bytes_of({1, 0, 2}), Type::array(Type::integer(2, false), 3))).elements.size(), 1u);
  EXPECT_TRUE(as<ArrayValue>(decoded({}, Type::array(Type::int64(), 0))).elements.empty());
}

TEST(Decode, TupleElementsAtTheirAlignment) {
  Type type = Type::tuple({Type::boolean(), Type::int64(), Type::string(4)});
  TupleValue value = as<TupleValue>(decoded(bytes_of({1, 9, 9, 9, 9, 9, 9, 9, 5, 0, 0, 0, 0, 0, 0, 0, 'h', 'i', 0, 0, 0, 0, 0, 0}), type));
  ASSERT_EQ(value.elements.size(), 3u);
  EXPECT_TRUE(as<bool>(value.elements[0]));
  EXPECT_EQ(as<std::int64_t>(value.elements[1]), 5);
  EXPECT_EQ(as<StringValue>(value.elements[2]).bytes, "hi");
}

StructMember member(std::string name, Type type, std::uint32_t offset, std::uint32_t bit_offset = 0, std::uint32_t bit_size = 0) {
  return {std::move(name), std::move(type), offset, bit_offset, bit_size};
}

Type structure(std::uint32_t size, std::vector<StructMember> members, bool is_union = false) {
  auto layout = std::make_shared<const StructLayout>(StructLayout{"s", size, is_union, std::move(members)});
  return Type::structure("s", is_union, size, 1, layout);
}

std::vector<std::string> names(const StructValue& value) {
  std::vector<std::string> result;
  for (const NamedValue& one : value.members) result.push_back(one.name);
  return result;
}

TEST(Decode, StructMembers) {
  Type type = structure(8, {member("m", Type::integer(4, true), 0), member("n", Type::integer(4, true), 4)});
  StructValue value = as<StructValue>(decoded(bytes_of({2, 0, 0, 0, 3, 0, 0, 0}), type));
  EXPECT_EQ(names(value), (std::vector<std::string>{"m", "n"}));
  EXPECT_EQ(as<std::int64_t>(value.members[1].value), 3);
}

TEST(Decode, AnonymousMembersStandAmongTheOuterOnes) {
  Type inner = structure(4, {member("b", Type::integer(2, false), 0), member("c", Type::integer(4, false), 0)}, true);
  Type type = structure(8, {member("a", Type::integer(4, false), 0), member("", inner, 4)});
  StructValue value = as<StructValue>(decoded(bytes_of({1, 0, 0, 0, 2, 0, 1, 0}), type));
  EXPECT_EQ(names(value), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(as<std::uint64_t>(value.members[1].value), 2u);
  EXPECT_EQ(as<std::uint64_t>(value.members[2].value), 0x10002u);
}

TEST(Decode, NamedInnerStructsStayNested) {
  Type inner = structure(4, {member("b", Type::integer(4, false), 0)});
  StructValue value = as<StructValue>(decoded(bytes_of({7, 0, 0, 0}), structure(4, {member("in", inner, 0)})));
  EXPECT_EQ(names(value), std::vector<std::string>{"in"});
  EXPECT_EQ(names(as<StructValue>(value.members[0].value)), std::vector<std::string>{"b"});
}

TEST(Decode, Bitfields) {
  Type type = structure(4, {member("low", Type::integer(4, false), 0, 0, 3), member("sign", Type::integer(4, true), 0, 3, 2),
                            member("across", Type::integer(4, false), 0, 5, 6), member("", Type::integer(4, false), 0, 11, 5),
                            member("flag", Type::boolean(), 0, 16, 1), member("kind", colors(false), 2, 1, 2)});
  // 101 from bit 0, 11 from bit 3, 100101 from bit 5, 1 at bit 16, 10 from bit 17
  std::uint32_t word = 5u | 3u << 3 | 37u << 5 | 1u << 16 | 2u << 17;
  StructValue value = as<StructValue>(decoded(bytes_of_object(word), type));
  EXPECT_EQ(names(value), (std::vector<std::string>{"low", "sign", "across", "flag", "kind"}));
  EXPECT_EQ(as<std::uint64_t>(value.members[0].value), 5u);
  EXPECT_EQ(as<std::int64_t>(value.members[1].value), -1);
  EXPECT_EQ(as<std::uint64_t>(value.members[2].value), 37u);
  EXPECT_TRUE(as<bool>(value.members[3].value));
  EXPECT_EQ(as<EnumValue>(value.members[4].value).name, "BLUE");
}

TEST(Decode, BitfieldOfAllBits) {
  Type type = structure(8, {member("all", Type::uint64(), 0, 0, 64)});
  EXPECT_EQ(as<std::uint64_t>(as<StructValue>(decoded(bytes_of_object(~0ull), type)).members[0].value), ~0ull);
}

TEST(Decode, MembersBehindTheBytesAreLeftOut) {
  Type type = structure(8, {member("a", Type::integer(4, false), 0), member("b", Type::uint64(), 4), member("c", Type::uint64(), 400)});
  EXPECT_EQ(names(as<StructValue>(decoded(bytes_of({1, 0, 0, 0, 2, 0, 0, 0}), type))), std::vector<std::string>{"a"});
}

TEST(Decode, StructWithoutLayoutIsItsBytes) {
  EXPECT_EQ(as<BufferValue>(decoded(bytes_of("abc"), Type::structure("s", false, 3, 1))).bytes, "abc");
}

TEST(Decode, Stacks) {
  layout::StackValue stack{.hash = 40, .frames = 3, .process = 7};
  StackFrames frames = as<StackFrames>(decoded(bytes_of_object(stack), Type::stack(SymbolSpace::user, 127)));
  EXPECT_EQ(frames.addresses, (std::vector<std::uint64_t>{41, 42, 43}));
  EXPECT_EQ(frames.process, 7u);
  EXPECT_EQ(frames.space, SymbolSpace::user);
  EXPECT_EQ(as<StackFrames>(decoded(bytes_of_object(stack), Type::stack(SymbolSpace::user, 2))).addresses.size(), 2u);
}

TEST(Decode, StacksThatAreGoneOrNeverWereAreEmpty) {
  layout::StackValue gone{.hash = 404, .frames = 3, .process = 0};
  EXPECT_TRUE(as<StackFrames>(decoded(bytes_of_object(gone), Type::stack(SymbolSpace::kernel, 5))).addresses.empty());
  layout::StackValue none{.hash = 0, .frames = 0, .process = 0};
  EXPECT_TRUE(as<StackFrames>(decoded(bytes_of_object(none), Type::stack(SymbolSpace::kernel, 5))).addresses.empty());
}

TEST(Decode, Timestamp) {
  TimeValue time = as<TimeValue>(decoded(bytes_of_object(layout::TimestampValue{123, 1}), Type::timestamp()));
  EXPECT_EQ(time.nanoseconds, 123u);
  EXPECT_EQ(time.format, "%H");
}

TEST(Decode, TypesWithoutValues) {
  for (const Type& type : {Type::none(), Type::context(), Type::aggregation(Aggregation::count, false)}) {
    EXPECT_TRUE(std::holds_alternative<NoValue>(decoded(bytes_of({1, 2, 3}), type).kind));
  }
}

template <class T>
Bytes per_cpu(const std::vector<T>& values, std::size_t stride = sizeof(T)) {
  Bytes bytes(values.size() * stride, std::byte{0xee});
  for (std::size_t i = 0; i < values.size(); ++i) std::memcpy(bytes.data() + i * stride, &values[i], sizeof(T));
  return bytes;
}

std::optional<Value> merged(const auto& values, Aggregation kind, bool is_signed = true) {
  return merge(per_cpu(values), sizeof(values[0]), Type::aggregation(kind, is_signed));
}

TEST(Merge, CountAddsUp) {
  EXPECT_EQ(as<std::uint64_t>(*merged(std::vector<layout::CountValue>{{2}, {0}, {5}}, Aggregation::count)), 7u);
  EXPECT_FALSE(merged(std::vector<layout::CountValue>{{0}, {0}}, Aggregation::count).has_value());
}

TEST(Merge, StrideMayBeLargerThanTheValue) {
  Bytes bytes = per_cpu(std::vector<layout::CountValue>{{2}, {3}}, 24);
  EXPECT_EQ(as<std::uint64_t>(*merge(bytes, 24, Type::aggregation(Aggregation::count, false))), 5u);
  EXPECT_FALSE(merge(bytes, 0, Type::aggregation(Aggregation::count, false)).has_value());
  EXPECT_FALSE(merge({}, 8, Type::aggregation(Aggregation::count, false)).has_value());
}

TEST(Merge, SumKeepsItsSign) {
  std::vector<layout::SumValue> values = {{static_cast<std::uint64_t>(-5), 1}, {3, 1}};
  EXPECT_EQ(as<std::int64_t>(*merged(values, Aggregation::sum, true)), -2);
  EXPECT_EQ(as<std::uint64_t>(*merged(values, Aggregation::sum, false)), ~1ull);
}

TEST(Merge, SumOfZeroIsAValueButNoSumIsNone) {
  EXPECT_EQ(as<std::int64_t>(*merged(std::vector<layout::SumValue>{{0, 0}, {0, 1}}, Aggregation::sum)), 0);
  EXPECT_FALSE(merged(std::vector<layout::SumValue>{{0, 0}, {0, 0}}, Aggregation::sum).has_value());
}

TEST(Merge, ExtremesLookOnlyAtUpdatedCpus) {
  std::vector<layout::ExtremeValue> values = {{0, 0}, {9, 1}, {4, 1}, {99, 0}};
  EXPECT_EQ(as<std::int64_t>(*merged(values, Aggregation::min)), 4);
  EXPECT_EQ(as<std::int64_t>(*merged(values, Aggregation::max)), 9);
  EXPECT_FALSE(merged(std::vector<layout::ExtremeValue>{{3, 0}}, Aggregation::max).has_value());
}

TEST(Merge, ExtremesCompareByTheSignOfTheType) {
  std::vector<layout::ExtremeValue> values = {{static_cast<std::uint64_t>(-3), 1}, {2, 1}};
  EXPECT_EQ(as<std::int64_t>(*merged(values, Aggregation::min, true)), -3);
  EXPECT_EQ(as<std::int64_t>(*merged(values, Aggregation::max, true)), 2);
  EXPECT_EQ(as<std::uint64_t>(*merged(values, Aggregation::min, false)), 2u);
  EXPECT_EQ(as<std::uint64_t>(*merged(values, Aggregation::max, false)), static_cast<std::uint64_t>(-3));
}

TEST(Merge, AverageAndStats) {
  std::vector<layout::AverageValue> values = {{10, 2}, {0, 0}, {static_cast<std::uint64_t>(-1), 1}};
  AverageResult result = as<AverageResult>(*merged(values, Aggregation::average));
  EXPECT_EQ(result.count, 3u);
  EXPECT_EQ(result.total, 9u);
  EXPECT_TRUE(result.is_signed);
  EXPECT_EQ(as<StatsValue>(*merged(values, Aggregation::stats, false)).count, 3u);
  EXPECT_FALSE(as<StatsValue>(*merged(values, Aggregation::stats, false)).is_signed);
  EXPECT_FALSE(merged(std::vector<layout::AverageValue>{{0, 0}}, Aggregation::stats).has_value());
  EXPECT_FALSE(merged(std::vector<layout::AverageValue>{{0, 0}}, Aggregation::average).has_value());
}

TEST(Merge, HistogramsAddBucketByBucket) {
  Type type = Type::aggregation(Aggregation::lhist, true, {.min = 0, .max = 20, .step = 10});
  std::vector<std::uint64_t> counts = {1, 2, 0, 4, 10, 20, 0, 40};
  HistogramValue value = as<HistogramValue>(*merge(per_cpu(counts), 32, type));
  EXPECT_EQ(value.counts, (std::vector<std::uint64_t>{11, 22, 0, 44}));
  EXPECT_TRUE(value.linear);
  EXPECT_EQ(value.buckets.step, 10);
}

TEST(Merge, EmptyHistogramIsNone) {
  Type type = Type::aggregation(Aggregation::hist, true, {.bits = 1});
  std::vector<std::uint64_t> counts(layout::hist_buckets(1));
  EXPECT_FALSE(merge(per_cpu(counts), counts.size() * 8, type).has_value());
  counts[3] = 1;
  HistogramValue value = as<HistogramValue>(*merge(per_cpu(counts), counts.size() * 8, type));
  EXPECT_EQ(value.counts, counts);
  EXPECT_FALSE(value.linear);
}

TEST(Merge, PartOfACpuIsIgnored) {
  Bytes bytes = per_cpu(std::vector<layout::SumValue>{{2, 1}, {3, 1}});
  bytes.resize(24);
  EXPECT_EQ(as<std::int64_t>(*merge(bytes, 16, Type::aggregation(Aggregation::sum, true))), 2);
}

}  // namespace
}  // namespace fathom
