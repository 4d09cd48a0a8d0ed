// Formats cut into pieces, and every way in which a format can be wrong.
#include "ast/format_string.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace fathom {
namespace {

std::vector<FormatPiece> pieces_of(std::string_view format) {
  auto pieces = parse_format(format);
  EXPECT_TRUE(pieces.has_value()) << format << ": " << (pieces ? "" : pieces.error().message);
  return pieces.value_or(std::vector<FormatPiece>{});
}

Conversion only(std::string_view format) {
  std::vector<FormatPiece> pieces = pieces_of(format);
  EXPECT_EQ(pieces.size(), 1u);
  return pieces.empty() ? Conversion{} : pieces[0].conversion;
}

TEST(FormatString, EmptyHasNoPieces) { EXPECT_TRUE(pieces_of("").empty()); }

TEST(FormatString, TextAlone) {
  std::vector<FormatPiece> pieces = pieces_of("hello\n");
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].text, "hello\n");
  EXPECT_FALSE(pieces[0].has_conversion);
}

TEST(FormatString, TextBeforeEachConversionAndAfterTheLast) {
  std::vector<FormatPiece> pieces = pieces_of("a %d%s b");
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0].text, "a ");
  EXPECT_EQ(pieces[0].offset, 2u);
  EXPECT_EQ(pieces[0].conversion.letters, "d");
  EXPECT_EQ(pieces[1].text, "");
  EXPECT_EQ(pieces[1].offset, 4u);
  EXPECT_EQ(pieces[1].conversion.letters, "s");
  EXPECT_EQ(pieces[2].text, " b");
  EXPECT_FALSE(pieces[2].has_conversion);
}

TEST(FormatString, DoubledPercentIsText) {
  std::vector<FormatPiece> pieces = pieces_of("100%% of %%%d%%");
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].text, "100% of %");
  EXPECT_EQ(pieces[0].offset, 11u);
  EXPECT_EQ(pieces[1].text, "%");
}

TEST(FormatString, FlagsWidthPrecision) {
  Conversion conversion = only("%-+ #010.3x");
  EXPECT_EQ(conversion.flags, "-+ #0");
  EXPECT_EQ(conversion.width, 10);
  EXPECT_EQ(conversion.precision, 3);
  EXPECT_EQ(conversion.letters, "x");
  Conversion none = only("%d");
  EXPECT_EQ(none.width, -1);
  EXPECT_EQ(none.precision, -1);
  EXPECT_EQ(only("%.s").precision, 0);
  EXPECT_EQ(only("%5.s").width, 5);
  EXPECT_EQ(only("%-10.10s").precision, 10);
  EXPECT_EQ(only("%--5d").flags, "--");
}

TEST(FormatString, StarsTakeArguments) {
  Conversion both = only("%*.*d");
  EXPECT_TRUE(both.width_argument);
  EXPECT_TRUE(both.precision_argument);
  EXPECT_EQ(both.arguments(), 3u);
  EXPECT_EQ(only("%-*s").arguments(), 2u);
  EXPECT_EQ(only("%.*s").arguments(), 2u);
  EXPECT_EQ(argument_count(pieces_of("%d %*d %% %.*s x")), 5u);
  EXPECT_EQ(argument_count(pieces_of("x")), 0u);
}

TEST(FormatString, LengthModifiers) {
  EXPECT_EQ(only("%hhd").length, LengthModifier::hh);
  EXPECT_EQ(only("%hd").length, LengthModifier::h);
  EXPECT_EQ(only("%ld").length, LengthModifier::l);
  EXPECT_EQ(only("%lld").length, LengthModifier::ll);
  EXPECT_EQ(only("%jd").length, LengthModifier::j);
  EXPECT_EQ(only("%zu").length, LengthModifier::z);
  EXPECT_EQ(only("%tx").length, LengthModifier::t);
  EXPECT_EQ(only("%Lx").length, LengthModifier::L);
  EXPECT_EQ(only("%x").length, LengthModifier::none);
}

TEST(FormatString, ConversionClasses) {
  for (const char* format : {"%d", "%i", "%u", "%o", "%x", "%X"}) EXPECT_EQ(only(format).kind, ConversionClass::integer) << format;
  EXPECT_EQ(only("%c").kind, ConversionClass::character);
  EXPECT_EQ(only("%s").kind, ConversionClass::string);
  EXPECT_EQ(only("%p").kind, ConversionClass::pointer);
  for (const char* format : {"%r", "%rx", "%rh"}) EXPECT_EQ(only(format).kind, ConversionClass::buffer) << format;
  EXPECT_EQ(only("%rx").letters, "rx");
  EXPECT_EQ(only("%gr").kind, ConversionClass::gfp_flags);
  EXPECT_EQ(pieces_of("%rz")[1].text, "z");
}

struct Wrong {
  const char* format;
  std::size_t offset;
  std::size_t length;
  const char* message;  // a part of it
};

class WrongFormat : public testing::TestWithParam<Wrong> {};

TEST_P(WrongFormat, SaysWhatAndWhere) {
  auto result = parse_format(GetParam().format);
  ASSERT_FALSE(result.has_value()) << GetParam().format;
  EXPECT_EQ(result.error().offset, GetParam().offset) << GetParam().format;
  EXPECT_EQ(result.error().length, GetParam().length) << GetParam().format;
  EXPECT_NE(result.error().message.find(GetParam().message), std::string::npos) << result.error().message;
}

INSTANTIATE_TEST_SUITE_P(Table, WrongFormat,
                         testing::Values(Wrong{"%", 0, 1, "ends inside"}, Wrong{"50%", 2, 1, "ends inside"},
                                         Wrong{"a %-08.3l", 2, 7, "ends inside"}, Wrong{"%d %y", 3, 2, "`%y` is no conversion"},
                                         Wrong{"%5%", 0, 3, "between the percent signs"}, Wrong{"%n", 0, 2, "`%n` is no conversion"},
                                         Wrong{"x%.2f", 1, 4, "floating point"}, Wrong{"%Lf", 0, 3, "floating point"},
                                         Wrong{"%hhhd", 0, 4, "`%hhh` is no conversion"},
                                         Wrong{"%lld %lll", 5, 4, "`%lll` is no conversion"}, Wrong{"%gx", 0, 2, "floating point"},
                                         Wrong{"%70000d", 1, 5, "width is larger than 65535"},
                                         Wrong{"%99999999999999999999d", 1, 20, "width is larger"},
                                         Wrong{"%.65536s", 2, 5, "precision is larger than 65535"},
                                         Wrong{"%.-3d", 0, 3, "`%.-` is no conversion"}, Wrong{"%*5d", 0, 3, "`%*5` is no conversion"},
                                         Wrong{"%\n", 0, 2, "no conversion letter"}, Wrong{"100% yes", 3, 3, "`% y` is no conversion"}),
                         [](const auto& info) { return fmt::format("row{}", info.index); });

TEST(FormatString, LargestWidthIsAllowed) { EXPECT_EQ(only("%65535d").width, max_format_width); }

TEST(FormatAccepts, NumbersForIntegersCharactersAndPointers) {
  for (const char* format : {"%d", "%x", "%c", "%p"}) {
    Conversion conversion = only(format);
    EXPECT_TRUE(accepts(conversion, Type::int64()));
    EXPECT_TRUE(accepts(conversion, Type::boolean()));
    EXPECT_TRUE(accepts(conversion, Type::pointer(Type::none(), AddressSpace::user)));
    EXPECT_TRUE(accepts(conversion, Type::enumeration("e", Type::integer(4, false), nullptr)));
    EXPECT_TRUE(accepts(conversion, Type::symbol(SymbolSpace::kernel)));
    EXPECT_FALSE(accepts(conversion, Type::string(16)));
    EXPECT_FALSE(accepts(conversion, Type::buffer(16)));
    EXPECT_FALSE(accepts(conversion, Type::tuple({Type::int64()})));
    EXPECT_FALSE(accepts(conversion, Type::stack(SymbolSpace::kernel, 1)));
    EXPECT_FALSE(accepts(conversion, Type::timestamp()));
    EXPECT_FALSE(accepts(conversion, Type::none()));
  }
}

TEST(FormatAccepts, AnyValueAsString) {
  Conversion conversion = only("%s");
  for (const Type& type :
       {Type::int64(), Type::string(4), Type::buffer(4), Type::tuple({}), Type::stack(SymbolSpace::user, 1), Type::timestamp(),
        Type::structure("s", false, 4, 1), Type::array(Type::int64(), 2), Type::symbol(SymbolSpace::user), Type::boolean()}) {
    EXPECT_TRUE(accepts(conversion, type)) << to_string(type);
  }
  EXPECT_FALSE(accepts(conversion, Type::none()));
  EXPECT_FALSE(accepts(conversion, Type::context()));
  EXPECT_FALSE(accepts(conversion, Type::aggregation(Aggregation::count, false)));
}

TEST(FormatAccepts, BytesForBuffers) {
  for (const char* format : {"%r", "%rx", "%rh"}) {
    Conversion conversion = only(format);
    EXPECT_TRUE(accepts(conversion, Type::buffer(4)));
    EXPECT_TRUE(accepts(conversion, Type::string(4)));
    EXPECT_TRUE(accepts(conversion, Type::array(Type::integer(1, false), 6)));
    EXPECT_FALSE(accepts(conversion, Type::array(Type::integer(2, false), 6)));
    EXPECT_FALSE(accepts(conversion, Type::array(Type::boolean(), 6)));
    EXPECT_FALSE(accepts(conversion, Type::int64()));
    EXPECT_FALSE(accepts(conversion, Type::none()));
  }
}

}  // namespace
}  // namespace fathom
