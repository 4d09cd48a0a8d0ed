// What a builtin row's lower function sees of its call: arguments, facts, the place of the result, and the events it may send.
#pragma once

#include <string>
#include <vector>

#include "codegen/lowering.h"

namespace fathom::codegen {

class CallLowering {
 public:
  CallLowering(ProbeLowering& probe, const ast::Expression& call, const ast::Expressions& arguments, const Destination* hint)
      : probe_(probe), call_(call), arguments_(arguments), hint_(hint) {}

  ProbeLowering& probe() { return probe_; }
  BpfBuilder& bpf() { return probe_.bpf(); }
  ProgramLowering& program() { return probe_.program(); }
  const Facts& facts() const { return probe_.facts(call_); }

  // Whether the call stands alone as a statement.
  bool unused() const { return probe_.is_unused(call_); }

  std::size_t count() const { return arguments_.size(); }
  const ast::Expression& argument(std::size_t index) const { return *arguments_[index]; }
  const Facts& facts(std::size_t index) const { return probe_.facts(*arguments_[index]); }
  llvm::Value* scalar(std::size_t index) { return probe_.scalar(*arguments_[index]); }
  // The constant that an argument is, or `otherwise` if it is not given.
  std::int64_t constant(std::size_t index, std::int64_t otherwise) const;

  // The result: a scalar, or memory. result_memory() is where a value of the call's type can be built: the place it is wanted in, or new.
  void give(llvm::Value* scalar) { result_ = {Operand::Place::scalar, scalar, facts().type}; }
  void give_memory(llvm::Value* memory) { result_ = {Operand::Place::memory, memory, facts().type}; }
  // An address of the current process as a symbol of it.
  void give_symbol(llvm::Value* address);
  Destination result_memory();
  const Operand& result() const { return result_; }

  // Sends a record with these arguments as fields, each stored as `types` says.
  void send(FormatStyle style, std::string text, std::size_t first, std::vector<Type> types);

  // Calls `use` with the object of the kernel that an argument is: what that gives, or 0 where there is no such object.
  llvm::Value* with_object(std::size_t index, const std::function<llvm::Value*(llvm::Value*)>& use);
  // Set where the call itself is wanted as such an object: it then gives what the verifier knows, not a number.
  void want_object() { wants_object_ = true; }
  bool wants_object() const { return wants_object_; }

  // Keyed element that an argument names: map number and key.
  std::uint32_t map(std::size_t index) const { return facts(index).index; }
  llvm::Value* key_of(std::size_t index);
  // The value of argument `index` as a key of the map.
  llvm::Value* as_key(std::uint32_t map, std::size_t index);

  // Aggregations: this CPU's value in the map that the call is assigned to.
  void set_target(std::uint32_t map, llvm::Value* key) {
    target_ = map;
    target_key_ = key;
  }
  // Whether all CPUs share one value of that map, which happens where it is too large for one each.
  bool target_is_shared() { return !probe_.map_plan(target_).per_cpu; }
  const Type& target_type() { return probe_.map_plan(target_).value; }
  void aggregate(const std::function<void(llvm::Value*)>& update) { probe_.aggregate(target_, target_key_, update); }

 private:
  ProbeLowering& probe_;
  const ast::Expression& call_;
  const ast::Expressions& arguments_;
  const Destination* hint_;
  Operand result_;
  bool wants_object_ = false;
  std::uint32_t target_ = 0;
  llvm::Value* target_key_ = nullptr;
};

// The lower function of builtins whose value is known to check.
void give_constant(CallLowering& call);

// A number of bytes as whole words.
constexpr std::uint32_t align_up(std::uint32_t size) { return (size + 7) / 8 * 8; }

}  // namespace fathom::codegen
