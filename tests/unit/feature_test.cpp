// Abilities of kernels: every one has a name of its own, and a sentence for kernels without it.
#include <gtest/gtest.h>

#include "ast/feature.h"

namespace fathom {
namespace {

TEST(Feature, EveryOneIsFoundByItsName) {
  for (std::size_t i = 0; i < feature_count; ++i) {
    const auto feature = static_cast<Feature>(i);
    EXPECT_EQ(feature_named(name_of(feature)), feature) << name_of(feature);
    EXPECT_NE(absence_of(feature), "") << name_of(feature);
  }
}

TEST(Feature, OthersAreNone) {
  for (const char* name : {"", "speed", "KPROBE", "kprobe ", "kprobe_mult"}) EXPECT_FALSE(feature_named(name)) << name;
}

}  // namespace
}  // namespace fathom
