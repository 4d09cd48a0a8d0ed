// Third pass: resolves names and gives every expression its type. Map and variable types are merged over the whole program, so the pass
// is run until they no longer change; only the last run reports.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "ast/check.h"
#include "ast/passes/expand_probes.h"
#include "ast/prototype.h"

namespace fathom {

// Fills facts and variables of every probe and the program's maps. Where earlier passes reported errors, some probes are missing, and what
// only they could have written is not called unknown. `left_out`: they say what the maps hold that they alone write, and get no diagnostics.
void infer_types(CheckedProgram& program, std::vector<LeftOutProbe> left_out, const Catalog& catalog, const Target& target, Diagnostics& diagnostics);

// Whether a name without suffixes is that of a type.
bool is_type_name(const std::string& name, const Target& target);

// One run over one probe. Split by subject: statements in infer.cpp, expressions in infer_expressions.cpp, access to members and
// elements in infer_access.cpp, types by name and casts in infer_types.cpp, calls in infer_calls.cpp.
class Inference {
 public:
  using Maps = std::map<std::string, CheckedMap>;

  // What is known by the time of a run.
  struct Round {
    bool is_final = false;      // what is still unknown is an error
    bool complete = true;       // no probe of the script is missing
    bool context_known = true;  // false: what the body reads of the probe's context has no type
  };

  Inference(CheckedProgram& program, CheckedProbe& probe, Maps& maps, const Catalog& catalog, const Target& target, Diagnostics& diagnostics, Round round)
      : program_(program), probe_(probe), maps_(maps), catalog_(catalog), target_(target), diagnostics_(diagnostics), final_(round.is_final),
        complete_(round.complete), context_known_(round.context_known) {}

  // Returns whether a variable's type changed.
  bool run();

 private:
  friend class CallInference;
  using Kind = ast::Expression::Kind;

  // statements
  void block(const ast::Block& block);
  void statements(const ast::Block& block);
  void statement(const ast::Statement& statement);
  void branch(const ast::Block& block, bool never_taken);
  void expression_statement(const ast::Expression& expression);
  void assignment(const ast::Statement& statement, const ast::Assignment& node);
  void assign_map(const ast::Assignment& node, const ast::MapAccess& target, Range range);
  void assign_variable(const ast::Assignment& node, const ast::Variable& target, Range range);
  void condition(const ast::Expression& expression);
  void discard(const ast::Expression& expression);
  void check_literal(const CheckedVariable& variable, const ast::Expression& value);
  void unroll(const ast::Unroll& node);
  void declaration(const ast::Declaration& node, Range range);
  void leave(const ast::Return& node);
  void leave_loop(Range range, const char* what);
  void while_loop(const ast::While& node);
  void for_loop(const ast::For& node);
  void loop_body(const ast::Block& body, Range range);
  // What a `for` over this sequence gives its variable.
  Type sequence_element(const ast::Expression& sequence);

  // expressions: each returns the type and fills the facts
  const Type& infer(const ast::Expression& expression);
  // The same for a place that needs a value: `none` calls and aggregations are reported.
  const Type& value(const ast::Expression& expression);
  Type positional(const ast::Positional& node, Range range, Facts& facts);
  Type variable(const ast::Variable& node, Range range, Facts& facts);
  Type map_read(const ast::MapAccess& node, Range range, Facts& facts);
  // What an element reads as: aggregations as the number that they come to.
  Type element_value(const CheckedMap& map, Range range);
  Type unary(const ast::Unary& node, Range range, Facts& facts);
  Type step(const ast::Step& node, Range range, Facts& facts);
  Type binary(const ast::Binary& node, Range range, Facts& facts);
  void check_right_side(ast::BinaryOperator op, const ast::Expression& divisor);
  Type ternary(const ast::Ternary& node, Range range, Facts& facts);
  Type tuple(const ast::Tuple& node);
  Type record(const ast::Record& node);
  // The parts of either; empty while some are unknown.
  std::optional<std::vector<Type>> elements(const ast::Expressions& expressions, const char* where);

  // types by name, casts, sizes, addresses
  std::optional<Type> base_type(const ast::TypeName& name, bool& takes_capacity);
  // `bytes`: what an array without a size is to hold.
  std::optional<Type> resolve(const ast::TypeName& name, std::uint32_t bytes = 0);
  Type cast(const ast::Cast& node, Range range, Facts& facts);
  Type size_of(const ast::SizeOf& node, Facts& facts);
  Type offset_of(const ast::OffsetOf& node, Facts& facts);
  std::optional<Type> type_of(const ast::Expression& expression);
  Type address_of(const ast::Expression& operand, Facts& facts);
  std::optional<AddressSpace> space_of_member(const ast::Expression& operand);
  // `args` with its fields laid out as a struct.
  Type context_type() const;
  // A struct with its layout and those of the structs in it, so that its values can be copied and printed.
  Type complete(const Type& type) const;
  Type with_sized_pointee(const Type& pointer) const;

  Type comptime(const ast::Comptime& node, Facts& facts);
  Type block_expression(const ast::BlockExpression& node, Facts& facts);
  Type result_of(const ast::TypeName& name, const Type& returned, Range range);
  void require_value(const ast::BlockExpression& node, Range range);
  // Reports that the kernel lacks what `construct` needs, if it does.
  void need(Feature feature, Range range, std::string_view construct, std::string_view instead);

  // members and elements
  Type member(const ast::Member& node, Facts& facts);
  Type context_field(const ast::Member& node, Facts& facts);
  Type element_of_tuple(const ast::Member& node, const Type& base, Facts& facts);
  Type struct_member(const ast::Member& node, const Type& structure, AddressSpace space, Facts& facts);
  // Reports where there is none; `base` is what the struct was written as.
  std::optional<StructMember> find_member(const Type& structure, const std::string& name, Range base, Range name_range);
  void take_part(const ast::ExpressionPtr& tuple, std::uint32_t index, Facts& facts);
  Type subscript(const ast::Subscript& node, Range range, Facts& facts);
  Type dereference(const Type& pointer, Range range);

  // names and calls
  Type identifier(const ast::Identifier& node, const ast::Expression& expression, Facts& facts);
  Type call(const ast::Call& node, const ast::Expression& expression, Facts& facts);
  Type invoke(const Builtin& row, std::string_view name, const ast::Expression& expression, const ast::Expressions& arguments, Facts& facts);
  void argument(std::string_view name, const Parameter& parameter, const ast::Expression& argument);
  void check_stability(const Builtin& row, std::string_view name, Range range);
  void output_variable(std::string_view name, const ast::Expression& argument);

  // maps and variables
  void undefined_map(const CheckedMap& map, Range range);
  CheckedMap& map_of(const ast::MapAccess& node, Range range);
  // Infers the keys of an access and merges them into the map's key type.
  void keys(const ast::MapAccess& node, Range range, CheckedMap& map);
  void merge_key(CheckedMap& map, const Type& key, Range range);
  void merge_value(CheckedMap& map, const Type& type, Range range);
  std::optional<std::uint32_t> find_variable(const std::string& name) const;
  std::uint32_t declare_variable(const std::string& name);
  void declare_hoisted();
  // A variable that an inner block gave its value is from the next round on declared for the whole probe; false if there is none.
  bool hoist(const std::string& name);
  void merge_variable(std::uint32_t index, const Type& type, Range range);
  // Takes note of what a variable is set to; null: of something that is no expression.
  void note_value(std::uint32_t index, const ast::Expression* value);
  void check_intervals(const CheckedMap& map, const Type& type, Range range);
  bool storable(const Type& type, Range range, const char* where);

  Facts& facts(const ast::Expression& expression) { return probe_.facts[expression.id - probe_.probe->first_node]; }

  CheckedProgram& program_;
  CheckedProbe& probe_;
  Maps& maps_;
  const Catalog& catalog_;
  const Target& target_;
  Diagnostics& diagnostics_;
  bool final_;
  bool complete_;
  bool context_known_;
  bool changed_ = false;
  // A measure of the instructions that the probe will need: expressions, repeated as often as `unroll` does.
  std::uint64_t cost_ = 0;
  std::uint64_t repeat_ = 1;
  std::uint32_t unreachable_ = 0;  // branches around that are never taken
  bool format_follows_ = false;  // the next literal is a format, which may be as long as it likes
  std::uint32_t declared_ = 0;  // variables met so far in this run
  struct Scope {
    std::map<std::string, std::uint32_t> names;
  };
  std::vector<Scope> scopes_;
  std::set<std::string> let_names_;  // declared by `let`: these keep to their block
  std::uint32_t loops_ = 0;          // loops around the current statement
  std::uint32_t outlined_ = 0;       // those of them that become functions of their own: all but `unroll`
  std::vector<Type> returns_;        // expanded functions around the current statement: what they return
};

}  // namespace fathom
