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
  const UnwindRows rows = codegen::read_unwind_rows("/bin/true", 0);
  ASSERT_GT(rows.size(), 10u);
  EXPECT_EQ(rows.front().address, 0u);
  EXPECT_EQ(rows.front().base, layout::unwind_unknown);
  EXPECT_EQ(rows.back().base, layout::unwind_unknown);  // what is behind the last function
  EXPECT_TRUE(std::ranges::is_sorted(rows, std::ranges::less(), &layout::UnwindRow::address));
  EXPECT_EQ(std::ranges::adjacent_find(rows, {}, &layout::UnwindRow::address), rows.end());
  // Where a function begins, the return address is on top of the stack.
  const auto first = std::ranges::find_if(rows, [](const layout::UnwindRow& row) { return row.base == layout::registers_sp && row.flags == 0 && row.stub_pushes == 0; });
  ASSERT_NE(first, rows.end());
  EXPECT_EQ(first->cfa + first->return_at, first->cfa - 8);
}

TEST(UnwindTable, KnowsWhereNobodyCalled) {
  const UnwindRows rows = codegen::read_unwind_rows("/bin/true", 0);
  EXPECT_TRUE(std::ranges::any_of(rows, [](const layout::UnwindRow& row) { return (row.flags & layout::unwind_outermost) != 0; }));
}

TEST(UnwindTable, OfWhatIsNoProgramIsEmpty) {
  EXPECT_TRUE(codegen::read_unwind_rows("/no/such/file", 0).empty());
  EXPECT_TRUE(codegen::read_unwind_rows("/proc/self", 0).empty());
  EXPECT_TRUE(codegen::read_unwind_rows(File("").path(), 0).empty());
  EXPECT_TRUE(codegen::read_unwind_rows(File("#!/bin/sh\n").path(), 0).empty());
}

TEST(UnwindTable, OfADamagedFileIsReadAsFarAsItGoes) {
  const std::string bytes = whole();
  ASSERT_FALSE(bytes.empty());
  for (std::size_t cut = 1; cut < 40; ++cut) codegen::read_unwind_rows(File(bytes.substr(0, bytes.size() * cut / 40)).path(), 0);
  for (std::uint32_t seed = 1; seed < 60; ++seed) {
    std::string broken = bytes;
    std::uint32_t random = seed * 2654435761u;
    for (int i = 0; i < 2000; ++i) {
      random = random * 1664525u + 1013904223u;
      broken[random % broken.size()] = static_cast<char>(random >> 24);
    }
    const UnwindRows rows = codegen::read_unwind_rows(File(broken).path(), 0);
    EXPECT_TRUE(std::ranges::is_sorted(rows, std::ranges::less(), &layout::UnwindRow::address));
  }
}

}  // namespace
}  // namespace fathom
