// uretprobe: the return of a function of a program or library.
#include "runtime/probes/user_function.h"

namespace fathom {

const ProbeType uretprobe_probe =
    user_function_type(FunctionMoment::returned, {.name = "uretprobe",
                                                  .aliases = {"ur"},
                                                  .syntax = "uretprobe:FILE:FUNCTION",
                                                  .doc = "Runs when a function of a program or library returns; what it returned is retval."});

}  // namespace fathom
