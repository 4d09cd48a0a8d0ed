// A look at the first frames tells how many to skip: their number differs from kernel to kernel, and with the number of tracers of one event.
#include "codegen/kernel_frames.h"

#include <algorithm>

#include <fmt/format.h>

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::uint32_t frames_looked_at = 8;  // more never stand there
// Longer than each of the functions in question is, and than the beginning of a function up to where it has called a trampoline.
constexpr std::uint64_t dispatcher_size = 1024, way_size = 112, entry_size = 64;

bool has_trampoline(ProgramKind kind) { return kind == ProgramKind::fentry || kind == ProgramKind::fexit; }

}  // namespace

// The kernel has one dispatcher for each number of arguments, and up to two functions for each event.
std::vector<std::uint64_t> ways_to_program(const CallCheck& call) {
  std::vector<std::uint64_t> ways;
  if (call.probe_type().program != ProgramKind::raw_tracepoint || call.probe_type().moment != Moment::attached) return ways;
  const auto first = call.target().kernel_symbol("bpf_trace_run1"), last = call.target().kernel_symbol("bpf_trace_run12");
  if (!first || !last) return ways;
  ways = {std::min(*first, *last), std::max(*first, *last) + dispatcher_size};
  if (call.attach_points().size() != 1) return ways;
  for (const char* way : {"__bpf_trace_{}", "__traceiter_{}"}) {
    const auto begin = call.target().kernel_symbol(fmt::format(fmt::runtime(way), call.attach_points().front().function));
    if (begin) ways.insert(ways.end(), {*begin, *begin + way_size});
  }
  return ways;
}

llvm::Value* frames_of_tracing(ProbeLowering& probe, const std::vector<std::uint64_t>& ways) {
  BpfBuilder& bpf = probe.bpf();
  const bool by_trampoline = has_trampoline(probe.probe().type->program);
  if (ways.empty() && !by_trampoline) return bpf.number(0);
  llvm::Value* frames = probe.temporary(frames_looked_at * word);
  bpf.clear(frames, frames_looked_at * word);
  bpf.call(Helper::get_stack, {probe.context(), frames, bpf.getInt32(frames_looked_at * word), bpf.number(0)});
  llvm::AllocaInst* skipped = bpf.word();
  bpf.CreateStore(bpf.number(0), skipped);
  const auto within = [&](llvm::Value* frame, llvm::Value* begin, std::uint64_t size) { return bpf.CreateICmpULT(bpf.CreateSub(frame, begin), bpf.number(size)); };
  const auto skip_if = [&](llvm::Value* condition, std::uint32_t count) { bpf.when(condition, [&] { bpf.CreateStore(bpf.number(count), skipped); }); };
  if (by_trampoline) {
    // The traced function's own frame stays. The first that is its own counts: it may have called itself.
    llvm::Value* function = bpf.call(Helper::get_func_ip, {probe.context()});
    for (std::uint32_t i = frames_looked_at; i-- > 0;) {
      skip_if(within(bpf.load(bpf.at(frames, std::uint64_t{i} * word), word, false), bpf.CreateSub(function, bpf.number(entry_size)), 2 * entry_size), i);
    }
  } else {
    for (std::uint32_t i = 0; i < frames_looked_at; ++i) {
      llvm::Value* frame = bpf.load(bpf.at(frames, std::uint64_t{i} * word), word, false);
      for (std::size_t way = 0; way + 1 < ways.size(); way += 2) skip_if(within(frame, bpf.number(ways[way]), ways[way + 1] - ways[way]), i + 1);
    }
  }
  return bpf.CreateLoad(bpf.getInt64Ty(), skipped);
}

}  // namespace fathom::codegen
