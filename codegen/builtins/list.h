// The builtin families, one file each. A new family is a new file and a line here and in list.cpp.
#pragma once

#include "ast/builtin.h"

namespace fathom::codegen {

BuiltinFamily process_builtins();
BuiltinFamily comm_builtins();
BuiltinFamily task_builtins();
BuiltinFamily cgroup_builtins();
BuiltinFamily time_builtins();
BuiltinFamily probe_builtins();
BuiltinFamily string_builtins();
BuiltinFamily search_builtins();
BuiltinFamily memory_builtins();
BuiltinFamily object_builtins();
BuiltinFamily name_builtins();
BuiltinFamily network_builtins();
BuiltinFamily compile_time_builtins();
BuiltinFamily stack_builtins();
BuiltinFamily aggregation_builtins();
BuiltinFamily map_builtins();
BuiltinFamily parameter_builtins();
BuiltinFamily output_builtins();
BuiltinFamily command_builtins();
BuiltinFamily printk_builtins();

// All of them, in the order of the manual.
BuiltinFamilies builtin_families();

}  // namespace fathom::codegen
