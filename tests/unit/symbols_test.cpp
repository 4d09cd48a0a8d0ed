// The index of kernel symbols, from made-up text and from the running kernel.
#include <gtest/gtest.h>

#include <fstream>

#include "runtime/symbols.h"

namespace fathom {
namespace {

SymbolTable table(std::string_view text) {
  SymbolTable result;
  result.feed(text);
  result.finish();
  return result;
}

constexpr std::string_view sample =
    "0000000000000000 A fixed_percpu_data\n"
    "0000000000001000 A percpu_thing\n"
    "ffffffff81000000 T _text\n"
    "ffffffff81000100 t first_alias\n"
    "ffffffff81000100 T second_alias\n"
    "ffffffff81000200 D some_data\n"
    "ffffffffc0000000 t module_function\t[xfs]\n"
    "ffffffff81000180 t out_of_order\n";

TEST(SymbolTable, FindsTheSymbolAtOrBeforeAnAddress) {
  const SymbolTable symbols = table(sample);
  EXPECT_EQ(symbols.name_of(0xffffffff81000000).symbol, "_text");
  EXPECT_EQ(symbols.name_of(0xffffffff81000000).offset, 0u);
  EXPECT_EQ(symbols.name_of(0xffffffff810000ff).symbol, "_text");
  EXPECT_EQ(symbols.name_of(0xffffffff810000ff).offset, 0xffu);
  EXPECT_EQ(symbols.name_of(0xffffffff81000190).symbol, "out_of_order");
}

TEST(SymbolTable, OfAliasesTheFirstIsShown) { EXPECT_EQ(table(sample).name_of(0xffffffff81000104).symbol, "first_alias"); }

TEST(SymbolTable, ModuleNamesAreNoPartOfTheSymbol) { EXPECT_EQ(table(sample).name_of(0xffffffffc0000010).symbol, "module_function"); }

TEST(SymbolTable, FarFromEverySymbolThereIsNoName) {
  const SymbolTable symbols = table(sample);
  EXPECT_EQ(symbols.name_of(0xffffffff80ffffff).symbol, "");
  EXPECT_EQ(symbols.name_of(0xffffffff90000000).symbol, "");
  EXPECT_EQ(symbols.name_of(~0ull).symbol, "");
  EXPECT_EQ(symbols.name_of(0).symbol, "");
}

TEST(SymbolTable, AbsoluteSymbolsAreNoPlaces) {
  const SymbolTable symbols = table(sample);
  EXPECT_EQ(symbols.name_of(0x1010).symbol, "");
  EXPECT_FALSE(symbols.address_of("percpu_thing"));
}

TEST(SymbolTable, FindsAddressesByName) {
  const SymbolTable symbols = table(sample);
  EXPECT_EQ(symbols.address_of("second_alias"), 0xffffffff81000100);
  EXPECT_EQ(symbols.address_of("module_function"), 0xffffffffc0000000);
  EXPECT_FALSE(symbols.address_of("no_such"));
  EXPECT_FALSE(symbols.address_of(""));
  EXPECT_FALSE(symbols.address_of("first"));
}

TEST(SymbolTable, HiddenAddressesGiveNoNames) {
  const SymbolTable symbols = table("0000000000000000 T _text\n0000000000000000 T start_kernel\n");
  EXPECT_EQ(symbols.size(), 0u);
  EXPECT_EQ(symbols.name_of(0xffffffff81000000).symbol, "");
  EXPECT_FALSE(symbols.address_of("start_kernel"));
}

TEST(SymbolTable, TextMayBeCutAnywhere) {
  for (std::size_t cut = 0; cut <= sample.size(); cut += 7) {
    SymbolTable symbols;
    symbols.feed(sample.substr(0, cut));
    symbols.feed(sample.substr(cut));
    symbols.finish();
    EXPECT_EQ(symbols.size(), 6u) << cut;
    EXPECT_EQ(symbols.address_of("some_data"), 0xffffffff81000200) << cut;
  }
}

TEST(SymbolTable, TheLastLineNeedsNoLineBreak) { EXPECT_EQ(table("ffffffff81000000 T _text").address_of("_text"), 0xffffffff81000000); }

TEST(SymbolTable, DamagedLinesAreSkipped) {
  EXPECT_EQ(table("\nxyz\nffffffff81000000\nffffffff81000000 T\nffffffff81000000 T \n").size(), 0u);
}

bool addresses_are_visible() {
  std::ifstream file("/proc/kallsyms");
  std::string address;
  std::string line;
  while (std::getline(file, line)) {
    if (line.ends_with(" T start_kernel") || line.ends_with(" T schedule")) return !line.starts_with("0000000000000000");
  }
  return false;
}

TEST(Symbols, KernelNamesAndAddressesAgree) {
  if (!addresses_are_visible()) GTEST_SKIP() << "skipped: no kernel addresses";
  Symbols symbols;
  const std::optional<std::uint64_t> address = symbols.kernel_address("schedule");
  ASSERT_TRUE(address);
  const SymbolSource::Name name = symbols.name_of(*address + 4, SymbolSpace::kernel, 0);
  EXPECT_EQ(name.offset, 4u);
  EXPECT_EQ(symbols.kernel_address(name.symbol), address);
}

TEST(Symbols, UserAddressesHaveNoNamesYet) {
  Symbols symbols;
  EXPECT_EQ(symbols.name_of(0x400000, SymbolSpace::user, 1).symbol, "");
}

}  // namespace
}  // namespace fathom
