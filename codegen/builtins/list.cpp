// The list of builtin families.
#include "codegen/builtins/list.h"

#include <array>

namespace fathom::codegen {

BuiltinFamilies builtin_families() {
  static const std::array families = {process_builtins(), comm_builtins(), task_builtins(),   cgroup_builtins(), time_builtins(),
                                      probe_builtins(),   string_builtins(), search_builtins(), memory_builtins(), object_builtins(),
                                      name_builtins(),    network_builtins(), compile_time_builtins(), stack_builtins(),
                                      aggregation_builtins(), map_builtins(), parameter_builtins(), output_builtins(),
                                      command_builtins(), printk_builtins()};
  return families;
}

}  // namespace fathom::codegen
