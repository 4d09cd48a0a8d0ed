// Aggregations: what happens to this CPU's value of a map at each event. How the CPUs' values are merged and printed stands in
// runtime/decode.cpp and the output formats.
#include <limits>

#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::int64_t max_hist_bits = 5;
constexpr std::int64_t max_lhist_buckets = 1000;

// Sums and extremes are signed where their operand is.
void check_operand(CallCheck& call) {
  const Type& type = call.type(0);
  const auto& constant = call.facts(0).constant;
  bool is_signed = type.is_signed() && (!constant || *constant < 0);
  call.result().type = Type::aggregation(*call.builtin().aggregation, is_signed);
}

void add(BpfBuilder& bpf, llvm::Value* place, llvm::Value* amount) {
  bpf.CreateStore(bpf.CreateAdd(bpf.CreateLoad(bpf.getInt64Ty(), place), amount), place);
}

void lower_count(CallLowering& call) {
  call.aggregate([&](llvm::Value* place) { add(call.bpf(), place, call.bpf().number(1)); });
}

void lower_sum(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  llvm::Value* amount = call.scalar(0);
  call.aggregate([&](llvm::Value* place) {
    add(bpf, bpf.at(place, offsetof(layout::SumValue, sum)), amount);
    bpf.store(bpf.number(1), bpf.at(place, offsetof(layout::SumValue, updated)), word);
  });
}

void lower_extreme(CallLowering& call, bool smallest) {
  BpfBuilder& bpf = call.bpf();
  llvm::Value* value = call.scalar(0);
  bool is_signed = call.target_type().is_signed();
  call.aggregate([&](llvm::Value* place) {
    llvm::Value* flag = bpf.at(place, offsetof(layout::ExtremeValue, updated));
    llvm::Value* best = bpf.load(place, word, false);
    llvm::Value* better = is_signed ? (smallest ? bpf.CreateICmpSLT(value, best) : bpf.CreateICmpSGT(value, best))
                                    : (smallest ? bpf.CreateICmpULT(value, best) : bpf.CreateICmpUGT(value, best));
    llvm::Value* first = bpf.CreateICmpEQ(bpf.load(flag, word, false), bpf.number(0));
    bpf.when(bpf.CreateOr(first, better), [&] {
      bpf.store(value, place, word);
      bpf.store(bpf.number(1), flag, word);
    });
  });
}

void lower_average(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  llvm::Value* value = call.scalar(0);
  call.aggregate([&](llvm::Value* place) {
    add(bpf, bpf.at(place, offsetof(layout::AverageValue, total)), value);
    add(bpf, bpf.at(place, offsetof(layout::AverageValue, count)), bpf.number(1));
  });
}

void check_hist(CallCheck& call) {
  std::int64_t bits = call.count() > 1 ? call.facts(1).constant.value_or(0) : 0;
  if (bits < 0 || bits > max_hist_bits) {
    call.diagnostics()
        .report<DiagnosticId::argument_value>(call.argument(1).range, fmt::format("`bits` of `hist` is 0 to {}, not {}", max_hist_bits, bits))
        .with_help("2^bits is the number of buckets per power of two");
    return;
  }
  Buckets buckets;
  buckets.bits = static_cast<std::uint32_t>(bits);
  call.result().type = Type::aggregation(Aggregation::hist, true, buckets);
}

// floor(log2(value)) for value > 0, by halving.
llvm::Value* log2_of(BpfBuilder& bpf, llvm::Value* value) {
  llvm::Value* exponent = bpf.number(0);
  for (unsigned bits : {32u, 16u, 8u, 4u, 2u, 1u}) {
    llvm::Value* large = bpf.CreateICmpUGE(value, bpf.number(std::uint64_t{1} << bits));
    llvm::Value* shift = bpf.CreateSelect(large, bpf.number(bits), bpf.number(0));
    value = bpf.CreateLShr(value, shift);
    exponent = bpf.CreateAdd(exponent, shift);
  }
  return exponent;
}

// layout::hist_bucket() in instructions.
llvm::Value* hist_bucket(BpfBuilder& bpf, llvm::Value* value, std::uint32_t bits) {
  std::uint64_t singles = std::uint64_t{2} << bits;
  llvm::AllocaInst* bucket = bpf.word();
  bpf.CreateStore(bpf.number(0), bucket);
  bpf.when(bpf.CreateICmpSGE(value, bpf.number(0)), [&] {
    bpf.choose(
        bpf.CreateICmpULT(value, bpf.number(singles)), [&] { bpf.CreateStore(bpf.CreateAdd(value, bpf.number(1)), bucket); },
        [&] {
          llvm::Value* exponent = log2_of(bpf, value);
          llvm::Value* index = bpf.CreateAdd(exponent, bpf.number(1 + singles - (bits + 1)));
          if (bits > 0) {
            llvm::Value* power = bpf.CreateShl(bpf.CreateSub(exponent, bpf.number(bits + 1)), bits);
            llvm::Value* part = bpf.CreateAnd(bpf.CreateLShr(value, bpf.CreateSub(exponent, bpf.number(bits))), (1u << bits) - 1);
            index = bpf.CreateAdd(bpf.number(1 + singles), bpf.CreateAdd(power, part));
          }
          bpf.CreateStore(index, bucket);
        });
  });
  return bpf.CreateLoad(bpf.getInt64Ty(), bucket);
}

void count_bucket(CallLowering& call, llvm::Value* bucket, std::uint32_t buckets) {
  BpfBuilder& bpf = call.bpf();
  // The arithmetic keeps it below `buckets`, but only a comparison tells the verifier so.
  llvm::Value* bounded = bpf.opaque(bucket);
  bpf.when(bpf.CreateICmpULT(bounded, bpf.number(buckets)), [&] {
    llvm::Value* offset = bpf.CreateShl(bounded, 3);
    call.aggregate([&](llvm::Value* place) { add(bpf, bpf.at(place, offset), bpf.number(1)); });
  });
}

void lower_hist(CallLowering& call) {
  std::uint32_t bits = call.target_type().buckets().bits;
  count_bucket(call, hist_bucket(call.bpf(), call.scalar(0), bits), layout::hist_buckets(bits));
}

void check_lhist(CallCheck& call) {
  Buckets buckets;
  buckets.min = call.facts(1).constant.value_or(0);
  buckets.max = call.facts(2).constant.value_or(0);
  buckets.step = call.facts(3).constant.value_or(0);
  auto wrong = [&](std::size_t argument, const std::string& message) {
    call.diagnostics()
        .report<DiagnosticId::argument_value>(call.argument(argument).range, message)
        .with_help("`lhist(value, 0, 100, 10)` counts in ten steps from 0 to 100");
  };
  if (buckets.step < 1) return wrong(3, fmt::format("the step of `lhist` must be at least 1, not {}", buckets.step));
  if (buckets.min < 0) return wrong(1, fmt::format("the minimum of `lhist` can not be negative: {}", buckets.min));
  if (buckets.max <= buckets.min) return wrong(2, fmt::format("the maximum of `lhist`, {}, must be above its minimum, {}", buckets.max, buckets.min));
  if (buckets.step > buckets.max - buckets.min) return wrong(3, fmt::format("the step of `lhist`, {}, is larger than its range", buckets.step));
  std::int64_t steps = (buckets.max - buckets.min) / buckets.step;
  if (steps > max_lhist_buckets) return wrong(3, fmt::format("`lhist` has at most {} buckets, not {}", max_lhist_buckets, steps));
  call.result().type = Type::aggregation(Aggregation::lhist, true, buckets);
}

void lower_lhist(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  Buckets buckets = call.target_type().buckets();
  std::uint32_t count = layout::lhist_buckets(buckets);
  llvm::Value* value = call.scalar(0);
  llvm::AllocaInst* bucket = bpf.word();
  bpf.CreateStore(bpf.number(0), bucket);
  auto signed_number = [&](std::int64_t number) { return bpf.number(static_cast<std::uint64_t>(number)); };
  bpf.when(bpf.CreateICmpSGE(value, signed_number(buckets.min)), [&] {
    bpf.choose(
        bpf.CreateICmpSGE(value, signed_number(buckets.min + buckets.step * (count - 2))), [&] { bpf.CreateStore(bpf.number(count - 1), bucket); },
        [&] {
          llvm::Value* steps = bpf.CreateUDiv(bpf.CreateSub(value, signed_number(buckets.min)), signed_number(buckets.step));
          bpf.CreateStore(bpf.CreateAdd(steps, bpf.number(1)), bucket);
        });
  });
  count_bucket(call, bpf.CreateLoad(bpf.getInt64Ty(), bucket), count);
}

constexpr std::int64_t max_intervals = 1'000'000;  // of a map without keys; see also Inference::check_intervals()

std::optional<SeriesValue> series_value(std::string_view name) {
  for (SeriesValue value : {SeriesValue::average, SeriesValue::max, SeriesValue::min, SeriesValue::sum}) {
    if (series_value_name(value) == name) return value;
  }
  return std::nullopt;
}

void check_series(CallCheck& call) {
  check_operand(call);
  Buckets buckets;
  buckets.step = call.facts(1).constant.value_or(0);
  buckets.max = call.facts(2).constant.value_or(0);
  auto wrong = [&](std::size_t argument, const std::string& message) {
    call.diagnostics()
        .report<DiagnosticId::argument_value>(call.argument(argument).range, message)
        .with_help("`tseries(value, 1s, 60, \"avg\")` averages the values of each of the last 60 seconds");
  };
  if (buckets.step < 1) return wrong(1, fmt::format("the interval of `tseries` must be at least 1 ns, not {}", buckets.step));
  if (buckets.max < 1 || buckets.max > max_intervals) {
    return wrong(2, fmt::format("`tseries` keeps 1 to {} intervals, not {}", max_intervals, buckets.max));
  }
  if (call.count() > 3) {
    auto value = series_value(*call.facts(3).text);
    if (!value) return wrong(3, fmt::format("`tseries` can not keep the `{}` of an interval: it knows avg, max, min and sum", *call.facts(3).text));
    buckets.series = *value;
  }
  call.result().type = Type::aggregation(Aggregation::series, call.result().type.is_signed(), buckets);
}

// Into an interval's slot, which holds something newer or nothing.
void update_series(CallLowering& call, llvm::Value* slot, llvm::Value* value, llvm::Value* now) {
  using layout::SeriesInterval;
  BpfBuilder& bpf = call.bpf();
  llvm::Value* total = bpf.at(slot, offsetof(SeriesInterval, value));
  llvm::Value* detail = bpf.at(slot, offsetof(SeriesInterval, detail));
  bool is_signed = call.target_type().is_signed();
  auto replace = [&](llvm::Value* sign) {
    bpf.store(value, total, word);
    bpf.store(sign, detail, word);
  };
  auto extreme = [&](llvm::Value* better) {
    llvm::Value* first = bpf.CreateICmpEQ(bpf.load(detail, word, false), bpf.number(0));
    bpf.when(bpf.CreateOr(first, better), [&] { replace(bpf.number(1)); });
  };
  llvm::Value* known = bpf.load(total, word, false);
  switch (call.target_type().buckets().series) {
    case SeriesValue::last: return replace(now);
    case SeriesValue::average:
    case SeriesValue::sum:
      add(bpf, total, value);
      add(bpf, detail, bpf.number(1));
      return;
    case SeriesValue::max: return extreme(is_signed ? bpf.CreateICmpSGT(value, known) : bpf.CreateICmpUGT(value, known));
    case SeriesValue::min: return extreme(is_signed ? bpf.CreateICmpSLT(value, known) : bpf.CreateICmpULT(value, known));
  }
}

// Of an operation that the machine has no atomic form for, on a value that all CPUs share.
constexpr std::uint64_t max_attempts = 64;

// Makes the slot one of this interval: one CPU empties it while the others wait. Gives whether it is.
llvm::Value* enter_interval(CallLowering& call, llvm::Value* slot, llvm::Value* epoch, llvm::Value* empty) {
  using layout::SeriesInterval;
  BpfBuilder& bpf = call.bpf();
  llvm::Value* busy = bpf.number(~std::uint64_t{0});
  llvm::AllocaInst* ready = bpf.word();
  bpf.CreateStore(bpf.number(0), ready);
  bpf.repeat(max_attempts, [&](llvm::Value*, llvm::BasicBlock* end) {
    llvm::BasicBlock* entered = bpf.block("entered");
    llvm::BasicBlock* other = bpf.block("other_interval");
    llvm::BasicBlock* claim = bpf.block("claim_interval");
    llvm::BasicBlock* won = bpf.block("won");
    llvm::BasicBlock* again = bpf.block("again");
    llvm::Value* seen = bpf.CreateLoad(bpf.getInt64Ty(), slot, true);
    bpf.CreateCondBr(bpf.CreateICmpEQ(seen, epoch), entered, other);
    bpf.SetInsertPoint(other);
    bpf.CreateCondBr(bpf.CreateICmpEQ(seen, busy), again, claim);
    bpf.SetInsertPoint(claim);
    constexpr auto order = llvm::AtomicOrdering::SequentiallyConsistent;
    auto* result = bpf.CreateAtomicCmpXchg(slot, seen, busy, llvm::Align(word), order, order);
    bpf.CreateCondBr(bpf.CreateICmpEQ(bpf.CreateExtractValue(result, 0), seen), won, again);
    bpf.SetInsertPoint(won);
    bpf.store(empty, bpf.at(slot, offsetof(SeriesInterval, value)), word);
    bpf.store(bpf.number(0), bpf.at(slot, offsetof(SeriesInterval, detail)), word);
    bpf.CreateAtomicRMW(llvm::AtomicRMWInst::Xchg, slot, epoch, llvm::Align(word), order);
    bpf.CreateBr(entered);
    bpf.SetInsertPoint(entered);
    bpf.CreateStore(bpf.number(1), ready);
    bpf.CreateBr(end);
    bpf.SetInsertPoint(again);
  });
  return bpf.to_bool(bpf.CreateLoad(bpf.getInt64Ty(), ready));
}

// What an interval holds before its first value.
std::uint64_t empty_value(SeriesValue kind, bool is_signed) {
  constexpr auto lowest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::min());
  switch (kind) {
    case SeriesValue::last:
    case SeriesValue::average:
    case SeriesValue::sum: return 0;
    case SeriesValue::max: return is_signed ? lowest : 0;
    case SeriesValue::min: return is_signed ? ~lowest : ~std::uint64_t{0};
  }
  return 0;
}

// The larger or the smaller one of what is there and the new value.
void replace_extreme(CallLowering& call, llvm::Value* place, llvm::Value* value, bool smallest) {
  BpfBuilder& bpf = call.bpf();
  const bool is_signed = call.target_type().is_signed();
  llvm::AllocaInst* done = bpf.word();
  bpf.CreateStore(bpf.number(0), done);
  bpf.repeat(max_attempts, [&](llvm::Value*, llvm::BasicBlock* end) {
    llvm::BasicBlock* change = bpf.block("change");
    llvm::BasicBlock* over = bpf.block("over");
    llvm::BasicBlock* again = bpf.block("again");
    llvm::Value* old = bpf.CreateLoad(bpf.getInt64Ty(), place, true);
    llvm::Value* better = is_signed ? (smallest ? bpf.CreateICmpSLT(value, old) : bpf.CreateICmpSGT(value, old))
                                    : (smallest ? bpf.CreateICmpULT(value, old) : bpf.CreateICmpUGT(value, old));
    bpf.CreateCondBr(better, change, over);
    bpf.SetInsertPoint(change);
    auto* result = bpf.CreateAtomicCmpXchg(place, old, value, llvm::Align(word), llvm::AtomicOrdering::Monotonic, llvm::AtomicOrdering::Monotonic);
    bpf.CreateCondBr(bpf.CreateICmpEQ(bpf.CreateExtractValue(result, 0), old), over, again);
    bpf.SetInsertPoint(over);
    bpf.CreateStore(bpf.number(1), done);
    bpf.CreateBr(end);
    bpf.SetInsertPoint(again);
  });
  bpf.when(bpf.CreateNot(bpf.to_bool(bpf.CreateLoad(bpf.getInt64Ty(), done))), [&] { call.probe().count_lost(layout::Counter::lost_updates); });
}

// The same as update_series() for a slot that other CPUs change at the same time.
void update_shared_series(CallLowering& call, llvm::Value* slot, llvm::Value* value, llvm::Value* now) {
  using layout::SeriesInterval;
  BpfBuilder& bpf = call.bpf();
  llvm::Value* total = bpf.at(slot, offsetof(SeriesInterval, value));
  llvm::Value* detail = bpf.at(slot, offsetof(SeriesInterval, detail));
  const SeriesValue kind = call.target_type().buckets().series;
  switch (kind) {
    case SeriesValue::last:
      bpf.store(value, total, word);
      bpf.store(now, detail, word);
      return;
    case SeriesValue::average:
    case SeriesValue::sum:
      bpf.atomic_add(total, value);
      bpf.atomic_add(detail, bpf.number(1));
      return;
    case SeriesValue::max:
    case SeriesValue::min:
      replace_extreme(call, total, value, kind == SeriesValue::min);
      bpf.store(bpf.number(1), detail, word);
      return;
  }
}

void lower_series(CallLowering& call) {
  using layout::SeriesInterval;
  BpfBuilder& bpf = call.bpf();
  const Buckets& buckets = call.target_type().buckets();
  auto intervals = static_cast<std::uint64_t>(buckets.max);
  llvm::Value* value = call.scalar(0);
  llvm::Value* ahead = bpf.load(bpf.at(call.program().run_state(), offsetof(layout::RunState, wall_offset)), word, false);
  llvm::Value* now = bpf.CreateAdd(bpf.call(Helper::ktime_get_boot_ns, {}), ahead);
  llvm::Value* epoch = bpf.CreateUDiv(now, bpf.number(static_cast<std::uint64_t>(buckets.step)));
  llvm::Value* index = bpf.opaque(bpf.CreateURem(epoch, bpf.number(intervals)));
  bpf.when(bpf.CreateICmpULT(index, bpf.number(intervals)), [&] {
    llvm::Value* offset = bpf.CreateMul(index, bpf.number(sizeof(SeriesInterval)));
    call.aggregate([&](llvm::Value* place) {
      llvm::Value* slot = bpf.at(place, offset);
      if (call.target_is_shared()) {
        const std::uint64_t empty = empty_value(buckets.series, call.target_type().is_signed());
        bpf.choose(
            enter_interval(call, slot, epoch, bpf.number(empty)), [&] { update_shared_series(call, slot, value, now); },
            [&] { call.probe().count_lost(layout::Counter::lost_updates); });
        return;
      }
      llvm::Value* outdated = bpf.CreateICmpNE(bpf.load(slot, word, false), epoch);
      bpf.when(outdated, [&] {
        bpf.store(epoch, slot, word);
        bpf.store(bpf.number(0), bpf.at(slot, offsetof(SeriesInterval, value)), word);
        bpf.store(bpf.number(0), bpf.at(slot, offsetof(SeriesInterval, detail)), word);
      });
      update_series(call, slot, value, now);
    });
  });
}

}  // namespace

BuiltinFamily aggregation_builtins() {
  static const Builtin rows[] = {
      {.prototype = "auto count()", .doc = "Counts events.", .form = Form::aggregation, .lower = lower_count, .aggregation = Aggregation::count},
      {.prototype = "auto sum(int|bool value)", .doc = "Adds up values.", .form = Form::aggregation, .check = check_operand, .lower = lower_sum,
       .aggregation = Aggregation::sum},
      {.prototype = "auto min(int|bool value)", .doc = "Keeps the smallest value.", .form = Form::aggregation, .check = check_operand,
       .lower = [](CallLowering& call) { lower_extreme(call, true); }, .aggregation = Aggregation::min},
      {.prototype = "auto max(int|bool value)", .doc = "Keeps the largest value.", .form = Form::aggregation, .check = check_operand,
       .lower = [](CallLowering& call) { lower_extreme(call, false); }, .aggregation = Aggregation::max},
      {.prototype = "auto avg(int|bool value)", .doc = "Averages values.", .form = Form::aggregation, .check = check_operand, .lower = lower_average,
       .aggregation = Aggregation::average},
      {.prototype = "auto stats(int|bool value)", .doc = "Counts, averages and adds up values.", .form = Form::aggregation, .check = check_operand,
       .lower = lower_average, .aggregation = Aggregation::stats},
      {.prototype = "auto hist(int|bool value, [literal bits])",
       .doc = "Counts values in buckets by powers of two, each cut into 2^bits parts (0 to 5).", .form = Form::aggregation, .check = check_hist,
       .lower = lower_hist, .aggregation = Aggregation::hist},
      {.prototype = "auto lhist(int|bool value, literal min, literal max, literal step)", .doc = "Counts values in buckets of equal width.",
       .form = Form::aggregation, .check = check_lhist, .lower = lower_lhist, .aggregation = Aggregation::lhist},
      {.prototype = "auto tseries(int|bool value, literal interval, literal count, [text keep])",
       .doc = "Keeps a value for each of the last `count` intervals of `interval` ns: the last one, or the avg, max, min or sum.",
       .form = Form::aggregation, .check = check_series, .lower = lower_series, .aggregation = Aggregation::series,
       .unstable = &Settings::unstable_tseries},
  };
  return {"Aggregations", rows};
}

}  // namespace fathom::codegen
