// What the probe types that sit on functions share: contexts made of registers, offsets behind names, and perf events of the kernel's
// kprobe and uprobe kinds.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "runtime/probes/attach.h"
#include "runtime/probes/provider.h"

namespace fathom {

// What differs in the rows of probe types that are alike but for their moment.
struct RowText {
  std::string_view name;
  std::vector<std::string_view> aliases;
  std::string_view syntax;
  std::string_view doc;
};

// What a program with a struct pt_regs can read. `at_entry`: of a function that was just called, so that its arguments are where the calling
// convention puts them; otherwise only registers.
enum class FunctionMoment : std::uint8_t { entry, inside, returned };
Context register_context(FunctionMoment moment, SymbolSpace space);

// "name+0x10" -> {"name", 16}; empty where what follows the plus sign is no number.
std::optional<std::pair<std::string, std::uint64_t>> split_offset(std::string_view text);
// A number, decimal or hexadecimal.
std::optional<std::uint64_t> address_number(std::string_view text);

// Attaches through the perf event type `source` ("kprobe", "uprobe"). `name`: what stands in config1, a function or a path.
struct FunctionEvent {
  std::string_view source;
  bool at_return = false;
  std::string name;             // empty: `place` is an address
  std::uint64_t place = 0;      // offset in the function or the file
  std::uint64_t semaphore = 0;  // offset in the file
};
Result<Link> attach_function_event(const AttachRequest& request, std::size_t index, const FunctionEvent& event);

}  // namespace fathom
