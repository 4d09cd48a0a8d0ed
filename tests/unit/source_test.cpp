// Places in a text of several files, and in copies of pieces of it.
#include <gtest/gtest.h>

#include "ast/source.h"

namespace fathom {
namespace {

TEST(Source, FilesHaveTheirOwnLines) {
  SourceFile source("main.bt", "one\ntwo");
  const std::uint32_t begin = source.append("lib.bt", "three\nfour\n");
  EXPECT_EQ(source.name(0), "main.bt");
  EXPECT_EQ(source.name(begin + 7), "lib.bt");
  EXPECT_EQ(source.position(5).line, 2u);
  EXPECT_EQ(source.position(begin + 7).line, 2u);
  EXPECT_EQ(source.position(begin + 7).column, 2u);
  EXPECT_EQ(source.line(source.row(begin + 7)), "four");
  EXPECT_EQ(source.text(source.extent(0)), "one\ntwo");
  EXPECT_EQ(source.text(source.extent(1)), "three\nfour\n");
}

TEST(Source, CopiesLeadBackToWhatIsWritten) {
  SourceFile source("main.bt", "macro m() { body }\nuse of m");
  const Range body{12, 16};
  const Range call{26, 27};
  const std::uint32_t first = source.expand(body, call);
  const std::uint32_t second = source.expand(body, {first, first + 4});
  EXPECT_EQ(source.written({second, second + 4}), body);
  EXPECT_EQ(source.text({second, second + 4}), "body");
  EXPECT_EQ(source.position(second + 1).column, 14u);
  EXPECT_EQ(source.expanded_at({first, first + 4}), call);
  EXPECT_EQ(source.expanded_at({second, second + 4}), (Range{first, first + 4}));
  EXPECT_FALSE(source.expanded_at(body));
}

}  // namespace
}  // namespace fathom
