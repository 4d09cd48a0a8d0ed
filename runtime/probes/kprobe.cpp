// kprobe: any instruction of the kernel, as a rule the first of a function, with its arguments in registers.
#include "runtime/probes/kernel_function.h"

namespace fathom {

const ProbeType kprobe_probe = kernel_probe_type(
    FunctionMoment::entry,
    {.name = "kprobe",
     .aliases = {"k"},
     .syntax = "kprobe:FUNCTION+OFFSET",
     .doc = "Runs when a kernel function is called; its arguments are arg0 … and `reg(\"…\")` reads any register."});

}  // namespace fathom
