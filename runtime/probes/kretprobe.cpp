// kretprobe: the return of a kernel function.
#include "runtime/probes/kernel_function.h"

namespace fathom {

const ProbeType kretprobe_probe = kernel_probe_type(FunctionMoment::returned, {.name = "kretprobe",
                                                                               .aliases = {"kr"},
                                                                               .syntax = "kretprobe:FUNCTION",
                                                                               .doc = "Runs when a kernel function returns; what it returned is retval."});

}  // namespace fathom
