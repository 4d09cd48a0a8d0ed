// Globs, and cutting attach points into parts.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ast/probe_type.h"
#include "ast/target.h"

namespace fathom {
namespace {

TEST(Glob, StarMatchesAnyRunOfCharacters) {
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("sys_*_open*", "sys_enter_openat"));
  EXPECT_TRUE(glob_match("*at", "openatat"));
  EXPECT_TRUE(glob_match("a**b", "ab"));
  EXPECT_FALSE(glob_match("*open", "openat"));
  EXPECT_FALSE(glob_match("sys_*_", "sys_enter"));
}

TEST(Glob, QuestionMarkMatchesExactlyOne) {
  EXPECT_TRUE(glob_match("a?c", "abc"));
  EXPECT_FALSE(glob_match("a?c", "ac"));
  EXPECT_FALSE(glob_match("?", ""));
}

TEST(Glob, ClassesHaveRangesAndNegation) {
  EXPECT_TRUE(glob_match("read[vx]", "readv"));
  EXPECT_TRUE(glob_match("pread[0-9]*", "pread64"));
  EXPECT_TRUE(glob_match("[!a]b", "cb"));
  EXPECT_TRUE(glob_match("[]]", "]"));
  EXPECT_FALSE(glob_match("[!a]b", "ab"));
  EXPECT_FALSE(glob_match("[^a-c]", "b"));
  EXPECT_FALSE(glob_match("read[vx]", "read"));
}

TEST(Glob, AnOpenBracketWithoutEndIsItself) {
  EXPECT_TRUE(glob_match("a[b", "a[b"));
  EXPECT_FALSE(glob_match("a[b", "ab"));
}

TEST(Glob, MatchesTheWholeName) {
  EXPECT_TRUE(glob_match("open", "open"));
  EXPECT_FALSE(glob_match("open", "openat"));
  EXPECT_FALSE(glob_match("", "a"));
}

TEST(Glob, ManyStarsStayFast) {
  const std::string name(2000, 'a');
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(glob_match(pattern + "b", name));
}

TEST(Glob, TellsGlobsFromNames) {
  EXPECT_TRUE(is_glob("a*"));
  EXPECT_TRUE(is_glob("a?"));
  EXPECT_TRUE(is_glob("[ab]"));
  EXPECT_FALSE(is_glob("sys_enter_open-at.2"));
}

using Parts = std::vector<std::string>;

TEST(SplitAttachPoint, CutsAtColons) {
  EXPECT_EQ(split_attach_point("tracepoint:sched:sched_switch"), (Parts{"tracepoint", "sched", "sched_switch"}));
  EXPECT_EQ(split_attach_point("BEGIN"), Parts{"BEGIN"});
}

TEST(SplitAttachPoint, KeepsEmptyParts) {
  EXPECT_EQ(split_attach_point("software:faults:"), (Parts{"software", "faults", ""}));
  EXPECT_EQ(split_attach_point("::"), (Parts{"", "", ""}));
}

TEST(SplitAttachPoint, QuotedPartsAreVerbatim) {
  EXPECT_EQ(split_attach_point(R"x(uprobe:/bin/x:"ns::f(int, char)")x"), (Parts{"uprobe", "/bin/x", "ns::f(int, char)"}));
  EXPECT_EQ(split_attach_point(R"(u:"a\"b":c)"), (Parts{"u", "a\"b", "c"}));
  EXPECT_EQ(split_attach_point(R"(u:"a:b)"), (Parts{"u", "a:b"}));
}

}  // namespace
}  // namespace fathom
