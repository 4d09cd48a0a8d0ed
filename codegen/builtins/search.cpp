// Looking into strings: lengths, comparison of beginnings, searching, joining. Strings may be long: each is walked by one helper call or by
// one loop that the verifier sees a single round of.
#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::uint32_t longest_concatenation = 1024;
constexpr char compare_instead[] = "`strncmp` and `==` compare without it";
constexpr std::uint64_t most_rounds = 1u << 23;  // of bpf_loop()

// A string in memory that begins at a whole word, padded to its capacity.
Operand aligned_string(CallLowering& call, std::size_t index) {
  Operand value = call.probe().lower(call.argument(index));
  if (value.place == Operand::Place::memory && value.alignment >= word && value.padded) return value;
  const Type kept = stored(value.type);
  Destination copy{call.probe().temporary(kept.size()), kept, true};
  call.probe().store(value, copy);
  return {Operand::Place::memory, copy.memory, kept};
}

// Copies a string with its NUL and gives its length without it. The helper that copies is the fastest way to find the end.
llvm::Value* copy_string(CallLowering& call, const Operand& string, llvm::Value* to) {
  BpfBuilder& bpf = call.bpf();
  std::uint32_t capacity = string.type.size();
  llvm::Value* copied = bpf.call(Helper::probe_read_kernel_str, {to, bpf.number(capacity), string.value});
  return bpf.at_most(bpf.CreateSub(copied, bpf.number(1)), capacity - 1);
}

void lower_strlen(CallLowering& call) {
  Operand string = aligned_string(call, 0);
  call.give(copy_string(call, string, call.probe().temporary(string.type.size())));
}

void check_strncmp(CallCheck& call) {
  if (*call.facts(2).constant < 0) {
    call.diagnostics().report<DiagnosticId::argument_value>(call.argument(2).range, fmt::format("`strncmp` can not compare {} characters", *call.facts(2).constant));
  } else if (call.facts(0).text && call.facts(1).text) {
    auto count = static_cast<std::size_t>(*call.facts(2).constant);
    call.result().constant = call.facts(0).text->substr(0, count) != call.facts(1).text->substr(0, count);
  }
}

// Padding makes strings equal that are equal as bytes.
void lower_strncmp(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  auto count = static_cast<std::uint64_t>(call.constant(2, 0));
  Operand left = aligned_string(call, 0);
  Operand right = aligned_string(call, 1);
  const Operand& longer = left.type.size() >= right.type.size() ? left : right;
  std::uint32_t both = std::min(left.type.size(), right.type.size());
  auto compared = static_cast<std::uint32_t>(std::min<std::uint64_t>(count, both));
  if (compared == 0) return call.give(bpf.number(0));
  llvm::Value* equal = call.probe().equals_memory(left.value, right.value, compared);
  if (count > both && longer.type.size() > both) {
    llvm::Value* ends = bpf.CreateICmpEQ(bpf.load(bpf.at(longer.value, both), 1, false), bpf.number(0));
    equal = bpf.CreateAnd(equal, ends);
  }
  call.give(bpf.from_bool(bpf.CreateNot(equal)));
}

// What the rounds of a search share: pointers on the stack, where the verifier keeps knowing them, and numbers elsewhere, where it does
// not try to follow every value that they take.
struct SearchContext {
  std::uint64_t haystack, needle, state;
};
struct SearchState {
  std::uint64_t start;    // in the haystack, of the comparison under way
  std::uint64_t matched;  // characters that agree so far
  std::uint64_t found;    // index of the needle, or -1
};

// long round(index, context): compares one character. Returns 1 when the search is over.
llvm::Function* search_round(CallLowering& call, std::uint32_t haystack_size, std::uint32_t needle_size) {
  ObjectBuilder& object = call.program().object();
  std::string name = fmt::format("search_{}_{}", haystack_size, needle_size);
  if (llvm::Function* known = object.module().getFunction(name)) return known;
  llvm::Function* function = object.callback(name, 2, {0, 0});
  BpfBuilder bpf(object, function);
  bpf.SetInsertPoint(&function->getEntryBlock());
  llvm::BasicBlock* over = bpf.block("over");
  auto continue_if = [&](llvm::Value* condition) {
    llvm::BasicBlock* next = bpf.block("next");
    bpf.CreateCondBr(condition, next, over);
    bpf.SetInsertPoint(next);
  };
  llvm::Value* context = bpf.CreateIntToPtr(function->getArg(1), bpf.getPtrTy());
  auto pointer = [&](std::uint64_t offset) { return bpf.CreateLoad(bpf.getPtrTy(), bpf.at(context, offset)); };
  llvm::Value* haystack = pointer(offsetof(SearchContext, haystack));
  llvm::Value* needle = pointer(offsetof(SearchContext, needle));
  llvm::Value* state = pointer(offsetof(SearchContext, state));
  llvm::Value* start = bpf.opaque(bpf.load(state, word, false));
  llvm::Value* matched = bpf.opaque(bpf.load(bpf.at(state, offsetof(SearchState, matched)), word, false));
  continue_if(bpf.CreateICmpULT(matched, bpf.number(needle_size)));
  llvm::Value* wanted = bpf.load(bpf.at(needle, matched), 1, false);
  llvm::BasicBlock* complete = bpf.block("complete");
  llvm::BasicBlock* compare = bpf.block("compare");
  bpf.CreateCondBr(bpf.CreateICmpEQ(wanted, bpf.number(0)), complete, compare);
  bpf.SetInsertPoint(complete);
  bpf.store(start, bpf.at(state, offsetof(SearchState, found)), word);
  bpf.CreateBr(over);
  bpf.SetInsertPoint(compare);
  llvm::Value* place = bpf.opaque(bpf.CreateAdd(start, matched));
  continue_if(bpf.CreateICmpULT(place, bpf.number(haystack_size)));
  llvm::Value* character = bpf.load(bpf.at(haystack, place), 1, false);
  continue_if(bpf.CreateICmpNE(character, bpf.number(0)));
  llvm::Value* same = bpf.CreateICmpEQ(character, wanted);
  bpf.store(bpf.CreateSelect(same, start, bpf.CreateAdd(start, bpf.number(1))), state, word);
  bpf.store(bpf.CreateSelect(same, bpf.CreateAdd(matched, bpf.number(1)), bpf.number(0)), bpf.at(state, offsetof(SearchState, matched)), word);
  bpf.CreateRet(bpf.number(0));
  bpf.SetInsertPoint(over);
  bpf.CreateRet(bpf.number(1));
  return function;
}

// The index of argument 1 in argument 0, or -1.
llvm::Value* search(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  ProbeLowering& probe = call.probe();
  llvm::Value* strings[2];
  std::uint32_t sizes[2];
  for (std::size_t i = 0; i < 2; ++i) {
    const Type type = stored(call.facts(i).type);
    sizes[i] = type.size();
    strings[i] = probe.scratch(align_up(sizes[i]));
    probe.store(call.argument(i), {strings[i], type, true});
  }
  llvm::Value* state = probe.scratch(sizeof(SearchState));
  bpf.store(bpf.number(0), state, word);
  bpf.store(bpf.number(0), bpf.at(state, offsetof(SearchState, matched)), word);
  bpf.store(bpf.number(~std::uint64_t{0}), bpf.at(state, offsetof(SearchState, found)), word);
  llvm::Value* context = probe.loop_context(sizeof(SearchContext));
  bpf.CreateStore(strings[0], bpf.at(context, offsetof(SearchContext, haystack)));
  bpf.CreateStore(strings[1], bpf.at(context, offsetof(SearchContext, needle)));
  bpf.CreateStore(state, bpf.at(context, offsetof(SearchContext, state)));
  std::uint64_t rounds = std::min(std::uint64_t{sizes[0]} * sizes[1] + sizes[1], most_rounds);
  bpf.call(Helper::loop, {bpf.number(rounds), search_round(call, sizes[0], sizes[1]), context, bpf.number(0)});
  return bpf.load(bpf.at(state, offsetof(SearchState, found)), word, false);
}

std::optional<std::int64_t> known_index(CallCheck& call) {
  if (!call.facts(0).text || !call.facts(1).text) return std::nullopt;
  std::size_t found = call.facts(0).text->find(*call.facts(1).text);
  return found == std::string::npos ? -1 : static_cast<std::int64_t>(found);
}

void lower_strcontains(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  call.give(bpf.from_bool(bpf.CreateICmpSGE(search(call), bpf.number(0))));
}

void check_concatenation(CallCheck& call) {
  if (call.type(0).is_none() || call.type(1).is_none()) return;
  std::uint32_t sum = stored(call.type(0)).size() + stored(call.type(1)).size() - 1;
  bool may_be_cut = sum > longest_concatenation || call.type(0).may_be_cut() || call.type(1).may_be_cut();
  call.result().type = Type::string(std::min(sum, longest_concatenation), may_be_cut);
}

// Made at full length and cut afterwards, where it must be: the verifier can not relate where the first ends to how much room is left.
void lower_concatenation(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  Operand first = aligned_string(call, 0);
  Operand second = aligned_string(call, 1);
  Type whole = Type::string(first.type.size() + second.type.size() - 1);
  Destination memory = call.result_memory();
  bool fits = whole.size() <= memory.type.size();
  llvm::Value* place = fits ? memory.memory : call.probe().temporary(whole.size());
  if (!fits || memory.padded) bpf.clear(place, whole.size());
  llvm::Value* length = copy_string(call, first, place);
  bpf.call(Helper::probe_read_kernel_str, {bpf.at(place, length), bpf.number(second.type.size()), second.value});
  if (!fits) call.probe().store(Operand{Operand::Place::memory, place, whole}, memory);
  call.give_memory(memory.memory);
}

}  // namespace

BuiltinFamily search_builtins() {
  static const Builtin rows[] = {
      {.prototype = "uint64 strlen(string text)", .doc = "Length of a string in bytes.",
       .check = [](CallCheck& call) {
         if (call.facts(0).text) call.result().constant = static_cast<std::int64_t>(call.facts(0).text->size());
       },
       .lower = lower_strlen},
      {.prototype = "uint64 strcap(string text)", .doc = "Bytes that a string has room for, its NUL included.",
       .check = [](CallCheck& call) { call.result().constant = call.type(0).size(); }, .lower = give_constant},
      {.prototype = "uint64 strncmp(string left, string right, literal count)",
       .doc = "Compares at most `count` characters: 0 where they are equal, else 1.", .check = check_strncmp, .lower = lower_strncmp},
      {.prototype = "bool strcontains(string text, string part)", .doc = "Whether a string contains another.",
       .check = [](CallCheck& call) {
         if (auto index = known_index(call)) call.result().constant = *index >= 0;
       },
       .lower = lower_strcontains, .needs = Feature::loop, .instead = compare_instead},
      {.prototype = "int64 strstr(string text, string part)", .doc = "Where a string contains another, counted from 0; -1 where it does not.",
       .check = [](CallCheck& call) { call.result().constant = known_index(call); },
       .lower = [](CallLowering& call) { call.give(search(call)); }, .needs = Feature::loop, .instead = compare_instead},
      {.prototype = "auto str_concat(string first, string second)", .doc = "Two strings as one, of at most 1023 bytes.",
       .check = check_concatenation, .lower = lower_concatenation, .writes_in_place = true},
  };
  return {"Looking into strings", rows};
}

}  // namespace fathom::codegen
