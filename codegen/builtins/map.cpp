// Maps as a whole and their elements.
#include <fmt/format.h>

#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

#include "ast/check.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;

void needs_map(CallCheck& call, std::size_t index) {
  call.diagnostics().report<DiagnosticId::argument_type>(call.argument(index).range, call.name(), "a map", "map", to_string(call.type(index)));
}

void check_whole_map(CallCheck& call) {
  if (!call.facts(0).map_reference && !call.type(0).is(TypeKind::stack)) needs_map(call, 0);
}

void check_len(CallCheck& call) {
  check_whole_map(call);
  if (!call.final() || !call.facts(0).map_reference || call.target().has(Feature::for_each_map)) return;
  call.diagnostics()
      .report<DiagnosticId::missing_feature>(call.range(), "`len` of a map", absence_of(Feature::for_each_map))
      .with_help("count elements in a variable as they are added: `@elements++`");
}

void check_keyed(CallCheck& call, std::size_t map, std::size_t key) {
  const CheckedMap* known = call.map(map);
  if (known == nullptr || !call.facts(map).map_reference) return needs_map(call, map);
  if (!known->keyed && !known->value.is_none()) {
    call.diagnostics().report<DiagnosticId::map_key_shape>(call.argument(key).range, known->name);
    return;
  }
  call.use_as_key(map, key);
}

// delete(@m[k]), delete(@a[1], @b[2]), delete(@m, k), delete(@m)
void check_delete(CallCheck& call) {
  if (call.map(0) == nullptr) return needs_map(call, 0);
  if (call.facts(0).map_reference && call.count() == 2 && call.map(0)->keyed) return check_keyed(call, 0, 1);
  for (std::size_t i = 0; i < call.count(); ++i) {
    if (call.map(i) == nullptr && call.facts(0).map_reference && call.count() == 2) {
      call.diagnostics()
          .report<DiagnosticId::map_key_shape>(call.argument(i).range, call.map(0)->name)
          .with_help(fmt::format("`delete(@{})` removes its value", call.map(0)->name));
      return;
    }
    if (call.map(i) == nullptr) return needs_map(call, i);
    if (call.facts(i).map_reference && call.map(i)->keyed) {
      call.diagnostics()
          .report<DiagnosticId::map_needs_key>(call.argument(i).range, call.map(i)->name)
          .with_help("`delete(@x, key)` removes one element, `clear(@x)` all of them");
    }
  }
}

llvm::Value* succeeded(BpfBuilder& bpf, llvm::Value* result) {
  return bpf.from_bool(bpf.CreateICmpEQ(bpf.CreateTrunc(result, bpf.getInt32Ty()), bpf.getInt32(0)));
}

llvm::Value* delete_scalar(CallLowering& call, std::uint32_t map) {
  BpfBuilder& bpf = call.bpf();
  const MapPlan& plan = call.probe().map_plan(map);
  if (plan.per_cpu) {  // the other CPUs' values are out of reach here
    call.probe().control(layout::ControlKind::clear_map, map, bpf.number(0), bpf.number(0));
    return bpf.number(1);
  }
  llvm::AllocaInst* existed = bpf.word();
  bpf.CreateStore(bpf.number(0), existed);
  llvm::Value* place = bpf.lookup(call.probe().map(map), call.probe().key(map, {}));
  bpf.when(bpf.CreateIsNotNull(place), [&] {
    std::uint32_t written = layout::scalar_written_offset(plan.value);
    bpf.CreateStore(bpf.load(bpf.at(place, written), word, false), existed);
    bpf.clear(place, written + word);
  });
  return bpf.CreateLoad(bpf.getInt64Ty(), existed);
}

void lower_delete(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  // Scripts in the older form delete what may not be there as a matter of course.
  const bool old_form = !call.facts(0).map_reference;
  auto remove = [&](std::uint32_t map, llvm::Value* key) {
    llvm::Value* result = bpf.call(Helper::map_delete_elem, {call.probe().map(map), key});
    llvm::Value* done = succeeded(bpf, result);
    if (call.unused() && !old_form) {
      call.probe().report_error_when(bpf.CreateNot(bpf.to_bool(done)), RunTimeError::nothing_to_delete, call.probe().map_plan(map).name,
                                     "map_delete_elem", result);
    }
    return done;
  };
  if (call.facts(0).map_reference && call.count() == 2 && call.probe().map_plan(call.map(0)).keyed) {
    call.give(remove(call.map(0), call.as_key(call.map(0), 1)));
    return;
  }
  llvm::Value* all = bpf.number(1);
  for (std::size_t i = 0; i < call.count(); ++i) {
    llvm::Value* one = call.facts(i).map_reference ? delete_scalar(call, call.map(i)) : remove(call.map(i), call.key_of(i));
    all = bpf.CreateAnd(all, one);
  }
  call.give(all);
}

void lower_has_key(CallLowering& call) {
  std::uint32_t map = call.map(0);
  llvm::Value* place = call.bpf().lookup(call.probe().map(map), call.as_key(map, 1));
  // Hidden from the optimiser, which would fold several null checks into one `or` of pointers that the verifier does not allow.
  call.give(call.bpf().opaque(call.bpf().from_bool(call.bpf().CreateIsNotNull(place))));
}

// Aggregations are read as their sum over the CPUs, like a bare `@x[key]`.
void check_find(CallCheck& call) {
  check_keyed(call, 0, 1);
  const CheckedMap* known = call.map(0);
  if (known == nullptr || known->value.is_none()) return;
  if (auto type = read_type(known->value)) {
    call.assign(2, *type);
  } else {
    call.diagnostics()
        .report<DiagnosticId::aggregation_read>(call.argument(0).range, aggregation_name(known->value.aggregation()))
        .with_help("`has_key` tells whether there is an element");
  }
}

void lower_find(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  std::uint32_t map = call.map(0);
  llvm::Value* key = call.as_key(map, 1);
  llvm::Value* found = bpf.opaque(bpf.from_bool(bpf.CreateIsNotNull(bpf.lookup(call.probe().map(map), key))));
  bpf.when(bpf.to_bool(found), [&] {
    Type type = *read_type(call.probe().map_plan(map).value);
    call.probe().set_variable(call.facts(2).index, call.probe().read_element(map, key, type));
  });
  call.give(found);
}

void lower_len(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  if (!call.facts(0).map_reference) {
    Operand stack = call.probe().lower(call.argument(0));
    call.give(bpf.load(bpf.at(stack.value, offsetof(layout::StackValue, frames)), sizeof(std::uint32_t), false));
    return;
  }
  llvm::Value* map = call.probe().map(call.map(0));
  call.give(bpf.call(Helper::for_each_map_elem, {map, call.program().counting_callback(), bpf.CreateIntToPtr(bpf.number(0), bpf.getPtrTy()), bpf.number(0)}));
}

void send_map(CallLowering& call, layout::ControlKind kind) {
  call.probe().control(kind, call.map(0), call.bpf().number(0), call.bpf().number(0));
}

}  // namespace

BuiltinFamily map_builtins() {
  static const Builtin rows[] = {
      {.prototype = "none clear(map map)", .doc = "Removes all elements of a map.", .check = check_whole_map,
       .lower = [](CallLowering& call) { send_map(call, layout::ControlKind::clear_map); }},
      {.prototype = "none zero(map map)", .doc = "Sets all values of a map to zero and keeps its keys.", .check = check_whole_map,
       .lower = [](CallLowering& call) { send_map(call, layout::ControlKind::zero_map); }},
      {.prototype = "bool delete(map element, ...)",
       .doc = "Removes one element, delete(@x, key) or delete(@x[key]), or a map without keys; false if there was none.", .check = check_delete,
       .lower = lower_delete},
      {.prototype = "bool has_key(map map, any key)", .doc = "Whether a map has an element under a key.",
       .check = [](CallCheck& call) { check_keyed(call, 0, 1); }, .lower = lower_has_key},
      {.prototype = "bool find(map map, any key, variable out)",
       .doc = "Whether a map has an element under a key; if so, its value is put into a scratch variable.", .check = check_find, .lower = lower_find},
      {.prototype = "int64 len(map|stack value)", .doc = "Number of elements of a map, or of frames of a stack.", .check = check_len,
       .lower = lower_len},
  };
  return {"Maps", rows};
}

}  // namespace fathom::codegen
