// fentry: the call of a kernel function, with its arguments by name. Cheaper than kprobe, where the kernel has BPF trampolines.
#include "runtime/probes/kernel_function.h"

namespace fathom {

const ProbeType fentry_probe = traced_function_type(FunctionMoment::entry,
                                                    {.name = "fentry",
                                                     .aliases = {"f", "kfunc"},
                                                     .syntax = "fentry:FUNCTION",
                                                     .doc = "Runs when a kernel function is called; its arguments are read as `args.NAME`. "
                                                            "`fentry:bpf:FUNCTION` is a function of a loaded BPF program."});

}  // namespace fathom
