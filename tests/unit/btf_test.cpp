// Kernel types: conversion of BTF made by the test, and the running kernel's own.
#include <bpf/btf.h>
#include <gtest/gtest.h>
#include <linux/btf.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "runtime/btf.h"

namespace fathom {
namespace {

// BTF written to a file for the time of a test.
class MadeBtf : public testing::Test {
 protected:
  void SetUp() override { source_ = btf__new_empty(); }
  void TearDown() override {
    btf__free(source_);
    if (!path_.empty()) std::remove(path_.c_str());
  }
  Btf& load() {
    path_ = testing::TempDir() + "fathom_btf_" + std::to_string(getpid());
    std::uint32_t size = 0;
    const void* bytes = btf__raw_data(source_, &size);
    std::ofstream(path_, std::ios::binary).write(static_cast<const char*>(bytes), size);
    return btf_.emplace(path_);
  }
  const StructMember& member(const char* structure, const char* name) {
    static const StructMember none;
    const std::optional<Type> type = btf_->find_type(structure);
    if (!type) return none;
    const auto layout = btf_->layout(*type);
    const StructMember* found = layout ? layout->find(name) : nullptr;
    return found == nullptr ? none : *found;
  }

  btf* source_ = nullptr;
  std::optional<Btf> btf_;
  std::string path_;
};

TEST_F(MadeBtf, ConvertsMembersOfEveryKind) {
  const int integer = btf__add_int(source_, "int", 4, BTF_INT_SIGNED);
  const int character = btf__add_int(source_, "char", 1, 0);
  const int byte = btf__add_int(source_, "unsigned char", 1, 0);
  const int truth = btf__add_int(source_, "_Bool", 1, BTF_INT_BOOL);
  const int real = btf__add_float(source_, "double", 8);
  const int wide = btf__add_int(source_, "__int128", 16, BTF_INT_SIGNED);
  const int alias = btf__add_typedef(source_, "number_t", btf__add_const(source_, btf__add_volatile(source_, integer)));
  const int text = btf__add_array(source_, integer, character, 16);
  const int bytes = btf__add_array(source_, integer, byte, 6);
  const int table = btf__add_array(source_, integer, btf__add_array(source_, integer, integer, 3), 2);
  const int open_end = btf__add_array(source_, integer, character, 0);
  const int prototype = btf__add_func_proto(source_, 0);
  const int function = btf__add_ptr(source_, prototype);
  const int nothing = btf__add_ptr(source_, btf__add_const(source_, 0));
  const int self = btf__add_ptr(source_, btf__type_cnt(source_) + 1);
  ASSERT_EQ(btf__add_struct(source_, "thing", 128), self + 1);
  btf__add_field(source_, "alias", alias, 0, 0);
  btf__add_field(source_, "text", text, 32, 0);
  btf__add_field(source_, "bytes", bytes, 160, 0);
  btf__add_field(source_, "truth", truth, 208, 0);
  btf__add_field(source_, "table", table, 224, 0);
  btf__add_field(source_, "function", function, 448, 0);
  btf__add_field(source_, "nothing", nothing, 512, 0);
  btf__add_field(source_, "self", self, 576, 0);
  btf__add_field(source_, "real", real, 640, 0);
  btf__add_field(source_, "wide", wide, 768, 0);
  btf__add_field(source_, "open_end", open_end, 1024, 0);
  load();

  const auto spelled = [&](const char* name) { return to_string(member("struct thing", name).type); };
  EXPECT_EQ(spelled("alias"), "int32");
  EXPECT_EQ(spelled("text"), "string[16]");
  EXPECT_EQ(spelled("bytes"), "uint8[6]");
  EXPECT_EQ(spelled("truth"), "bool");
  EXPECT_EQ(member("struct thing", "table").type, Type::array(Type::array(Type::integer(4, true), 3), 2));
  EXPECT_EQ(member("struct thing", "function").type, Type::pointer(Type::none(), AddressSpace::kernel));
  EXPECT_EQ(member("struct thing", "nothing").type, Type::pointer(Type::none(), AddressSpace::kernel));
  EXPECT_EQ(spelled("self"), "struct thing *");
  EXPECT_EQ(spelled("real"), "buffer[8]");
  EXPECT_EQ(spelled("wide"), "buffer[16]");
  EXPECT_EQ(member("struct thing", "open_end").type, Type::array(Type::integer(1, true), 0));
  EXPECT_EQ(member("struct thing", "text").offset, 4u);
  EXPECT_EQ(member("struct thing", "self").offset, 72u);
  EXPECT_EQ(member("struct thing", "alias").bit_size, 0u);
}

TEST_F(MadeBtf, BitfieldsLieInTheirStorage) {
  const int number = btf__add_int(source_, "unsigned int", 4, 0);
  btf__add_struct(source_, "flags", 8);
  btf__add_field(source_, "first", number, 0, 3);
  btf__add_field(source_, "second", number, 3, 10);
  btf__add_field(source_, "third", number, 35, 1);
  btf__add_field(source_, "", number, 36, 4);
  load();
  EXPECT_EQ(member("struct flags", "first").bit_offset, 0u);
  EXPECT_EQ(member("struct flags", "first").bit_size, 3u);
  EXPECT_EQ(member("struct flags", "second").offset, 0u);
  EXPECT_EQ(member("struct flags", "second").bit_offset, 3u);
  EXPECT_EQ(member("struct flags", "third").offset, 4u);
  EXPECT_EQ(member("struct flags", "third").bit_offset, 3u);
  EXPECT_EQ(btf_->layout(*btf_->find_type("struct flags"))->members.size(), 3u) << "padding is no member";
}

TEST_F(MadeBtf, PackedBitfieldsStayWithinTheStruct) {
  const int number = btf__add_int(source_, "unsigned int", 4, 0);
  btf__add_struct(source_, "packed", 5);
  btf__add_field(source_, "crossing", number, 30, 4);
  btf__add_field(source_, "last", number, 36, 4);
  load();
  EXPECT_EQ(member("struct packed", "crossing").offset, 3u);
  EXPECT_EQ(member("struct packed", "crossing").bit_offset, 6u);
  EXPECT_EQ(member("struct packed", "crossing").type.size(), 2u);
  EXPECT_EQ(member("struct packed", "last").offset, 4u);
  EXPECT_EQ(member("struct packed", "last").type.size(), 1u);
  EXPECT_EQ(member("struct packed", "last").bit_offset, 4u);
}

TEST_F(MadeBtf, AnonymousMembersAreFoundByTheirTypeId) {
  const int number = btf__add_int(source_, "int", 4, BTF_INT_SIGNED);
  const int inner = btf__add_union(source_, nullptr, 4);
  btf__add_field(source_, "a", number, 0, 0);
  btf__add_field(source_, "b", number, 0, 0);
  btf__add_struct(source_, "outer", 8);
  btf__add_field(source_, "", inner, 32, 0);
  load();
  const auto outer = btf_->layout(*btf_->find_type("struct outer"));
  ASSERT_TRUE(outer);
  ASSERT_EQ(outer->members.size(), 1u);
  EXPECT_EQ(outer->members[0].name, "");
  EXPECT_EQ(outer->members[0].offset, 4u);
  const auto layout = btf_->layout(outer->members[0].type);
  ASSERT_TRUE(layout);
  EXPECT_TRUE(layout->is_union);
  EXPECT_EQ(layout->members.size(), 2u);
}

TEST_F(MadeBtf, AStructWithoutATagGoesByItsTypedef) {
  const int number = btf__add_int(source_, "int", 4, BTF_INT_SIGNED);
  const int inner = btf__add_struct(source_, nullptr, 4);
  btf__add_field(source_, "counter", number, 0, 0);
  btf__add_typedef(source_, "counter_t", inner);
  load();
  const std::optional<Type> type = btf_->find_type("counter_t");
  ASSERT_TRUE(type);
  EXPECT_EQ(type->name(), "counter_t");
  ASSERT_TRUE(btf_->layout(*type));
  EXPECT_NE(btf_->layout(*type)->find("counter"), nullptr);
}

TEST_F(MadeBtf, EnumsKeepTheirNamesAndSigns) {
  btf__add_enum(source_, "plain", 4);
  btf__add_enum_value(source_, "ZERO", 0);
  btf__add_enum_value(source_, "BIG", 0xffffffff - 1);
  btf__add_enum(source_, "with_negative", 4);
  btf__add_enum_value(source_, "MINUS", -1);
  btf__add_enum64(source_, "wide", 8, false);
  btf__add_enum64_value(source_, "HUGE", 1ull << 40);
  load();
  const std::optional<Type> plain = btf_->find_type("enum plain");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->enumerators().size(), 2u);
  EXPECT_EQ(btf_->enumerator("ZERO")->second, *plain);
  EXPECT_EQ(btf_->enumerator("BIG")->first, 0xfffffffe);
  EXPECT_EQ(btf_->enumerator("MINUS")->first, -1);
  EXPECT_TRUE(btf_->enumerator("MINUS")->second.is_signed());
  EXPECT_EQ(btf_->enumerator("HUGE")->first, std::int64_t(1) << 40);
  EXPECT_EQ(btf_->find_type("enum wide")->size(), 8u);
  EXPECT_FALSE(btf_->enumerator("NONE"));
  EXPECT_FALSE(btf_->enumerator(""));
  EXPECT_FALSE(btf_->find_type("enum NONE"));
}

TEST_F(MadeBtf, WithoutMarksAnEnumWithANegativeValueIsSigned) {
  btf__add_enum(source_, "old", 4);
  btf__add_enum_value(source_, "MINUS", 0xffffffff);
  load();
  EXPECT_EQ(btf_->enumerator("MINUS")->first, -1);
}

TEST_F(MadeBtf, UserPointersAreToldByTheirTag) {
  const int character = btf__add_int(source_, "char", 1, 0);
  btf__add_struct(source_, "thing", 16);
  const int thing = static_cast<int>(btf__type_cnt(source_)) - 1;
  btf__add_field(source_, "user", thing + 2, 0, 0);
  btf__add_field(source_, "kernel", thing + 3, 64, 0);
  btf__add_type_tag(source_, "user", character);
  btf__add_ptr(source_, thing + 1);
  btf__add_ptr(source_, character);
  load();
  EXPECT_EQ(member("struct thing", "user").type.space(), AddressSpace::user);
  EXPECT_EQ(member("struct thing", "kernel").type.space(), AddressSpace::kernel);
}

TEST_F(MadeBtf, ForwardDeclarationsAreCompletedByName) {
  const int number = btf__add_int(source_, "int", 4, BTF_INT_SIGNED);
  const int forward = btf__add_fwd(source_, "later", BTF_FWD_STRUCT);
  const int never = btf__add_fwd(source_, "never", BTF_FWD_STRUCT);
  btf__add_struct(source_, "holder", 16);
  btf__add_field(source_, "pointer", number + 4, 0, 0);
  btf__add_ptr(source_, forward);
  btf__add_struct(source_, "later", 4);
  btf__add_field(source_, "x", number, 0, 0);
  load();
  const Type pointee = member("struct holder", "pointer").type.pointee();
  EXPECT_EQ(pointee.name(), "later");
  ASSERT_TRUE(btf_->layout(pointee));
  EXPECT_EQ(btf_->layout(pointee)->size, 4u);
  EXPECT_FALSE(btf_->layout(Type::structure("never", false, 0, static_cast<std::uint32_t>(never))));
}

TEST_F(MadeBtf, TypesThatReferToThemselvesEnd) {
  const int first = btf__add_ptr(source_, 2);
  btf__add_ptr(source_, first);
  btf__add_typedef(source_, "loop_t", 4);
  btf__add_const(source_, 3);
  btf__add_typedef(source_, "pointer_loop_t", first);
  load();
  EXPECT_TRUE(btf_->find_type("loop_t"));
  EXPECT_TRUE(btf_->find_type("pointer_loop_t"));
}

TEST_F(MadeBtf, RawTracepointParametersTakeNamesFromTheKernelsFunctions) {
  const int number = btf__add_int(source_, "int", 4, BTF_INT_SIGNED);
  const int data = btf__add_ptr(source_, 0);
  const int bare = btf__add_func_proto(source_, 0);
  btf__add_func_param(source_, nullptr, data);
  btf__add_func_param(source_, nullptr, number);
  btf__add_typedef(source_, "btf_trace_event", btf__add_ptr(source_, bare));
  btf__add_typedef(source_, "btf_trace_bare", btf__add_ptr(source_, bare));
  const int named = btf__add_func_proto(source_, 0);
  btf__add_func_param(source_, "__data", data);
  btf__add_func_param(source_, "level", number);
  btf__add_func(source_, "__traceiter_event", BTF_FUNC_STATIC, named);
  load();
  const std::vector<StructMember> parameters = btf_->raw_tracepoint_parameters("event");
  ASSERT_EQ(parameters.size(), 1u);
  EXPECT_EQ(parameters[0].name, "level");
  EXPECT_EQ(to_string(parameters[0].type), "int32");
  ASSERT_EQ(btf_->raw_tracepoint_parameters("bare").size(), 1u);
  EXPECT_EQ(btf_->raw_tracepoint_parameters("bare")[0].name, "");
  EXPECT_TRUE(btf_->raw_tracepoint_parameters("none").empty());
  EXPECT_EQ(btf_->raw_tracepoints(), (std::vector<std::string>{"bare", "event"}));
}

TEST(Btf, AMissingFileHasNoAnswers) {
  Btf btf("/no/such/file");
  EXPECT_FALSE(btf.available());
  EXPECT_FALSE(btf.find_type("struct task_struct"));
  EXPECT_FALSE(btf.layout(Type::structure("task_struct", false, 0, 0)));
  EXPECT_FALSE(btf.enumerator("TCP_CLOSE"));
  EXPECT_TRUE(btf.struct_names().empty());
  EXPECT_TRUE(btf.raw_tracepoints().empty());
  EXPECT_TRUE(btf.raw_tracepoint_parameters("sched_switch").empty());
  EXPECT_TRUE(btf.find_type("unsigned long")) << "integers need no BTF";
}

#define NEEDS_BTF() \
  if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) GTEST_SKIP() << "skipped: no kernel BTF"

TEST(KernelBtf, TaskStructHasWhatScriptsRead) {
  NEEDS_BTF();
  Btf btf;
  const std::optional<Type> type = btf.find_type("struct task_struct");
  ASSERT_TRUE(type);
  EXPECT_GT(type->size(), 1000u);
  const auto layout = btf.layout(*type);
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout, btf.layout(*type)) << "remembered";
  ASSERT_NE(layout->find("comm"), nullptr);
  EXPECT_EQ(layout->find("comm")->type, Type::string(16));
  ASSERT_NE(layout->find("real_parent"), nullptr);
  EXPECT_EQ(to_string(layout->find("real_parent")->type), "struct task_struct *");
  EXPECT_TRUE(btf.layout(layout->find("real_parent")->type.pointee()));
  EXPECT_TRUE(btf.layout(Type::structure("task_struct", false, 0, 0))) << "by name alone";
}

// What a module adds continues the kernel's types and names; ids of two modules overlap.
TEST_F(MadeBtf, TypesOfModulesAreThereToo) {
  const int integer = btf__add_int(source_, "int", 4, BTF_INT_SIGNED);
  ASSERT_GT(btf__add_struct(source_, "base", 4), 0);
  btf__add_field(source_, "a", integer, 0, 0);
  load();
  const std::string directory = path_ + "_modules/";
  std::filesystem::create_directory(directory);
  for (const char* name : {"first", "second"}) {
    btf* module = btf__new_empty_split(source_);
    const int pointer = btf__add_ptr(module, integer + 1);
    ASSERT_GT(btf__add_struct(module, (std::string("of_") + name).c_str(), 16), 0);
    btf__add_field(module, "base", pointer, 0, 0);
    btf__add_field(module, name, integer, 64, 0);
    ASSERT_GT(btf__add_enum(module, "mode", 4), 0);
    btf__add_enum_value(module, (std::string("MODE_") + name).c_str(), 7);
    std::uint32_t size = 0;
    const void* bytes = btf__raw_data(module, &size);
    std::ofstream(directory + name, std::ios::binary).write(static_cast<const char*>(bytes), size);
    btf__free(module);
  }
  std::ofstream(directory + "damaged") << "no BTF";
  btf_.emplace(path_, directory);
  EXPECT_EQ(btf_->find_type("struct base")->size(), 4u);
  for (const std::string name : {"first", "second"}) {
    EXPECT_EQ(member(("struct of_" + name).c_str(), name.c_str()).offset, 8u);
    EXPECT_EQ(to_string(member(("struct of_" + name).c_str(), "base").type), "struct base *");
    EXPECT_EQ(btf_->enumerator("MODE_" + name)->first, 7);
  }
  EXPECT_FALSE(btf_->find_type("struct of_third"));
  EXPECT_TRUE(std::ranges::count(btf_->struct_names(), "struct of_second"));
  std::filesystem::remove_all(directory);
}

TEST_F(MadeBtf, DamagedFilesAreNoBtf) {
  btf__add_int(source_, "int", 4, BTF_INT_SIGNED);
  load();
  std::ifstream file(path_, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), {});
  for (std::size_t length = 0; length < whole.size(); length += 3) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << whole.substr(0, length);
    Btf btf(path_);
    EXPECT_FALSE(btf.available()) << length;
    EXPECT_FALSE(btf.find_type("struct x"));
  }
}

TEST(KernelBtf, KnowsTypedefsEnumsAndNames) {
  NEEDS_BTF();
  Btf btf;
  EXPECT_TRUE(btf.find_type("cpumask_t"));
  EXPECT_TRUE(btf.find_type("enum pid_type"));
  EXPECT_TRUE(btf.find_type("union sigval") || btf.find_type("union bpf_attr"));
  EXPECT_EQ(btf.enumerator("PIDTYPE_TGID")->first, 1);
  const std::vector<std::string> names = btf.struct_names();
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_TRUE(std::ranges::binary_search(names, "struct task_struct"));
  EXPECT_FALSE(btf.find_type("struct no_such_thing"));
  EXPECT_FALSE(btf.find_type("task_struct")) << "a tag is no typedef";
  EXPECT_FALSE(btf.find_type("struct"));
  EXPECT_FALSE(btf.find_type("struct "));
}

TEST(KernelBtf, SchedSwitchHasNamedParameters) {
  NEEDS_BTF();
  Btf btf;
  const std::vector<StructMember> parameters = btf.raw_tracepoint_parameters("sched_switch");
  ASSERT_GE(parameters.size(), 3u);
  EXPECT_EQ(parameters[1].name, "prev");
  EXPECT_EQ(to_string(parameters[1].type), "struct task_struct *");
  EXPECT_EQ(parameters[1].offset, 8u);
}

}  // namespace
}  // namespace fathom
