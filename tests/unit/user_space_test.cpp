// What is known of user space: mappings, symbols, names of libraries, operands of static probes.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <lzma.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "ast/registers.h"
#include "runtime/elf.h"
#include "runtime/find_executables.h"
#include "runtime/kernel_functions.h"
#include "runtime/probes/usdt_arguments.h"
#include "runtime/user_symbols.h"

namespace fathom {
namespace {

[[gnu::noinline]] void a_function() { asm volatile(""); }

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
  EXPECT_EQ(parse_static_arguments("-9223372036854775808@%rax", file, 0).error(), "-9223372036854775808@%rax");
}

TEST(StaticArguments, DistancesWrapAround) {
  Executable file;
  file.symbols = {{"variable", 0x7fffffffffffffff, 8, false}};
  EXPECT_TRUE(parse_static_arguments("8@variable+9223372036854775807(%rip)", file, 0).has_value());
}

TEST(Executables, WhatIsNoFileIsNotOpened) {
  const std::string pipe = testing::TempDir() + "fathom-pipe";
  unlink(pipe.c_str());
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_executable(pipe).error().system_error, ENOEXEC);
  EXPECT_EQ(read_executable("/").error().system_error, ENOEXEC);
  unlink(pipe.c_str());
}

// Some kilobytes that would fill the memory.
TEST(PackedSymbols, HaveABound) {
  const auto packed = [](std::size_t size) {
    const std::vector<std::uint8_t> zeros(size);
    std::string out(lzma_stream_buffer_bound(size), '\0');
    std::size_t length = 0;
    EXPECT_EQ(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, nullptr, zeros.data(), size, reinterpret_cast<std::uint8_t*>(out.data()), &length, out.size()), LZMA_OK);
    out.resize(length);
    return out;
  };
  EXPECT_EQ(unpack_xz(packed(1u << 20)).size(), 1u << 20);
  EXPECT_EQ(unpack_xz(packed((128u << 20) + 1)).size(), 0u);
}

// Somebody asks every 100 ms for an address that is nowhere, of a process that maps something new all the time.
TEST(UserSymbols, KeepsNoMoreStatesOfAProcessThanMatter) {
  const auto self = static_cast<std::uint32_t>(getpid());
  const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  UserSymbols symbols;
  std::vector<void*> places;
  for (int i = 0; i < 40; ++i) {
    places.push_back(mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, file, 4096 * (i % 2 * 5 + 1)));
    symbols.remember(self);
  }
  EXPECT_LE(symbols.readings_of(self), 16u);
  EXPECT_GE(symbols.readings_of(self), 2u);
  EXPECT_TRUE(symbols.name_of(reinterpret_cast<std::uintptr_t>(&a_function), self).symbol.find("a_function") != std::string::npos);
  for (void* place : places) munmap(place, 4096);
  close(file);
}

TEST(UserSymbols, AnUnchangedProcessIsKeptOnce) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  UserSymbols symbols;
  for (int i = 0; i < 5; ++i) symbols.remember(static_cast<std::uint32_t>(child));
  EXPECT_EQ(symbols.readings_of(static_cast<std::uint32_t>(child)), 1u);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

// What lies in /tmp anybody can have put there.
TEST(UserSymbols, NamesOfCodeMadeAtRunTimeHaveABound) {
  const auto self = static_cast<std::uint32_t>(getpid());
  const std::string path = fmt::format("/tmp/perf-{}.map", self);
  std::ofstream(path) << "10 10 made\n";
  EXPECT_EQ(UserSymbols().name_of(0x12, self).symbol, "made");
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40);  // mostly a hole
  EXPECT_EQ(UserSymbols().name_of(0x12, self).symbol, "");
  std::filesystem::remove(path);
}

// An update of a program that runs.
TEST(FindExecutables, AProgramWhoseFileHasGoneIsReachedThroughItsProcess) {
  const std::string copy = testing::TempDir() + "fathom-gone";
  std::filesystem::copy_file("/bin/sleep", copy, std::filesystem::copy_options::overwrite_existing);
  const pid_t child = fork();
  if (child == 0) {
    execl(copy.c_str(), copy.c_str(), "60", nullptr);
    _exit(1);
  }
  const std::string link = fmt::format("/proc/{}/exe", child);
  std::error_code error;
  for (int i = 0; i < 500 && std::filesystem::read_symlink(link, error) != copy; ++i) usleep(10000);
  std::filesystem::remove(copy);
  EXPECT_EQ(find_executables("", static_cast<std::uint32_t>(child)), std::vector{link});
  EXPECT_TRUE(read_executable(link).has_value());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace fathom
