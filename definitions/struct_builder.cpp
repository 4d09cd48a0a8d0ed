// One pass over the members, counting in bits.
#include "definitions/struct_builder.h"

#include <algorithm>
#include <bit>

#include "ast/bitfield.h"

namespace fathom {

namespace {

std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) { return (value + alignment - 1) / alignment * alignment; }

class Builder {
 public:
  Builder(bool is_union, CAttributes attributes, std::uint32_t pack) : is_union_(is_union), attributes_(attributes), pack_(pack) {}

  // The bit at which the member lies.
  std::uint64_t place(const CMember& member) {
    if (is_union_) position_ = 0;
    const std::uint64_t at = member.bits ? place_bits(member) : place_whole(member);
    end_ = std::max(end_, position_);
    return at;
  }

  std::uint32_t alignment() const { return std::max(alignment_, attributes_.aligned); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(align_up((end_ + 7) / 8, alignment())); }

 private:
  bool is_packed(const CMember& member) const { return attributes_.packed || member.attributes.packed; }

  std::uint64_t place_whole(const CMember& member) {
    std::uint32_t alignment = is_packed(member) ? 1 : member.type.alignment;
    if (pack_ != 0) alignment = std::min(alignment, pack_);
    alignment = std::max(alignment, member.attributes.aligned);
    alignment_ = std::max(alignment_, alignment);
    const std::uint64_t at = align_up(position_, std::uint64_t(alignment) * 8);
    position_ = at + std::uint64_t(member.type.type.size()) * 8;
    return at;
  }

  std::uint64_t place_bits(const CMember& member) {
    const std::uint64_t unit = std::uint64_t(member.type.alignment) * 8;
    if (*member.bits == 0) {
      position_ = align_up(position_, unit);
      return position_;
    }
    if (member.attributes.aligned != 0) {
      position_ = align_up(position_, std::uint64_t(member.attributes.aligned) * 8);
      alignment_ = std::max(alignment_, member.attributes.aligned);
    }
    // A bitfield does not cross the border of its type's size, unless it is packed.
    if (!is_packed(member) && pack_ == 0 && position_ % unit + *member.bits > std::uint64_t(member.type.type.size()) * 8) {
      position_ = align_up(position_, unit);
    }
    if (!is_packed(member) && !member.name.empty()) {
      alignment_ = std::max(alignment_, pack_ == 0 ? member.type.alignment : std::min(member.type.alignment, pack_));
    }
    const std::uint64_t at = position_;
    position_ += *member.bits;
    return at;
  }

  bool is_union_;
  CAttributes attributes_;
  std::uint32_t pack_;
  std::uint64_t position_ = 0, end_ = 0;  // bits
  std::uint32_t alignment_ = 1;
};

}  // namespace

CStruct lay_out(std::string name, bool is_union, const std::vector<CMember>& members, CAttributes attributes, std::uint32_t pack) {
  Builder builder(is_union, attributes, pack);
  std::vector<std::uint64_t> positions;
  for (const CMember& member : members) positions.push_back(builder.place(member));

  CStruct result;
  result.alignment = builder.alignment();
  result.layout.name = std::move(name);
  result.layout.is_union = is_union;
  result.layout.size = builder.size();
  for (std::size_t i = 0; i < members.size(); ++i) {
    const CMember& source = members[i];
    if (source.name.empty() && (source.bits || !source.type.type.is_structure())) continue;  // padding
    StructMember member{source.name, source.type.type, static_cast<std::uint32_t>(positions[i] / 8), 0, 0};
    if (source.bits) {
      if (positions[i] % 8 + *source.bits > 64) result.unreadable = source.name;
      place_bitfield(member, static_cast<std::uint32_t>(positions[i]), *source.bits, result.layout.size);
    }
    result.layout.members.push_back(std::move(member));
  }
  return result;
}

std::uint32_t c_alignment(const Type& type, const Target& machine) {
  if (type.is_numeric() || type.is_pointer()) return std::max(type.size(), 1u);
  if (type.is(TypeKind::array)) return c_alignment(type.element(), machine);
  // A floating-point number.
  if (type.is(TypeKind::buffer)) return std::has_single_bit(type.size()) && type.size() <= 16 ? type.size() : 1;
  if (!type.is_structure()) return 1;
  const auto layout = type.layout() ? type.layout() : machine.layout(type);
  std::uint32_t alignment = 1;
  for (const StructMember& member : layout ? layout->members : std::vector<StructMember>()) {
    const std::uint32_t wanted = c_alignment(member.type, machine);
    if (member.bit_size == 0 && (member.offset % wanted != 0 || layout->size % wanted != 0)) return 1;  // packed
    alignment = std::max(alignment, wanted);
  }
  return alignment;
}

}  // namespace fathom
