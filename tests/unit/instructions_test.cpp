// Where instructions begin.
#include "codegen/instructions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace fathom::codegen {
namespace {

using testing::ElementsAre;

// movabs $…, %rax; ret — or, in 32-bit code, dec %eax; mov $…, %eax; nop (4 times); ret
constexpr std::array wide{std::byte{0x48}, std::byte{0xb8}, std::byte{0x90}, std::byte{0x90}, std::byte{0x90}, std::byte{0x90},
                          std::byte{0x90}, std::byte{0x90}, std::byte{0x90}, std::byte{0x90}, std::byte{0xc3}};

TEST(Instructions, EndWithTheFirstAtOrBehindTheLast) {
  EXPECT_THAT(instruction_offsets(wide, 0, true), ElementsAre(0));
  EXPECT_THAT(instruction_offsets(wide, 4, true), ElementsAre(0, 10));
  EXPECT_THAT(instruction_offsets(wide, 10, true), ElementsAre(0, 10));
}

TEST(Instructions, DependOnTheWidthOfAddresses) { EXPECT_THAT(instruction_offsets(wide, 7, false), ElementsAre(0, 1, 6, 7)); }

TEST(Instructions, EndWhereTheCodeDoes) {
  EXPECT_THAT(instruction_offsets(wide, 12, true), ElementsAre(0, 10, 11));
  EXPECT_THAT(instruction_offsets(std::span(wide).first(5), 10, true), ElementsAre(0));
  EXPECT_THAT(instruction_offsets({}, 1, true), ElementsAre(0));
}

TEST(Instructions, EndBeforeWhatIsNone) {
  constexpr std::array odd{std::byte{0xc3}, std::byte{0x06}, std::byte{0xc3}};
  EXPECT_THAT(instruction_offsets(odd, 2, true), ElementsAre(0, 1));
  EXPECT_THAT(instruction_offsets(odd, 2, false), ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace fathom::codegen
