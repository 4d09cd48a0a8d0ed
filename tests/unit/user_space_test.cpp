// What is known of user space: mappings, symbols, names of libraries, operands of static probes.
#include <gtest/gtest.h>

#include <cstring>

#include "ast/registers.h"
#include "runtime/elf.h"
#include "runtime/find_executables.h"
#include "runtime/kernel_functions.h"
#include "runtime/probes/usdt_arguments.h"
#include "runtime/user_symbols.h"

namespace fathom {
namespace {

TEST(Mappings, AreReadLineByLine) {
  const auto mappings = parse_mappings(
      "55d0c0a00000-55d0c0a2f000 r--p 00000000 08:01 1234                       /usr/bin/a b\n"
      "55d0c0a2f000-55d0c0b00000 r-xp 0002f000 08:01 1234                       /tmp/gone (deleted)\n"
      "7ffd1a000000-7ffd1a021000 rw-p 00000000 00:00 0 \n"
      "7ffd1a100000-7ffd1a102000 r-xp 00000000 00:00 0                          [vdso]\n"
      "nonsense\n");
  ASSERT_EQ(mappings.size(), 4u);
  EXPECT_EQ(mappings[0].begin, 0x55d0c0a00000u);
  EXPECT_EQ(mappings[0].path, "/usr/bin/a b");
  EXPECT_FALSE(mappings[0].executable);
  EXPECT_TRUE(mappings[1].deleted && mappings[1].executable);
  EXPECT_EQ(mappings[1].path, "/tmp/gone");
  EXPECT_EQ(mappings[1].offset, 0x2f000u);
  EXPECT_EQ(mappings[2].path, "");
  EXPECT_EQ(mappings[3].path, "[vdso]");
}

TEST(SymbolAt, FindsTheSymbolThatHoldsTheAddress) {
  Executable file;
  file.symbols = {{"outer", 0x100, 0x100, true}, {"inner", 0x120, 0x10, true}, {"label", 0x300, 0, true}, {"last", 0x400, 8, true}};
  const auto name = [&](std::uint64_t address) {
    const ExecutableSymbol* symbol = symbol_at(file, address);
    return symbol == nullptr ? std::string() : symbol->name;
  };
  EXPECT_EQ(name(0xff), "");
  EXPECT_EQ(name(0x100), "outer");
  EXPECT_EQ(name(0x125), "inner");
  EXPECT_EQ(name(0x150), "outer");
  EXPECT_EQ(name(0x250), "");
  EXPECT_EQ(name(0x350), "label");
  EXPECT_EQ(name(0x409), "");
}

TEST(Executables, TranslateBetweenAddressesAndOffsets) {
  Executable file;
  file.segments = {{0x1000, 0x500, 0x200, true}};
  EXPECT_EQ(file.offset_of(0x1010), 0x210u);
  EXPECT_EQ(file.address_of(0x210), 0x1010u);
  EXPECT_EQ(file.offset_of(0x1500), std::nullopt);
  EXPECT_EQ(file.address_of(0x100), std::nullopt);
}

TEST(Executables, OurOwnProgramHasSymbols) {
  const auto self = read_executable("/proc/self/exe");
  ASSERT_TRUE(self.has_value());
  EXPECT_NE(self->find("main"), nullptr);
  EXPECT_FALSE(read_executable("/etc/passwd").has_value());
  EXPECT_EQ(read_executable("/no/such/file").error().system_error, ENOENT);
}

TEST(DebugFolders, ComeBeforeTheUsualOnes) {
  const auto folders = debug_folders("/usr:+/usr/lib/");
  ASSERT_TRUE(folders.has_value());
  ASSERT_EQ(folders->size(), 2 + usual_debug_folders().size());
  EXPECT_EQ((*folders)[0].path, "/usr");
  EXPECT_FALSE((*folders)[0].wants_checksum);
  EXPECT_TRUE((*folders)[1].path.ends_with("lib"));
  EXPECT_TRUE((*folders)[1].wants_checksum);
  EXPECT_EQ(debug_folders("")->size(), usual_debug_folders().size());
  EXPECT_FALSE(debug_folders("/etc/passwd").has_value());
}

TEST(BuildIds, AreFoundAmongNotes) {
  const std::string other("\4\0\0\0\3\0\0\0\1\0\0\0XYZ\0abc\0", 20);
  const std::string own("\4\0\0\0\2\0\0\0\3\0\0\0GNU\0\x12\xab", 18);
  EXPECT_EQ(build_id_in(other + own), "12ab");
  EXPECT_EQ(build_id_in(other), "");
  EXPECT_EQ(build_id_in(own.substr(0, 17)), "");
}

TEST(Demangling, ShowsReadableNames) {
  EXPECT_EQ(demangled("_ZN6shapes4areaEi"), "shapes::area(int)");
  EXPECT_EQ(demangled("main"), "main");
  EXPECT_EQ(demangled("_Znonsense"), "_Znonsense");
}

TEST(KernelFunctionLists, AreParsed) {
  EXPECT_EQ(parse_traceable("vfs_read")->module, "vmlinux");
  EXPECT_EQ(parse_traceable("ext4_open [ext4]")->module, "ext4");
  EXPECT_EQ(parse_kallsyms_function("ffffffff81000000 T vfs_read")->name, "vfs_read");
  EXPECT_EQ(parse_kallsyms_function("ffffffffc0000000 t ext4_open\t[ext4]")->module, "ext4");
  EXPECT_FALSE(parse_kallsyms_function("ffffffff81000000 D jiffies").has_value());
  EXPECT_FALSE(parse_kallsyms_function("ffffffff81000000 T __pfx_vfs_read").has_value());
  EXPECT_FALSE(parse_kallsyms_function("ffffffff81000000 t __cfi_vfs_read").has_value());
  EXPECT_TRUE(is_never_matched("rcu_read_lock"));
  EXPECT_FALSE(is_never_matched("vfs_read"));
}

TEST(LibraryCache, NamesThatAreNotThereHaveNoPath) {
  EXPECT_EQ(library_in_cache("", "libc"), "");
  EXPECT_EQ(library_in_cache("glibc-ld.so.cache1.1", "libc"), "");
}

TEST(Registers, AreKnownByTheNamesOfScriptsAndOfAssembler) {
  EXPECT_EQ(register_offset("di"), 112u);
  EXPECT_EQ(register_offset("pc"), register_offset("ip"));
  EXPECT_FALSE(register_offset("eax").has_value());
  EXPECT_EQ(assembler_register("rdi")->size, 8u);
  EXPECT_EQ(assembler_register("edi")->size, 4u);
  EXPECT_EQ(assembler_register("r10d")->size, 4u);
  EXPECT_EQ(assembler_register("ah")->first_byte, 1u);
  EXPECT_EQ(assembler_register("sil")->size, 1u);
  EXPECT_FALSE(assembler_register("xmm0").has_value());
}

TEST(StaticArguments, TakeAllForms) {
  Executable file;
  file.symbols = {{"variable", 0x4000, 8, false}};
  const auto fields = parse_static_arguments("-4@%edi 8@-16(%rbp) 2@$-7 8@8(%rax,%rcx,4) 8@variable+8(%rip) %rsi", file, 0x1000);
  ASSERT_TRUE(fields.has_value());
  ASSERT_EQ(fields->size(), 6u);
  EXPECT_EQ((*fields)[0].source, ContextSource::register_value);
  EXPECT_TRUE((*fields)[0].read.is_signed());
  EXPECT_EQ((*fields)[1].displacement, -16);
  EXPECT_EQ((*fields)[2].displacement, 0xfff9);  // cut to an unsigned integer of 2 bytes
  EXPECT_EQ((*fields)[3].scale, 4u);
  EXPECT_EQ((*fields)[4].displacement, 0x3008);
  EXPECT_EQ((*fields)[5].read.size(), 8u);
}

TEST(StaticArguments, UnknownFormsAreNamed) {
  const Executable file;
  EXPECT_EQ(parse_static_arguments("8@%xmm0", file, 0).error(), "8@%xmm0");
  EXPECT_EQ(parse_static_arguments("3@%rax", file, 0).error(), "3@%rax");
  EXPECT_EQ(parse_static_arguments("8@nothing(%rip)", file, 0).error(), "8@nothing(%rip)");
}

}  // namespace
}  // namespace fathom
