// fexit: the return of a kernel function, with its arguments and its result by name.
#include "runtime/probes/kernel_function.h"

namespace fathom {

const ProbeType fexit_probe =
    traced_function_type(FunctionMoment::returned, {.name = "fexit",
                                                    .aliases = {"fr", "kretfunc"},
                                                    .syntax = "fexit:FUNCTION",
                                                    .doc = "Runs when a kernel function returns; `args.NAME` are its arguments and retval is what it returned."});

}  // namespace fathom
