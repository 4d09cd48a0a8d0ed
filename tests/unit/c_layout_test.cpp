// Structs laid out by definitions/ against the same structs laid out by the compiler of this test: each text is compiled here and read there.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "compile_helpers.h"

#pragma GCC diagnostic ignored "-Wpedantic"  // anonymous structs and arrays without a size are C

namespace fathom {
namespace {

using u8 = unsigned char;
using u16 = unsigned short;
using u32 = unsigned;
using u64 = unsigned long;

// The definitions, and the same as text.
#define C(...)  \
  __VA_ARGS__   \
  const char* const text = #__VA_ARGS__;

Declarations read(const std::string& text) {
  Compiled result = parse_text("struct start { int a; };\n" + text + "\nBEGIN { }");
  EXPECT_EQ(result.ids(), "") << text;
  return std::move(result.declarations);
}

const StructLayout& layout_of(const Declarations& declarations, const std::string& name) {
  static const StructLayout none;
  const auto found = declarations.layouts.find(name);
  EXPECT_NE(found, declarations.layouts.end()) << name;
  return found == declarations.layouts.end() ? none : *found->second;
}

StructMember member_of(const StructLayout& layout, const std::string& name) {
  const StructMember* found = layout.find(name);
  EXPECT_NE(found, nullptr) << name;
  return found == nullptr ? StructMember{} : *found;
}

// The bits of `bytes` that are set must be those that the member is read from.
void expect_bits(const unsigned char* bytes, std::size_t size, const StructMember& member) {
  for (std::size_t bit = 0; bit < size * 8; ++bit) {
    const std::size_t begin = member.offset * 8 + member.bit_offset;
    const bool expected = bit >= begin && bit < begin + member.bit_size;
    const bool found = (bytes[bit / 8] >> (bit % 8) & 1) != 0;
    ASSERT_EQ(found, expected) << member.name << ", bit " << bit;
  }
  EXPECT_LE(member.offset + member.type.size(), size) << member.name << " is read beyond the end of its struct";
  EXPECT_LE(member.bit_offset + member.bit_size, member.type.size() * 8) << member.name;
}

#define EXPECT_SIZE(S)                                               \
  const StructLayout& layout = layout_of(declarations, "struct " #S); \
  EXPECT_EQ(layout.size, sizeof(struct S));                           \
  EXPECT_EQ(declarations.tags.at("struct " #S).alignment, alignof(struct S))
#define EXPECT_MEMBER(S, M)                                 \
  EXPECT_EQ(member_of(layout, #M).offset, offsetof(S, M)); \
  EXPECT_EQ(member_of(layout, #M).type.size(), sizeof(S::M))
#define EXPECT_BITS(S, M)                                 \
  {                                                       \
    struct S value;                                       \
    unsigned char bytes[sizeof value];                    \
    std::memset(&value, 0, sizeof value);                 \
    volatile unsigned long long ones = ~0ull;             \
    value.M = static_cast<decltype(value.M)>(ones);       \
    std::memcpy(bytes, &value, sizeof value);             \
    expect_bits(bytes, sizeof value, member_of(layout, #M)); \
  }

namespace plain {
C(struct mixed { char a; int b; char c; long d; short e; void *f; char g[5]; u16 h[3]; double i; float j; bool k; };)
}
TEST(CLayout, Padding) {
  using namespace plain;
  std::string c = text;
  const Declarations declarations = read(c);
  EXPECT_SIZE(mixed);
  EXPECT_MEMBER(mixed, a);
  EXPECT_MEMBER(mixed, b);
  EXPECT_MEMBER(mixed, c);
  EXPECT_MEMBER(mixed, d);
  EXPECT_MEMBER(mixed, e);
  EXPECT_MEMBER(mixed, f);
  EXPECT_MEMBER(mixed, g);
  EXPECT_MEMBER(mixed, h);
  EXPECT_MEMBER(mixed, i);
  EXPECT_MEMBER(mixed, j);
  EXPECT_MEMBER(mixed, k);
}

namespace nested {
C(struct inner { u16 a; u64 b; }; struct outer { char x; struct inner in; struct inner more[2]; u8 y; struct { u8 p; u32 q; } named; int z[2][3]; };)
}
TEST(CLayout, Nested) {
  using namespace nested;
  const Declarations declarations = read(text);
  EXPECT_SIZE(outer);
  EXPECT_MEMBER(outer, in);
  EXPECT_MEMBER(outer, more);
  EXPECT_MEMBER(outer, y);
  EXPECT_MEMBER(outer, named);
  EXPECT_MEMBER(outer, z);
  const Type z = member_of(layout, "z").type;
  EXPECT_EQ(to_string(z), "int32[3][2]");
  EXPECT_EQ(z.count(), 2u);
  EXPECT_EQ(z.element().count(), 3u);
}

namespace packed {
C(struct __attribute__((packed)) tight { char a; long b; short c; struct { char d; int e; } f; } ; struct tail { char a; struct tight b; int c; };
  struct some { char a; int b __attribute__((packed)); int c; }; struct wide { char a; int b __attribute__((aligned(16))); } __attribute__((aligned(32)));)
}
TEST(CLayout, PackedAndAligned) {
  using namespace packed;
  const Declarations declarations = read(text);
  {
    EXPECT_SIZE(tight);
    EXPECT_MEMBER(tight, b);
    EXPECT_MEMBER(tight, c);
    EXPECT_MEMBER(tight, f);
  }
  {
    EXPECT_SIZE(tail);
    EXPECT_MEMBER(tail, b);
    EXPECT_MEMBER(tail, c);
  }
  {
    EXPECT_SIZE(some);
    EXPECT_MEMBER(some, b);
    EXPECT_MEMBER(some, c);
  }
  {
    EXPECT_SIZE(wide);
    EXPECT_MEMBER(wide, b);
  }
}

namespace bits {
C(struct flags { u32 a : 3; u32 b : 30; u32 c : 1; u8 d : 3; u8 e : 6; u64 f : 40; u64 g : 24; int h : 5; short i : 9; char j; u32 k : 1; };
  struct zero { u32 a : 3; u32 : 0; u32 b : 5; char c; u16 : 7; u16 d : 9; u8 e; u64 : 33; u8 f : 2; };
  struct only { u8 a : 1; }; struct padding { char a; int : 4; };)
}
TEST(CLayout, Bitfields) {
  using namespace bits;
  const Declarations declarations = read(text);
  {
    EXPECT_SIZE(flags);
    EXPECT_BITS(flags, a);
    EXPECT_BITS(flags, b);
    EXPECT_BITS(flags, c);
    EXPECT_BITS(flags, d);
    EXPECT_BITS(flags, e);
    EXPECT_BITS(flags, f);
    EXPECT_BITS(flags, g);
    EXPECT_BITS(flags, h);
    EXPECT_BITS(flags, i);
    EXPECT_MEMBER(flags, j);
    EXPECT_BITS(flags, k);
  }
  {
    EXPECT_SIZE(zero);
    EXPECT_BITS(zero, a);
    EXPECT_BITS(zero, b);
    EXPECT_MEMBER(zero, c);
    EXPECT_BITS(zero, d);
    EXPECT_MEMBER(zero, e);
    EXPECT_BITS(zero, f);
  }
  {
    EXPECT_SIZE(only);
    EXPECT_BITS(only, a);
  }
  { EXPECT_SIZE(padding); }
}

namespace packed_bits {
C(struct dense { u8 a : 5; u32 b : 20; u16 c : 11; u64 d : 37; char e; u32 f : 9; } __attribute__((packed));
  struct one { u32 a : 7; u32 b : 30 __attribute__((packed)); u32 c : 4; };)
}
TEST(CLayout, PackedBitfields) {
  using namespace packed_bits;
  const Declarations declarations = read(text);
  {
    EXPECT_SIZE(dense);
    EXPECT_BITS(dense, a);
    EXPECT_BITS(dense, b);
    EXPECT_BITS(dense, c);
    EXPECT_BITS(dense, d);
    EXPECT_MEMBER(dense, e);
    EXPECT_BITS(dense, f);
  }
  {
    EXPECT_SIZE(one);
    EXPECT_BITS(one, a);
    EXPECT_BITS(one, b);
    EXPECT_BITS(one, c);
  }
}

#pragma pack(push, 2)
namespace pragma_pack {
C(struct limited { char a; long b; char c; int d; u32 e : 3; u16 f : 15; };)
}
#pragma pack(pop)
TEST(CLayout, PragmaPack) {
  using namespace pragma_pack;
  Compiled compiled = parse_text("#pragma pack(push, 2)\n" + std::string(text) + "\n#pragma pack(pop)\nstruct after { char a; long b; };\nBEGIN { }");
  EXPECT_EQ(compiled.ids(), "");
  const Declarations& declarations = compiled.declarations;
  {
    EXPECT_SIZE(limited);
    EXPECT_MEMBER(limited, b);
    EXPECT_MEMBER(limited, c);
    EXPECT_MEMBER(limited, d);
    EXPECT_BITS(limited, e);
    EXPECT_BITS(limited, f);
  }
  EXPECT_EQ(declarations.layouts.at("struct after")->size, 16u);
}

namespace unions {
C(struct holder { char tag; union { u32 word; u8 bytes[5]; struct { u16 low; u16 high; }; }; union { u64 a : 3; u8 b; } second; };)
}
TEST(CLayout, UnionsAndAnonymousMembers) {
  using namespace unions;
  const Declarations declarations = read(text);
  EXPECT_SIZE(holder);
  EXPECT_MEMBER(holder, second);
  ASSERT_EQ(layout.members.size(), 3u);
  EXPECT_EQ(layout.members[1].name, "");
  EXPECT_EQ(layout.members[1].offset, offsetof(holder, word));
  EXPECT_EQ(layout.members[1].type.size(), 8u);
  const StructLayout& inner = *layout.members[1].type.layout();
  EXPECT_TRUE(inner.is_union);
  EXPECT_EQ(inner.members[2].type.layout()->find("high")->offset, 2u);
}

namespace enums {
C(enum small { A, B = 7, Z = B + 2 }; enum negative { N = -1, M = 5 }; enum big { L = 0x1ffffffffUL }; enum __attribute__((packed)) tiny { T = 3 };
  struct with { char a; enum small b; char c; enum negative d; char e; enum big f; u32 g : 2; enum small h : 4; };)
}
TEST(CLayout, Enums) {
  using namespace enums;
  const Declarations declarations = read(text);
  EXPECT_SIZE(with);
  EXPECT_MEMBER(with, b);
  EXPECT_MEMBER(with, d);
  EXPECT_MEMBER(with, f);
  EXPECT_BITS(with, h);
  EXPECT_EQ(declarations.enumerators.at("Z").first, Z);
  EXPECT_EQ(declarations.enumerators.at("N").first, N);
  EXPECT_EQ(declarations.enumerators.at("L").first, static_cast<std::int64_t>(L));
  EXPECT_EQ(declarations.tags.at("enum small").type.size(), sizeof(enum small));
  EXPECT_EQ(declarations.tags.at("enum negative").type.is_signed(), true);
  EXPECT_EQ(declarations.tags.at("enum big").type.size(), sizeof(enum big));
  EXPECT_EQ(declarations.tags.at("enum tiny").type.size(), sizeof(enum tiny));
}

namespace declarators {
C(struct shapes { int *a[3]; int (*b)[3]; int (*c)(int, char *); char **d; const char *const e; volatile unsigned long long int f; long unsigned g;
  int (*h[2])(void); u8 i[4][sizeof(int)]; signed char j; void (*(*k)(int))(char); char flexible[]; };)
}
TEST(CLayout, Declarators) {
  using namespace declarators;
  const Declarations declarations = read(text);
  EXPECT_SIZE(shapes);
  EXPECT_MEMBER(shapes, a);
  EXPECT_MEMBER(shapes, b);
  EXPECT_MEMBER(shapes, c);
  EXPECT_MEMBER(shapes, d);
  EXPECT_MEMBER(shapes, f);
  EXPECT_MEMBER(shapes, g);
  EXPECT_MEMBER(shapes, h);
  EXPECT_MEMBER(shapes, i);
  EXPECT_MEMBER(shapes, k);
  EXPECT_EQ(member_of(layout, "flexible").offset, offsetof(shapes, flexible));
  EXPECT_EQ(member_of(layout, "flexible").type.count(), 0u);
  EXPECT_EQ(to_string(member_of(layout, "a").type), "int32 *[3]");
  EXPECT_EQ(to_string(member_of(layout, "b").type), "int32[3] *");
  EXPECT_EQ(to_string(member_of(layout, "c").type), "void *");
  EXPECT_EQ(to_string(member_of(layout, "d").type), "int8 **");
  EXPECT_EQ(to_string(member_of(layout, "h").type), "void *[2]");
}

}  // namespace
}  // namespace fathom
