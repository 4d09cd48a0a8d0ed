// Integer spellings that need no look at the machine.
#include <gtest/gtest.h>

#include "ast/c_types.h"

namespace fathom {
namespace {

struct Spelling {
  const char* text;
  const char* type;
};

class CType : public testing::TestWithParam<Spelling> {};

TEST_P(CType, IsKnown) {
  const std::optional<Type> type = c_integer_type(GetParam().text);
  ASSERT_TRUE(type) << GetParam().text;
  EXPECT_EQ(to_string(*type), GetParam().type);
}

INSTANTIATE_TEST_SUITE_P(All, CType,
                         testing::Values(Spelling{"char", "int8"}, Spelling{"unsigned char", "uint8"}, Spelling{"signed char", "int8"},
                                         Spelling{"short", "int16"}, Spelling{"short unsigned int", "uint16"}, Spelling{"int", "int32"},
                                         Spelling{"unsigned", "uint32"}, Spelling{"long", "int64"}, Spelling{"long int", "int64"},
                                         Spelling{"unsigned long", "uint64"}, Spelling{"long unsigned int", "uint64"},
                                         Spelling{"long long", "int64"}, Spelling{"unsigned  long long int", "uint64"},
                                         Spelling{"const int", "int32"}, Spelling{"u8", "uint8"}, Spelling{"s64", "int64"},
                                         Spelling{"__u32", "uint32"}, Spelling{"int8", "int8"}, Spelling{"uint64", "uint64"},
                                         Spelling{"bool", "bool"}, Spelling{"_Bool", "bool"}, Spelling{"size_t", "uint64"},
                                         Spelling{"pid_t", "int32"}, Spelling{"umode_t", "uint16"}, Spelling{"uint32_t", "uint32"}));

class NoCType : public testing::TestWithParam<const char*> {};

TEST_P(NoCType, IsUnknown) { EXPECT_FALSE(c_integer_type(GetParam())); }

INSTANTIATE_TEST_SUITE_P(All, NoCType,
                         testing::Values("", " ", "const", "double", "struct file", "u32 *", "unsigned u32", "long char", "short long",
                                         "long long long", "signed unsigned", "int int", "u128", "int24"));

}  // namespace
}  // namespace fathom
