// Names of kernel functions that probes can be set on. An exact name is looked up in the text of /proc/kallsyms; the list of all comes from
// available_filter_functions of tracefs where that can be read, or from a file that takes its place, else from the functions in /proc/kallsyms. Nothing is read before the first
// question.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ast/target.h"
#include "runtime/tracefs.h"

namespace fathom {

class KernelFunctions {
 public:
  // Whether the kernel or a module (empty: any) has a function of this name, and in which module.
  std::optional<KernelFunction> find(std::string_view module, std::string_view name);
  // Those that match, sorted by name and module, each once. `tracefs` may be null.
  std::vector<KernelFunction> match(std::string_view module, std::string_view pattern, const Tracefs* tracefs);
  // Those that match and that match() leaves out.
  std::vector<KernelFunction> left_out(std::string_view module, std::string_view pattern, const Tracefs* tracefs);

  // A file as the kernel's own list, whose place it takes.
  Result<void> read_traceable(const std::string& path);

 private:
  const std::string& kallsyms();
  const std::vector<KernelFunction>& all(const Tracefs* tracefs);
  // Another name of a function that the kernel's list of traceable functions has under the name `known`.
  struct Alias {
    KernelFunction function;
    std::string known;
  };
  const std::vector<Alias>& aliases();

  std::optional<std::string> kallsyms_;
  std::optional<std::vector<KernelFunction>> all_;
  bool is_list_of_traceable_ = false;
  std::optional<std::vector<Alias>> aliases_;
};

// Functions that a wildcard never stands for: what the kernel can not bear to be probed, and entries that are none.
bool is_never_matched(std::string_view function);
// Functions on the way to fathom's own programs: tracing them costs much and tells of nothing but the tracing. A wildcard stands for them only
// if it spells out what they have in common, as `bpf_*` does.
bool is_on_own_path(std::string_view function, std::string_view pattern);

// A line of available_filter_functions, "name" or "name [module]"; empty where it is no function's.
std::optional<KernelFunction> parse_traceable(std::string_view line);
// A line of kallsyms, "address kind name" or "address kind name\t[module]"; empty where it is no function's.
std::optional<KernelFunction> parse_kallsyms_function(std::string_view line);

}  // namespace fathom
