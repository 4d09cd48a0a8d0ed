// See the header. LLVM's CodeExtractor cuts the body out: what the body uses from outside arrives through a frame, a struct on the stack of
// the function around it, and the body's way out (the next round, break, return …) is the number that the cut-out function returns. That
// function is inlined into a callback, which leaves the number in the frame and tells the helper whether to go on.
#include "codegen/outline_loops.h"

#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/CodeExtractor.h>
#include <llvm/Transforms/Utils/Local.h>

#include <set>
#include <utility>

#include "codegen/bpf_builder.h"

namespace fathom::codegen {

namespace {

using Blocks = std::set<const llvm::BasicBlock*>;

// In the frame as long as the body was not left early.
constexpr std::uint64_t not_left = ~std::uint64_t{0};

// A way out of the body: the number that stands for it and where it leads.
using Exits = std::vector<std::pair<std::uint64_t, llvm::BasicBlock*>>;

class Outliner {
 public:
  Outliner(ObjectBuilder& object, llvm::Function* function, LoopRegion& region, std::size_t index)
      : object_(object), function_(function), region_(region), index_(index), inside_(region.blocks.begin(), region.blocks.end()) {}

  void run() {
    bring_addresses_inside();
    std::vector<llvm::AllocaInst*> locals = bring_memory_inside();
    llvm::CodeExtractorAnalysisCache cache(*function_);
    llvm::CodeExtractor extractor(region_.blocks, nullptr, true, nullptr, nullptr, nullptr, false, true);
    round_ = extractor.extractCodeRegion(cache);
    for (llvm::AllocaInst* local : locals) local->moveBefore(&*round_->getEntryBlock().getFirstInsertionPt());
    call_helper();
  }

 private:
  bool is_inside(const llvm::User* user) const {
    const auto* instruction = llvm::dyn_cast<llvm::Instruction>(user);
    return instruction != nullptr && inside_.contains(instruction->getParent());
  }

  // Addresses at fixed offsets are computed again in the body, so that only their base takes room in the frame.
  void bring_addresses_inside() {
    for (llvm::BasicBlock* block : region_.blocks) {
      for (llvm::Instruction& user : llvm::make_early_inc_range(*block)) {
        if (!llvm::isa<llvm::PHINode>(user)) bring_addresses_inside(user);
      }
    }
  }

  void bring_addresses_inside(llvm::Instruction& user) {
    for (llvm::Use& use : user.operands()) {
      auto* address = llvm::dyn_cast<llvm::GetElementPtrInst>(use.get());
      if (address == nullptr || is_inside(address) || !address->hasAllConstantIndices()) continue;
      llvm::Instruction* copy = address->clone();
      copy->insertBefore(&user);
      use.set(copy);
      bring_addresses_inside(*copy);
    }
  }

  // Memory that only the body uses belongs to its own stack frame.
  std::vector<llvm::AllocaInst*> bring_memory_inside() {
    std::vector<llvm::AllocaInst*> locals;
    for (llvm::Instruction& instruction : function_->getEntryBlock()) {
      auto* memory = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
      bool is_local = memory != nullptr && !memory->user_empty() && llvm::all_of(memory->users(), [&](auto* user) { return is_inside(user); });
      if (is_local) locals.push_back(memory);
    }
    for (llvm::AllocaInst* local : locals) local->moveBefore(&*region_.entry->getFirstInsertionPt());
    return locals;
  }

  // Where the call of the cut-out function leads, by what it returned.
  static Exits exits_of(llvm::Instruction& end) {
    if (auto* branch = llvm::dyn_cast<llvm::BranchInst>(&end)) {
      if (branch->isUnconditional()) return {{0, branch->getSuccessor(0)}};
      return {{1, branch->getSuccessor(0)}, {0, branch->getSuccessor(1)}};
    }
    auto& choice = llvm::cast<llvm::SwitchInst>(end);
    Exits exits;
    for (auto one : choice.cases()) exits.emplace_back(one.getCaseValue()->getZExtValue(), one.getCaseSuccessor());
    exits.emplace_back(choice.getNumCases(), choice.getDefaultDest());
    return exits;
  }

  // The frame with a word behind it for the way out.
  llvm::Value* make_frame(llvm::CallInst& call) {
    auto* known = call.arg_empty() ? nullptr : llvm::cast<llvm::AllocaInst>(call.getArgOperand(0));
    llvm::LLVMContext& context = function_->getContext();
    llvm::Type* shared = known != nullptr ? known->getAllocatedType() : llvm::StructType::get(context);
    frame_type_ = llvm::StructType::get(context, {shared, llvm::Type::getInt64Ty(context)});
    BpfBuilder at_entry(object_, function_);
    at_entry.SetInsertPoint(&function_->getEntryBlock(), function_->getEntryBlock().begin());
    llvm::AllocaInst* frame = at_entry.CreateAlloca(frame_type_);
    if (known != nullptr) {
      known->replaceAllUsesWith(frame);
      known->eraseFromParent();
    }
    return frame;
  }

  llvm::Function* make_callback(const Exits& exits) {
    auto* pointer = llvm::PointerType::get(function_->getContext(), 0);
    auto* number = llvm::Type::getInt64Ty(function_->getContext());
    bool over_map = region_.map != nullptr;
    std::vector<llvm::Type*> parameters = over_map ? std::vector<llvm::Type*>(4, pointer) : std::vector<llvm::Type*>{number, pointer};
    llvm::Function* callback = object_.callback(function_->getName().str() + "_loop_" + std::to_string(index_ + 1), parameters, region_.range);
    BpfBuilder bpf(object_, callback);
    bpf.SetInsertPoint(&callback->getEntryBlock());
    bpf.SetCurrentDebugLocation(object_.location(callback, region_.range));
    llvm::Value* frame = callback->getArg(over_map ? 3 : 1);
    llvm::CallInst* call = bpf.CreateCall(round_, round_->arg_empty() ? llvm::ArrayRef<llvm::Value*>() : llvm::ArrayRef<llvm::Value*>(frame));
    llvm::Value* way_out = round_->getReturnType()->isVoidTy() ? bpf.number(0) : bpf.CreateZExt(call, number);
    std::uint64_t next = not_left;
    for (const auto& [way, target] : exits) next = target == region_.next ? way : next;
    llvm::BasicBlock* leave = bpf.block("leave");
    llvm::BasicBlock* go_on = bpf.block("go_on");
    bpf.CreateCondBr(bpf.CreateICmpEQ(way_out, bpf.number(next)), go_on, leave);
    bpf.SetInsertPoint(go_on);
    bpf.CreateRet(bpf.number(0));
    bpf.SetInsertPoint(leave);
    bpf.CreateStore(way_out, bpf.CreateStructGEP(frame_type_, frame, 1));
    bpf.CreateRet(bpf.number(1));
    llvm::InlineFunctionInfo inlined;
    [[maybe_unused]] auto result = llvm::InlineFunction(*call, inlined);
    assert(result.isSuccess());
    round_->eraseFromParent();
    replace_marker(callback, round_index, callback->getArg(0));
    replace_marker(callback, element_key, over_map ? callback->getArg(1) : nullptr);
    replace_marker(callback, element_value, over_map ? callback->getArg(2) : nullptr);
    return callback;
  }

  static void replace_marker(llvm::Function* callback, const char* name, llvm::Value* value) {
    llvm::Function* marker = callback->getParent()->getFunction(name);
    if (marker == nullptr) return;
    for (llvm::User* user : llvm::make_early_inc_range(marker->users())) {
      auto* call = llvm::cast<llvm::CallInst>(user);
      if (call->getFunction() != callback) continue;
      call->replaceAllUsesWith(value);
      call->eraseFromParent();
    }
  }

  // Puts the helper in place of the call that CodeExtractor left.
  void call_helper() {
    auto* call = llvm::cast<llvm::CallInst>(round_->user_back());
    llvm::BasicBlock* place = call->getParent();
    llvm::Instruction* end = place->getTerminator();
    Exits exits = exits_of(*end);
    llvm::Value* frame = make_frame(*call);
    BpfBuilder bpf(object_, function_);
    bpf.SetInsertPoint(call);
    bpf.SetCurrentDebugLocation(object_.location(function_, region_.range));
    llvm::Value* way_out = bpf.CreateStructGEP(frame_type_, frame, 1);
    bpf.CreateStore(bpf.number(not_left), way_out);
    if (!call->use_empty()) call->replaceAllUsesWith(llvm::PoisonValue::get(call->getType()));
    call->eraseFromParent();
    llvm::Function* callback = make_callback(exits);
    bpf.SetInsertPoint(end);
    if (region_.map != nullptr) {
      bpf.call(Helper::for_each_map_elem, {region_.map, callback, frame, bpf.number(0)});
    } else {
      bpf.call(Helper::loop, {bpf.CreateTrunc(region_.count, bpf.getInt32Ty()), callback, frame, bpf.number(0)});
    }
    llvm::Value* way = bpf.CreateLoad(bpf.getInt64Ty(), way_out);
    // Loops that follow each other keep their frames in the same place.
    bpf.CreateLifetimeEnd(frame);
    bpf.SetInsertPoint(place, place->getFirstInsertionPt());
    bpf.CreateLifetimeStart(frame);
    bpf.SetInsertPoint(end);
    llvm::SwitchInst* choice = bpf.CreateSwitch(way, region_.next);
    for (const auto& [way, target] : exits) {
      if (target != region_.next) choice->addCase(bpf.number(way), target);
    }
    end->eraseFromParent();
    enter_if_there_is_a_round(place);
  }

  // Without a round the helper is not called: the verifier would find a callback that nothing reaches, and trip over it.
  void enter_if_there_is_a_round(llvm::BasicBlock* place) {
    llvm::BasicBlock* before = nullptr;
    for (llvm::BasicBlock* one : llvm::predecessors(place)) before = one;
    auto* branch = llvm::cast<llvm::BranchInst>(before->getTerminator());
    auto* marker = llvm::cast<llvm::Instruction>(branch->getCondition());
    BpfBuilder bpf(object_, function_);
    bpf.SetInsertPoint(branch);
    branch->setCondition(region_.count != nullptr ? bpf.to_bool(region_.count) : bpf.getTrue());
    marker->eraseFromParent();
  }

  ObjectBuilder& object_;
  llvm::Function* function_;
  LoopRegion& region_;
  std::size_t index_;
  Blocks inside_;
  llvm::Function* round_ = nullptr;
  llvm::StructType* frame_type_ = nullptr;
};

Blocks blocks_of(const llvm::Function& function) {
  Blocks blocks;
  for (const llvm::BasicBlock& block : function) blocks.insert(&block);
  return blocks;
}

}  // namespace

void outline_loops(ObjectBuilder& object, llvm::Function* function, std::vector<LoopRegion>& regions) {
  if (regions.empty()) return;
  llvm::removeUnreachableBlocks(*function);
  Blocks alive = blocks_of(*function);
  for (LoopRegion& region : regions) std::erase_if(region.blocks, [&](llvm::BasicBlock* block) { return !alive.contains(block); });
  for (std::size_t i = 0; i < regions.size(); ++i) {
    if (!alive.contains(regions[i].entry)) continue;  // the loop is never reached
    Blocks before = blocks_of(*function);
    Outliner(object, function, regions[i], i).run();
    Blocks after = blocks_of(*function);
    // What is left of this loop belongs to the loops around it.
    for (std::size_t outer = i + 1; outer < regions.size(); ++outer) {
      std::vector<llvm::BasicBlock*>& blocks = regions[outer].blocks;
      if (std::ranges::find(blocks, regions[i].entry) == blocks.end()) continue;
      std::erase_if(blocks, [&](llvm::BasicBlock* block) { return !after.contains(block); });
      for (llvm::BasicBlock& block : *function) {
        if (!before.contains(&block)) blocks.push_back(&block);
      }
    }
  }
}

}  // namespace fathom::codegen
