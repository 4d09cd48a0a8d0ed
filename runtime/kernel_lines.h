// Source lines of the kernel, from a file with it and its debugging information (vmlinux), where the machine has one. Modules have none.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ast/debug_info.h"
#include "ast/executable.h"

namespace fathom {

class KernelLines {
 public:
  // `file`: empty for the usual places. `address_of`: where a symbol of the running kernel is. A file of another build has no lines for this one.
  static KernelLines open(const std::string& file, DebugInfoReader reader, const std::function<std::optional<std::uint64_t>(std::string_view)>& address_of);

  std::vector<SourceLine> source_of(std::uint64_t address) const;

 private:
  std::optional<Executable> file_;
  std::shared_ptr<const DebugInfo> lines_;
  std::uint64_t moved_ = 0;  // where the kernel is, less where the file says
};

}  // namespace fathom
