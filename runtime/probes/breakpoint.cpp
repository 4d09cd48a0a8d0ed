// Looks at the code in front of a breakpoint, and tells of what is known of the place.
#include "runtime/probes/breakpoint.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/probes/source_line.h"
#include "runtime/user_symbols.h"

namespace fathom {

namespace {

AttachPointProblem problem(const std::string& place) {
  return {fmt::format("{}: a breakpoint in the middle of an instruction changes what the program does", place), "run with `--unsafe` if an instruction begins there", 2};
}

std::optional<AttachPointProblem> inside(const ExecutableSymbol& function, const AttachPoint& point, const Executable& binary, const Target& target) {
  const std::vector<std::uint64_t> begins = target.instructions(binary, function.address, point.address);
  if (begins.empty() || begins.back() < point.address) return problem(fmt::format("is behind code of `{}` that can not be decoded", function.name));
  if (begins.back() == point.address) return std::nullopt;
  const std::uint64_t before = begins.end()[-2] - function.address;
  const std::uint64_t behind = begins.back() - function.address;
  return AttachPointProblem{"is in the middle of an instruction: a breakpoint there changes what the program does",
                            fmt::format("instructions begin at {0}+{1} and {0}+{2}", function.name, before, behind), 2};
}

}  // namespace

const ExecutableSymbol* function_of(const AttachPoint& point, const Executable& binary) {
  auto at = std::ranges::upper_bound(binary.symbols, point.address, {}, &ExecutableSymbol::address);
  while (at != binary.symbols.begin()) {
    --at;
    if (at->is_function && at->name == point.function) return &*at;
  }
  return nullptr;
}

std::optional<AttachPointProblem> breakpoint_danger(const AttachPoint& point, const Target& target) {
  const auto binary = target.executable(point.target);
  // Debugging information says where the code of a line begins.
  if (!binary || is_source_line(point)) return std::nullopt;
  const ExecutableSymbol* function = point.function.empty() ? symbol_at(**binary, point.address) : function_of(point, **binary);
  if (function == nullptr || !function->is_function) {
    return point.function.empty() ? std::optional(problem("lies in no function that the file's symbols tell of")) : std::nullopt;
  }
  if (function->size == 0 && !point.function.empty()) return problem("is on a symbol without a size, which may be no function");
  const std::uint64_t offset = point.address - function->address;
  if (function->size != 0 && offset >= function->size) return problem(fmt::format("is behind the end of the function, which has {} bytes", function->size));
  return offset == 0 ? std::nullopt : inside(*function, point, **binary, target);
}

}  // namespace fathom
