// What programs do when something goes wrong: count it, and tell the runtime unless it was told of that place just now.
#include "codegen/lowering.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::uint64_t ring_force_wakeup = 2;       // BPF_RB_FORCE_WAKEUP
constexpr std::uint64_t ring_producer_position = 3;  // BPF_RB_PROD_POS

}  // namespace

std::uint32_t ProgramLowering::error(ErrorPlan error) {
  auto found = std::ranges::find(plan_.errors, error);
  if (found == plan_.errors.end()) found = plan_.errors.insert(found, std::move(error));
  return static_cast<std::uint32_t>(found - plan_.errors.begin());
}

// One function for all places, so that each of them costs a comparison and a call.
llvm::Function* ProgramLowering::reporter() {
  using layout::ControlRecord;
  using layout::ErrorState;
  if (reporter_ != nullptr) return reporter_;
  uses_control_ = true;
  reporter_ = object_.callback("report_error", 2, {0, 0});
  BpfBuilder bpf(object_, reporter_);
  bpf.SetInsertPoint(&reporter_->getEntryBlock());
  bpf.SetCurrentDebugLocation(object_.location(reporter_, {0, 0}));
  llvm::Value* index = reporter_->getArg(0);
  llvm::AllocaInst* key = bpf.word();
  bpf.CreateStore(index, key);
  llvm::Value* state = bpf.lookup(object_.map(object_names::errors), key);
  bpf.when(bpf.CreateIsNotNull(state), [&] {
    bpf.atomic_add(bpf.at(state, offsetof(ErrorState, count)), bpf.number(1));
    llvm::Value* told = bpf.CreateAtomicRMW(llvm::AtomicRMWInst::Xchg, bpf.at(state, offsetof(ErrorState, told)), bpf.number(1),
                                            llvm::Align(word), llvm::AtomicOrdering::Monotonic);
    bpf.when(bpf.CreateNot(bpf.to_bool(told)), [&] {
      llvm::Value* position = bpf.number(0);
      if (plan_.uses_data_ring) {
        position = bpf.call(Helper::ringbuf_query, {object_.map(object_names::data_ring), bpf.number(ring_producer_position)});
      }
      llvm::Value* record = bpf.call(Helper::ringbuf_reserve, {object_.map(object_names::control_ring), bpf.number(sizeof(ControlRecord)), bpf.number(0)});
      bpf.choose(
          bpf.is_null(record), [&] { bpf.CreateStore(bpf.number(0), bpf.at(state, offsetof(ErrorState, told))); },
          [&] {
            bpf.store(bpf.number(static_cast<std::uint64_t>(layout::ControlKind::run_time_error)), bpf.at(record, offsetof(ControlRecord, kind)), 4);
            bpf.store(index, bpf.at(record, offsetof(ControlRecord, map)), 4);
            bpf.store(position, bpf.at(record, offsetof(ControlRecord, data_position)), word);
            bpf.store(reporter_->getArg(1), bpf.at(record, offsetof(ControlRecord, first)), word);
            bpf.store(bpf.number(0), bpf.at(record, offsetof(ControlRecord, second)), word);
            bpf.call(Helper::ringbuf_submit, {record, bpf.number(ring_force_wakeup)});
          });
    });
  });
  bpf.CreateRet(bpf.number(0));
  return reporter_;
}

void ProbeLowering::report_error(RunTimeError kind, std::string subject, std::string helper, llvm::Value* code) {
  std::uint32_t index = program_.error({kind, program_.place(current_), std::move(subject), std::move(helper)});
  // Helpers return an int in 64 bits.
  llvm::Value* number = code == nullptr ? bpf_.number(0) : bpf_.narrow(code, sizeof(std::uint32_t), true);
  bpf_.CreateCall(program_.reporter(), {bpf_.number(index), number});
}

void ProbeLowering::report_error_when(llvm::Value* condition, RunTimeError kind, std::string subject, std::string helper, llvm::Value* code) {
  bpf_.when(condition, [&] { report_error(kind, std::move(subject), std::move(helper), code); });
}

}  // namespace fathom::codegen
