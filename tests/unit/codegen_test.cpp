// The tables of builtins, and code generation without a kernel: every row is complete, the same script gives the same bytes.
#include <gtest/gtest.h>

#include "ast/prototype.h"
#include "codegen/codegen.h"
#include "compile_helpers.h"

namespace fathom {
namespace {

Image image_of(const std::string& text) {
  static const FakeTarget target = FakeTarget::with_samples();
  Compiled compiled = check_text(text, target);
  EXPECT_EQ(compiled.ids(), "");
  auto image = codegen::emit(codegen::lower(compiled.checked));
  EXPECT_TRUE(image) << (image ? "" : image.error().message);
  return image ? std::move(*image) : Image{};
}

TEST(Builtins, EveryRowIsComplete) {
  for (const BuiltinFamily& family : codegen::builtin_families()) {
    EXPECT_FALSE(family.title.empty());
    for (const Builtin& row : family.rows) {
      auto prototype = parse_prototype(row.prototype);
      ASSERT_TRUE(prototype) << row.prototype;
      EXPECT_NE(row.lower, nullptr) << row.prototype;
      EXPECT_TRUE(row.doc.ends_with('.')) << row.prototype;
      bool has_result = prototype->result.has_value() || row.aggregation.has_value();
      EXPECT_TRUE(has_result || row.check != nullptr) << row.prototype;
      EXPECT_EQ(row.form == Form::aggregation, row.aggregation.has_value()) << row.prototype;
    }
  }
}

TEST(Builtins, NamesAreUnique) {
  std::vector<std::string> names = builtin_names(codegen::builtin_families());
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

TEST(Codegen, TheSameScriptGivesTheSameBytes) {
  const std::string text = "BEGIN { @x[comm, pid] = hist(nsecs); printf(\"%s %d\\n\", str(curtask), 5); @y = (1, \"a\"); }";
  Image first = image_of(text);
  Image second = image_of(text);
  EXPECT_FALSE(first.elf.empty());
  EXPECT_EQ(first.elf, second.elf);
  EXPECT_EQ(to_json(first.plan), to_json(second.plan));
}

TEST(Codegen, OnlyWhatIsUsedIsPlanned) {
  Plan plan = image_of("tracepoint:syscalls:sys_enter_openat { @ = count() }").plan;
  EXPECT_FALSE(plan.uses_data_ring);
  EXPECT_FALSE(plan.uses_control_ring);
  EXPECT_FALSE(plan.uses_printk);
  EXPECT_EQ(plan.stack_words, 0u);
  plan = image_of("BEGIN { printf(\"x\"); clear(@x); @x = kstack; printk(\"y\") }").plan;
  EXPECT_TRUE(plan.uses_data_ring && plan.uses_control_ring && plan.uses_printk);
  EXPECT_EQ(plan.stack_words, 127u);
}

TEST(Codegen, FormatsAreShared) {
  Plan plan = image_of("BEGIN { printf(\"%d\", 1); printf(\"%d\", 2); printf(\"%s\", \"a\") }").plan;
  EXPECT_EQ(plan.formats.size(), 2u);
}

TEST(Codegen, CookiesOnlyWhereAProgramMustTellItsAttachPointsApart) {
  EXPECT_FALSE(image_of("tracepoint:syscalls:* { @ = count() }").plan.programs[0].needs_cookie);
  EXPECT_FALSE(image_of("tracepoint:sched:sched_switch { @[probe] = count() }").plan.programs[0].needs_cookie);
  EXPECT_TRUE(image_of("tracepoint:syscalls:* { @[probe] = count() }").plan.programs[0].needs_cookie);
}

TEST(Codegen, MapNamesFitTheKernel) {
  Plan plan = image_of("BEGIN { @a_name_far_longer_than_the_kernel_keeps = 1; @a_name_far_longer_than_the_kernel_keeps2 = 1 }").plan;
  ASSERT_EQ(plan.maps.size(), 2u);
  EXPECT_LE(plan.maps[0].object_name.size(), 15u);
  EXPECT_NE(plan.maps[0].object_name, plan.maps[1].object_name);
}

}  // namespace
}  // namespace fathom
