// uprobe: any instruction of a program or library, as a rule the first of a function. The kernel sets a breakpoint in the file itself, for all
// processes that have it mapped or for the one of -p.
#include "runtime/probes/user_function.h"

namespace fathom {

const ProbeType uprobe_probe = user_function_type(
    FunctionMoment::entry,
    {.name = "uprobe",
     .aliases = {"u"},
     .syntax = "uprobe:FILE:FUNCTION+OFFSET",
     .doc = "Runs when a function of a program or library is called; its arguments are arg0 … and `reg(\"…\")` reads any register. With debugging "
            "information they are also `args.NAME`, and `uprobe:FILE@SOURCE:LINE` is a line of the source."});

}  // namespace fathom
