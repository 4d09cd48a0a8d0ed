// Optimisation and object emission. The pass pipeline is short on purpose: programs are a few hundred instructions of straight code, and
// what counts is the time until the first event.
#include "codegen/codegen.h"

#include <llvm/Analysis/CGSCCPassManager.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/PassManager.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/ErrorHandling.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Target/TargetOptions.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "codegen/lowering.h"

extern "C" {
void LLVMInitializeBPFTargetInfo();
void LLVMInitializeBPFTarget();
void LLVMInitializeBPFTargetMC();
void LLVMInitializeBPFAsmPrinter();
}

namespace fathom::codegen {

// Members are destroyed from the last to the first: the module before its context.
struct Module::Implementation {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::string problem;
  bool optimised = false;
};

Module::Module() : implementation(std::make_unique<Implementation>()) {}
Module::Module(Module&&) noexcept = default;
Module& Module::operator=(Module&&) noexcept = default;
Module::~Module() = default;

namespace {

// The instruction set v3 (32-bit operations, atomic exchange) is that of every kernel that has the BPF ring buffer.
constexpr char cpu[] = "v3";

// LLVM reports what BPF can not do through the context; without a handler it would exit the process.
void keep_problem(const llvm::DiagnosticInfo* info, void* problem) {
  auto* kept = static_cast<std::string*>(problem);
  if (info->getSeverity() != llvm::DS_Error || !kept->empty()) return;
  llvm::raw_string_ostream text(*kept);
  llvm::DiagnosticPrinterRawOStream printer(text);
  info->print(printer);
}

// The backend's last resort is to end the process; then at least with words that help.
void give_up(void*, const char* reason, bool) {
  std::fprintf(stderr, "error: a probe is too large to be translated (%s)\n = help: split it into several probes, or unroll less\n", reason);
  std::_Exit(1);
}

void optimise(Module::Implementation& state) {
  if (state.optimised) return;
  state.optimised = true;
  llvm::install_fatal_error_handler(give_up);
  LLVMInitializeBPFTargetInfo();
  LLVMInitializeBPFTarget();
  LLVMInitializeBPFTargetMC();
  LLVMInitializeBPFAsmPrinter();
  state.context->setDiagnosticHandlerCallBack(keep_problem, &state.problem);
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget("bpf", error);
  state.machine.reset(target->createTargetMachine("bpf", cpu, "", llvm::TargetOptions(), llvm::Reloc::PIC_));

  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  // Sums in another order than the script's keep all their terms at once, for which BPF has neither registers nor stack.
  llvm::PassInstrumentationCallbacks callbacks;
  callbacks.registerShouldRunOptionalPassCallback([](llvm::StringRef pass, llvm::Any) { return pass != "ReassociatePass"; });
  llvm::PassBuilder builder(state.machine.get(), llvm::PipelineTuningOptions(), std::nullopt, &callbacks);
  state.machine->registerPassBuilderCallbacks(builder);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(*state.module, modules);
}

// What the BPF backend can not do comes as text, "FILE:LINE:COLUMN: in function …: what".
Error explain(const std::string& problem) {
  std::string place = problem.substr(0, problem.find(": in function"));
  if (problem.find("stack limit") != std::string::npos) {
    return {"a probe keeps more values at once than the BPF stack holds, at " + place, "split the probe, or keep parts of it in maps"};
  }
  return {"the code generator could not translate this script (" + problem + ")", "this is a bug in fathom: please report it with the script"};
}

std::string generate(Module::Implementation& state, llvm::CodeGenFileType type) {
  optimise(state);
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  state.machine->addPassesToEmitFile(passes, stream, nullptr, type);
  passes.run(*state.module);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Module lower(const CheckedProgram& program) {
  Module module;
  ProgramLowering lowering(program);
  lowering.run();
  module.plan = std::move(lowering.plan());
  std::tie(module.implementation->context, module.implementation->module) = lowering.object().take();
  return module;
}

std::string to_ir(Module& module) {
  optimise(*module.implementation);
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.implementation->module->print(stream, nullptr);
  return text;
}

std::string to_assembly(Module& module) { return generate(*module.implementation, llvm::CodeGenFileType::AssemblyFile); }

Result<Image> emit(Module module) {
  std::string object = generate(*module.implementation, llvm::CodeGenFileType::ObjectFile);
  if (!module.implementation->problem.empty()) return std::unexpected(explain(module.implementation->problem));
  const auto* begin = reinterpret_cast<const std::byte*>(object.data());
  return Image{std::vector<std::byte>(begin, begin + object.size()), std::move(module.plan)};
}

}  // namespace fathom::codegen
