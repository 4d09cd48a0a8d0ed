// Headers that were accepted without being read, read after all: when the script uses a name that neither it nor the machine explains, and the
// header happens to be installed. Whatever in it can not be understood is passed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ast/target.h"
#include "definitions/declarations.h"
#include "definitions/macro.h"
#include "definitions/setup.h"

namespace fathom {

class LateHeaders {
 public:
  LateHeaders(CSetup setup, std::vector<std::string> names) : setup_(std::move(setup)), names_(std::move(names)) {}

  // What the headers define. Types that they only name are the machine's.
  const Declarations& declarations(const Target& machine);
  // The value of a macro that stands for a constant.
  std::optional<std::int64_t> constant(std::string_view name, const Target& machine);
  // Those that are not installed, as they were included.
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  void read(const Target& machine);

  CSetup setup_;
  std::vector<std::string> names_;
  std::vector<std::string> missing_;
  bool was_read_ = false;
  Macros macros_;
  Declarations declarations_;
};

}  // namespace fathom
