// Unwind tables of files: whole, damaged, and none at all.
#include "codegen/unwind_table.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace fathom {
namespace {

class File {
 public:
  explicit File(const std::string& bytes) {
    const int descriptor = mkstemp(path_);
    EXPECT_EQ(write(descriptor, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    close(descriptor);
  }
  ~File() { unlink(path_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path() const { return path_; }

 private:
  char path_[32] = "/tmp/fathom_unwind_XXXXXX";
};

// Of a program that is surely there; not this one, which the sanitizers make large.
std::string whole() {
  std::ifstream file("/bin/true", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(UnwindTable, CoversTheCodeOfAFile) {
  const UnwindTable table = codegen::read_unwind_table("/bin/true");
  ASSERT_FALSE(table.segments.empty());
  ASSERT_GT(table.rows.size(), 10u);
  EXPECT_EQ(table.rows.front().address, 0u);
  EXPECT_EQ(table.rows.front().base, layout::unwind_unknown);
  EXPECT_EQ(table.rows.back().base, layout::unwind_unknown);  // what is behind the last function
  EXPECT_TRUE(std::ranges::is_sorted(table.rows, std::ranges::less(), &layout::UnwindRow::address));
  EXPECT_EQ(std::ranges::adjacent_find(table.rows, {}, &layout::UnwindRow::address), table.rows.end());
  // Where a function begins, the return address is on top of the stack.
  const auto first = std::ranges::find_if(table.rows, [](const layout::UnwindRow& row) { return row.base == layout::registers_sp && row.flags == 0 && row.stub_pushes == 0; });
  ASSERT_NE(first, table.rows.end());
  EXPECT_EQ(first->cfa + first->return_at, first->cfa - 8);
}

TEST(UnwindTable, KnowsWhereNobodyCalled) {
  const UnwindTable table = codegen::read_unwind_table("/bin/true");
  EXPECT_TRUE(std::ranges::any_of(table.rows, [](const layout::UnwindRow& row) { return (row.flags & layout::unwind_outermost) != 0; }));
}

TEST(UnwindTable, OfWhatIsNoProgramIsEmpty) {
  EXPECT_TRUE(codegen::read_unwind_table("/no/such/file").segments.empty());
  EXPECT_TRUE(codegen::read_unwind_table("/proc/self").segments.empty());
  EXPECT_TRUE(codegen::read_unwind_table(File("").path()).segments.empty());
  EXPECT_TRUE(codegen::read_unwind_table(File("#!/bin/sh\n").path()).segments.empty());
}

TEST(UnwindTable, OfADamagedFileIsReadAsFarAsItGoes) {
  const std::string bytes = whole();
  ASSERT_FALSE(bytes.empty());
  for (std::size_t cut = 1; cut < 40; ++cut) codegen::read_unwind_table(File(bytes.substr(0, bytes.size() * cut / 40)).path());
  for (std::uint32_t seed = 1; seed < 60; ++seed) {
    std::string broken = bytes;
    std::uint32_t random = seed * 2654435761u;
    for (int i = 0; i < 2000; ++i) {
      random = random * 1664525u + 1013904223u;
      broken[random % broken.size()] = static_cast<char>(random >> 24);
    }
    const UnwindTable table = codegen::read_unwind_table(File(broken).path());
    EXPECT_TRUE(std::ranges::is_sorted(table.rows, std::ranges::less(), &layout::UnwindRow::address));
  }
}

}  // namespace
}  // namespace fathom
