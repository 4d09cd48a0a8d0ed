// Versions and the forms of text they stand for.
#include <gtest/gtest.h>

#include "ast/text_form.h"
#include "tests/unit/output_helpers.h"

namespace fathom {
namespace {

using namespace testing_output;

TEST(TextForm, TheNewestHasNoSwitchSet) { EXPECT_EQ(text_form_of("0.26"), TextForm{}); }

TEST(TextForm, OldVersionsHaveTheirs) {
  EXPECT_TRUE(text_form_of("0.23")->plain_stats);
  EXPECT_FALSE(text_form_of("0.24")->plain_stats);
  EXPECT_TRUE(text_form_of("0.17")->blank_lines);
  EXPECT_FALSE(text_form_of("0.23")->blank_lines);
  EXPECT_EQ(text_form_of("v0.17.1"), text_form_of("0.17"));
  EXPECT_EQ(text_form_of("1.0"), TextForm{});
}

TEST(TextForm, OldPointersAndMapsThatWereNeverWritten) {
  EXPECT_TRUE(text_form_of("0.17")->decimal_pointers);
  EXPECT_TRUE(text_form_of("0.23")->decimal_pointers);
  EXPECT_TRUE(text_form_of("0.17")->unwritten_not_shown);
  EXPECT_FALSE(text_form_of("0.23")->unwritten_not_shown);
  EXPECT_TRUE(text_form_of("0.17")->lengths_without_nul);
  EXPECT_TRUE(text_form_of("0.23")->old_json);
}

TEST(TextForm, WhatIsNoVersion) {
  for (const char* text : {"", "0", "0.", "x", "0.17x", "0.17.", "0.17.1.2", "-0.17", " 0.17"}) EXPECT_FALSE(text_form_of(text)) << text;
}

TEST(TextForm, OldMapsEndWithALineBreakOfTheirOwn) {
  Settings settings;
  settings.text_form = *text_form_of("0.17");
  Capture capture(settings);
  capture->map(sums({}), 0, 0);
  capture->map({"@a", Type::none(), Type::aggregation(Aggregation::average, false), false, {{{NoValue{}}, {AverageResult{1, 2, false}}}}}, 0, 0);
  capture->map({"@s", Type::int64(), Type::symbol(SymbolSpace::kernel), false,
                {{integer(1), {SymbolValue{1, SymbolSpace::kernel}}}, {integer(2), {SymbolValue{2, SymbolSpace::kernel}}}}}, 0, 0);
  capture->map({"@p", Type::none(), Type::int64(), false, {{{NoValue{}}, {PointerValue{0x10}}}}}, 0, 0);
  EXPECT_EQ(capture.text(), "\n@a: 2\n\n@s[1]: 0x1@s[2]: 0x2\n@p: 16\n");
}

}  // namespace
}  // namespace fathom
