// From the checked program to LLVM IR and the Plan. ProgramLowering holds what all probes share; ProbeLowering makes one function.
// The parts of ProbeLowering stand in files by subject: lower_probe.cpp (frame, events), lower_statement.cpp, lower_expression.cpp,
// lower_memory.cpp (values larger than a register), lower_map.cpp.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ast/check.h"
#include "codegen/bpf_builder.h"
#include "codegen/outline_loops.h"
#include "runtime/layout.h"
#include "runtime/plan.h"

namespace fathom::codegen {

// A lowered value.
struct Operand {
  enum class Place : std::uint8_t {
    nothing,   // no value
    scalar,    // an i64 in `value`
    memory,    // `value` points to it, in memory that BPF may read directly
    remote,    // `value` is an i64 address in the space of `type`, to be read with a helper
  };
  Place place = Place::nothing;
  llvm::Value* value = nullptr;
  Type type;
  std::uint32_t alignment = 8;  // of memory
  bool padded = true;           // strings in memory: nothing but zeroes behind their NUL
};

// Strings up to this size are padded by unrolled stores, longer ones by a helper.
inline constexpr std::uint32_t max_inline_clear = 128;

// Where a value shall go. `padded`: every byte of the type's size must be defined (map keys, stored values); otherwise what follows a
// string's NUL may be anything (records).
struct Destination {
  llvm::Value* memory = nullptr;
  Type type;
  bool padded = true;
};

// What all probes of a program share.
class ProgramLowering {
 public:
  explicit ProgramLowering(const CheckedProgram& checked);

  void run();

  const CheckedProgram& checked() const { return checked_; }
  ObjectBuilder& object() { return object_; }
  Plan& plan() { return plan_; }

  // Index of the row in Plan::formats, shared between equal ones.
  std::uint32_t format(FormatPlan format);
  std::uint32_t time_format(const std::string& text);
  std::uint32_t cgroup_pattern(const std::string& text);
  std::uint32_t capture(const std::string& file);
  // Index in Plan::places.
  std::uint32_t place(Range range);
  // Index in Plan::errors.
  std::uint32_t error(ErrorPlan error);
  // void report_error(index, code): what programs call when something went wrong.
  llvm::Function* reporter();
  // Per-CPU memory that programs use for what does not fit on the stack: at least `bytes` of it. `range`: the statement that wants them.
  void need_scratch(std::uint32_t bytes, Range range) {
    if (bytes > scratch_bytes_) scratch_range_ = range;
    scratch_bytes_ = std::max(scratch_bytes_, bytes);
  }
  void need_counters() { uses_counters_ = true; }
  void need_control() { uses_control_ = true; }
  void need_processes() { uses_processes_ = true; }
  llvm::Function* counting_callback();
  llvm::GlobalVariable* run_state();

 private:
  void lower_pair(const CheckedProbe& probe, const CheckedProbe& back, llvm::Function* function);
  void plan_map(const CheckedMap& map, std::size_t index);
  void define_maps();
  void define_rings();

  const CheckedProgram& checked_;
  ObjectBuilder object_;
  Plan plan_;
  std::uint32_t scratch_bytes_ = 0;
  Range scratch_range_;
  bool uses_counters_ = false;
  bool uses_control_ = false;
  bool uses_processes_ = false;
  llvm::Function* counting_callback_ = nullptr;
  llvm::Function* reporter_ = nullptr;
};

// One function. Public is what builtin rows reach through CallLowering.
class ProbeLowering {
 public:
  ProbeLowering(ProgramLowering& program, const CheckedProbe& probe, llvm::Function* function);

  void run();

  BpfBuilder& bpf() { return bpf_; }
  ProgramLowering& program() { return program_; }
  const CheckedProbe& probe() const { return probe_; }
  llvm::Value* context() { return function_->getArg(0); }
  // Of an iterator: where it writes for whoever reads it.
  llvm::Value* sequence();
  const Facts& facts(const ast::Expression& expression) const { return probe_.of(expression); }

  // expressions
  Operand lower(const ast::Expression& expression, const Destination* hint = nullptr);
  Operand lower_kind(const ast::Expression& expression, const Destination* hint);
  Operand lower_bytes(const ast::Expression& expression);
  Operand text_literal(std::string_view text, const Type& type, const Destination* hint);
  llvm::Value* scalar(const ast::Expression& expression);
  llvm::Value* condition(const ast::Expression& expression);
  Operand context_field(const ContextField& field);
  // The pointer to an object of the kernel, as the verifier knows it (Facts::is_object); goes to `missing` where there is none.
  llvm::Value* object(const ast::Expression& expression, llvm::BasicBlock* missing);
  llvm::Value* object_argument(const ContextField& field);
  // Which of the probe's attach points fired: its index.
  llvm::Value* point();
  // Whether lowering it with a destination builds the value right there.
  bool writes_in_place(const ast::Expression& expression) const;

  // memory
  void store(const ast::Expression& expression, const Destination& destination);
  void store(const Operand& operand, const Destination& destination);
  // A copy of a value that BPF can address, e.g. for a helper's argument.
  llvm::Value* in_memory(const ast::Expression& expression, const Type& type);
  // 8-byte aligned memory for the rest of the function: on the stack while small, per-CPU scratch beyond.
  llvm::Value* temporary(std::uint32_t size);
  void read(llvm::Value* to, llvm::Value* address, std::uint32_t size, AddressSpace space);
  // The same, always in per-CPU memory: what a loop walks through with an offset that the verifier does not follow.
  llvm::Value* scratch(std::uint32_t size);
  // Stack memory for what the callback of a loop gets; only one loop runs at a time.
  llvm::Value* loop_context(std::uint32_t size);
  // Reads a NUL-terminated string; pads it if asked to. The length argument may cut it further (a scalar, NUL included).
  void read_string(const Destination& destination, llvm::Value* address, AddressSpace space, llvm::Value* length = nullptr);
  void store_literal(std::string_view text, const Destination& destination);
  llvm::Value* equals_memory(llvm::Value* left, llvm::Value* right, std::uint32_t size);

  // maps
  llvm::GlobalVariable* map(std::uint32_t index);
  const MapPlan& map_plan(std::uint32_t index) { return program_.plan().maps[index]; }
  llvm::Value* key(std::uint32_t map, const ast::Expressions& keys);
  void assign(std::uint32_t map, llvm::Value* key, const Operand& value);
  // Calls `update` with the address of this CPU's value, which is made if it is missing.
  void aggregate(std::uint32_t map, llvm::Value* key, const std::function<void(llvm::Value*)>& update);
  // The same for an element of `size` bytes of any kind: calls `use` with its address, made from zeroes where it is missing.
  void with_element(std::uint32_t map, llvm::Value* key, std::uint32_t size, const std::function<void(llvm::Value*)>& use);
  // The value of an element; zeroes where there is none.
  Operand read_element(std::uint32_t map, llvm::Value* key, const Type& type);
  void set_variable(std::uint32_t index, const Operand& value);
  // Process and thread id of the current task, in the high and the low half: in the namespace of fathom, or in the initial one.
  llvm::Value* task_ids(bool initial_namespace);
  void count_lost(layout::Counter counter);
  // Tells the user what went wrong at the statement being lowered, or at `range`. `subject`: a map's name; `helper` and `code`: what a
  // helper returned.
  void report_error(RunTimeError kind, std::string subject = {}, std::string helper = {}, llvm::Value* code = nullptr);
  // The same only where the condition holds.
  void report_failed_read(llvm::Value* result, const char* helper);
  // Whether a call stands alone as a statement, its result looked at by nobody.
  bool is_unused(const ast::Expression& call) const { return &call == unused_; }
  void report_error_when(llvm::Value* condition, RunTimeError kind, std::string subject = {}, std::string helper = {}, llvm::Value* code = nullptr);

  // events
  // Reserves a record for the format, lets `fill` write its fields, and submits it. A full ring is counted.
  void record(std::uint32_t format, const std::function<void(llvm::Value* record, const layout::RecordLayout& layout)>& fill);
  void control(layout::ControlKind kind, std::uint32_t map, llvm::Value* first, llvm::Value* second);
  void control_about(layout::ControlKind kind, llvm::Value* subject, llvm::Value* first, llvm::Value* second);
  // Lets the session know of the current process, once.
  void announce_process(llvm::Value* process);
  // Returns from the program; what is lowered behind it is dropped.
  void leave();

 private:
  // frame
  void check_stop();
  void check_process();
  void check_place();
  void check_object();
  void enter_guard();
  void leave_guard();
  void mark_progress();
  void claim_scratch();
  void size_arena();

  // statements
  void block(const ast::Block& block);
  void statement(const ast::Statement& statement);
  void assignment(const ast::Assignment& node);
  void assign_map(const ast::Assignment& node, const ast::MapAccess& target);
  void assign_variable(const ast::Assignment& node);
  void set_variable(const Operand& slot, const ast::Expression& value);
  llvm::Value* fitted(llvm::Value* value, const Type& type);
  void declaration(const ast::Declaration& node);
  void return_statement(const ast::Return& node);

  // loops: see lower_loop.cpp
  void unroll(const ast::Unroll& node);
  void while_loop(const ast::While& node, Range range);
  void for_loop(const ast::For& node, Range range);
  void range_loop(const ast::For& node, Range range);
  void map_loop(const ast::For& node, Range range);
  // Lowers the body of a loop that will become a function of its own.
  void outlined(LoopRegion loop, const std::function<void()>& body);
  void blur_variables(const ast::Block& body, const ast::Expression* condition);
  // Zero, of which the verifier only knows that it is a number.
  llvm::Value* unknown_zero();
  // Goes to the block; what is lowered behind it is dropped.
  void go(llvm::BasicBlock* target);
  Operand block_expression(const ast::BlockExpression& node, const ast::Expression& expression, const Destination* hint);
  void aggregation(const ast::Expression& call, std::uint32_t map, const ast::Expressions& keys);

  // expressions
  Operand call(const ast::Expression& expression, const ast::Expressions& arguments, const Destination* hint);
  Operand unary(const ast::Unary& node, const ast::Expression& expression);
  Operand step(const ast::Step& node, const ast::Expression& expression);
  Operand binary(const ast::Binary& node, const ast::Expression& expression);
  Operand short_circuit(const ast::Binary& node);
  Operand ternary(const ast::Ternary& node, const ast::Expression& expression);
  Operand member(const ast::Member& node, const ast::Expression& expression);
  Operand subscript(const ast::Subscript& node, const ast::Expression& expression);
  Operand content_of(const Operand& operand);
  Operand element(const Operand& base, const ast::Expression& index, const Type& type);
  Operand cast(const ast::Cast& node, const ast::Expression& expression);
  Operand cast_memory(const Operand& operand, const Type& type);
  Operand address_of(const ast::Expression& operand, const Type& type);
  llvm::Value* address_of_member(const ast::Expression& member);
  llvm::Value* present(llvm::Value* number, llvm::BasicBlock* missing);
  llvm::Value* object_member(const ast::Member& node, const Facts& known, llvm::BasicBlock* missing);
  llvm::Value* arithmetic(ast::BinaryOperator op, llvm::Value* left, llvm::Value* right, bool is_signed);
  llvm::Value* divide(llvm::Value* left, llvm::Value* right, bool is_signed, bool want_remainder);
  Type in_space_of(const Type& type, const ast::Expression& pointer) const;
  llvm::Value* pointer_step(const Type& pointer, llvm::Value* count);
  llvm::Value* string_equal(const ast::Expression& left, const ast::Expression& right);
  llvm::Value* equals_literal(const Operand& string, std::string_view text);
  // Of values that are padded: strings of any two capacities, anything else of one type.
  llvm::Value* equals_string(const Operand& left, const Operand& right);
  llvm::Value* memory_equal(const ast::Expression& left, const ast::Expression& right);

  // Something of `type` at a remote address: scalars are read, the rest stays remote.
  Operand at_address(llvm::Value* address, const Type& type, const StructMember* bits = nullptr);
  // Something of `type`, `offset` bytes into a value in memory.
  Operand part_of(const Operand& whole, std::uint32_t offset, const Type& type, const StructMember* bits = nullptr);
  Operand from_memory(llvm::Value* address, const Type& type, std::uint32_t alignment, const StructMember* bits = nullptr);
  llvm::Value* extract_bits(llvm::Value* word, const StructMember& member);
  void store_string(const Operand& operand, const Destination& destination);
  void store_tuple(const Operand& operand, const Destination& destination);
  void store_buffer(const Operand& operand, const Destination& destination);
  void store_context(const Destination& destination);

  Operand read_map(std::uint32_t map, const ast::Expressions& keys, const Type& type);
  Operand read_aggregation(std::uint32_t map, llvm::Value* key, const Type& type);
  Operand step_map(const ast::Step& node, const ast::MapAccess& target, const ast::Expression& expression);
  // Atomically adds to a number in a map, or does what the machine can do as well; returns its old value.
  llvm::Value* change_at_once(std::uint32_t map, llvm::Value* key, llvm::AtomicRMWInst::BinOp op, llvm::Value* amount);
  // target op= value, with no change by others lost in between.
  void change_map(std::uint32_t map, llvm::Value* key, ast::BinaryOperator op, llvm::Value* amount, bool is_signed);
  void replace_in_map(std::uint32_t map, llvm::Value* key, const std::function<llvm::Value*(llvm::Value*)>& change);
  void mark_written(std::uint32_t map, llvm::Value* value);

  ProgramLowering& program_;
  const CheckedProbe& probe_;
  llvm::Function* function_;
  BpfBuilder bpf_;
  llvm::BasicBlock* setup_ = nullptr;   // where scratch is claimed, if any of it is used
  llvm::BasicBlock* leave_ = nullptr;   // gives scratch back and returns
  llvm::Value* scratch_ = nullptr;
  // Memory in use: what a statement takes is free again behind it.
  struct Pieces {
    std::uint32_t stack = 0;
    std::uint32_t scratch = 0;
  };
  Pieces pieces_;
  llvm::Value* arena_ = nullptr;  // the stack that pieces are cut from
  std::uint32_t arena_used_ = 0;
  Range current_;                 // the statement or expression being lowered
  llvm::Value* point_ = nullptr;  // at a shared place: see point()
  const ast::Expression* unused_ = nullptr;
  int choices_ = 0;               // values of `?:` so far
  llvm::Value* guard_ = nullptr;  // what enter_guard() took
  llvm::Value* array_key_ = nullptr;
  llvm::AllocaInst* loop_context_ = nullptr;
  llvm::Value* read_word_ = nullptr;
  std::vector<Operand> variables_;
  std::set<std::uint32_t> given_;  // variables that have a value where the lowering stands
  // Where `continue` and `break` lead.
  struct LoopTargets {
    llvm::BasicBlock* next;
    llvm::BasicBlock* end;
  };
  std::vector<LoopTargets> loops_;
  std::vector<LoopRegion> regions_;  // inner loops first
  // Where `return` leads in a function that was expanded, and where its value goes.
  struct ReturnTarget {
    llvm::BasicBlock* end;
    Operand result;
  };
  llvm::Value* verdict_ = nullptr;  // memory of what a test returns
  std::vector<ReturnTarget> returns_;
};

}  // namespace fathom::codegen
