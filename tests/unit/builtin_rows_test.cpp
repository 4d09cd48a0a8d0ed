// Every row of the tables of builtins, used wrongly: with more arguments than it takes, with fewer than it needs, and, where its parameters
// say what they take, with a value of another kind. Each has to be refused by the diagnostic for it, so that no row needs a test of its own
// for what its prototype says.
#include <gtest/gtest.h>

#include "ast/prototype.h"
#include "compile_helpers.h"

namespace fathom {
namespace {

std::vector<std::pair<const Builtin*, Prototype>> rows() {
  std::vector<std::pair<const Builtin*, Prototype>> result;
  for (const BuiltinFamily& family : codegen::builtin_families()) {
    for (const Builtin& row : family.rows) result.emplace_back(&row, parse_prototype(row.prototype).value_or(Prototype{}));
  }
  return result;
}

std::string call(const Prototype& prototype, std::size_t arguments, std::string_view argument) {
  std::string name = prototype.name.ends_with('N') ? prototype.name.substr(0, prototype.name.size() - 1) + "0" : prototype.name;
  std::string text = "tracepoint:sched:sched_switch { @k[1] = 1; @v = " + name + "(";
  for (std::size_t i = 0; i < arguments; ++i) text += std::string(i == 0 ? "" : ", ") + std::string(argument);
  return text + "); }";
}

TEST(BuiltinRows, TooManyArgumentsAreRefused) {
  const FakeTarget target = FakeTarget::with_samples();
  for (const auto& [row, prototype] : rows()) {
    if (prototype.variadic) continue;
    std::string text = call(prototype, prototype.parameters.size() + 1, "1");
    EXPECT_NE(check_text(text, target).ids(), "") << text;
  }
}

TEST(BuiltinRows, TooFewArgumentsAreRefused) {
  const FakeTarget target = FakeTarget::with_samples();
  for (const auto& [row, prototype] : rows()) {
    if (prototype.required == 0) continue;
    std::string text = call(prototype, prototype.required - 1, "1");
    EXPECT_NE(check_text(text, target).ids(), "") << text;
  }
}

// A stack, which nearly nothing takes.
TEST(BuiltinRows, ArgumentsOfAnotherKindAreRefused) {
  const FakeTarget target = FakeTarget::with_samples();
  for (const auto& [row, prototype] : rows()) {
    if (prototype.required == 0) continue;
    const std::vector<ParameterKind>& kinds = prototype.parameters[0].kinds;
    const bool takes_stacks = std::ranges::any_of(kinds, [](ParameterKind kind) {
      return kind == ParameterKind::any || kind == ParameterKind::stack || kind == ParameterKind::type;
    });
    if (takes_stacks) continue;
    std::string text = call(prototype, prototype.required, "kstack");
    EXPECT_NE(check_text(text, target).ids(), "") << text;
  }
}

}  // namespace
}  // namespace fathom
