// What the debugging information of a program or library says about its source: where a line's code begins, from which line code comes, and what
// functions take. An interface, because only codegen/ has the library that reads it; main hands the reader to the target.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ast/types.h"

namespace fathom {

struct DebugParameter {
  std::string name;
  Type type;                // none: of a kind that scripts can not read
  bool in_integer_register = true;  // the calling convention treats it as a number; else it goes elsewhere
};

struct DebugFunction {
  std::string name;
  std::vector<DebugParameter> parameters;
  Type result;  // none: void, or of a kind that scripts can not read
};

// A line of a source file, and the function that it belongs to.
struct SourceLine {
  std::string function;
  std::string file;
  std::uint32_t line = 0;
};

class DebugInfo {
 public:
  virtual ~DebugInfo() = default;

  // Addresses of the file's own where code of this line begins, one for each copy of it that the compiler made; column 0 stands for all.
  // `file` is a name or the end of a path.
  virtual std::vector<std::uint64_t> places_of(std::string_view file, std::uint32_t line, std::uint32_t column) const = 0;
  // Whether there is such a source file, and the lines of it that have code, sorted.
  virtual bool has_file(std::string_view file) const = 0;
  virtual std::vector<std::uint32_t> lines_of(std::string_view file) const = 0;
  // The function that begins at this address.
  virtual std::optional<DebugFunction> function_at(std::uint64_t address) const = 0;
  // What the instruction at this address was made from: the innermost of inlined calls first, the function that has the code last. Empty: unknown.
  virtual std::vector<SourceLine> source_of(std::uint64_t address) const = 0;
};

// Reads a file; null where it has no debugging information.
using DebugInfoReader = std::shared_ptr<const DebugInfo> (*)(const std::string& path);

}  // namespace fathom
