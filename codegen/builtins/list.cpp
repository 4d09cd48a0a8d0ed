// The list of builtin families.
#include "codegen/builtins/list.h"

#include <array>

namespace fathom::codegen {

BuiltinFamilies builtin_families() {
  static const std::array families = {process_builtins(), time_builtins(),        probe_builtins(), string_builtins(),
                                      stack_builtins(),   aggregation_builtins(), map_builtins(),   output_builtins()};
  return families;
}

std::span<const std::string_view> missing_builtins() {
  static constexpr std::string_view names[] = {
      "jiffies", "numaid", "pcomm", "ppid", "leader_comm", "leader_tid", "username", "func", "probetype", "ctx", "cpid", "has_cpid",
      "ustack", "dw_ustack", "usermode", "config", "errorf", "warnf", "debugf", "join", "cat", "system", "fail", "static_assert", "assert",
      "buf", "kptr", "uptr", "kaddr", "percpu_kaddr", "uaddr", "reg", "strncmp", "strlen", "strcap", "strstr", "strcontains", "str_concat",
      "memcmp", "write_user", "override", "signal", "signal_thread", "unwatch", "usym", "syscall_name", "signal_name", "cgroupid",
      "cgroup_path", "ntop", "pton", "macaddr", "bswap", "socket_cookie", "skboutput", "path", "is_err", "kfunc_exist", "kfunc_allowed",
      "is_str", "is_ptr", "is_array", "is_integer", "is_unsigned_integer", "is_literal", "container_of", "offsetof", "typeof", "typeinfo",
      "find", "getopt", "tseries", "sarg0", "sarg1", "sarg2", "sarg3", "sarg4", "sarg5",
  };
  return names;
}

}  // namespace fathom::codegen
