// What builtins that take a printf format share: the format compared with the arguments, and the record that carries them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ast/builtin.h"
#include "ast/format_string.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

// Parses the format of argument 0 and compares it with the arguments behind it. Empty where something was reported.
std::optional<std::vector<FormatPiece>> check_format(CallCheck& call);

// The arguments from `first` on can be sent in one record.
void check_record_size(CallCheck& call, std::size_t first);

// Whether the kernel itself can print it, `what` being where it does: no precision, no `#`, no octal numbers, at most so many values.
bool check_kernel_format(CallCheck& call, std::size_t most, std::string_view what);

// A format of the kernel's own, which begins with `prefix`, and the values for it.
struct KernelText {
  std::string format;  // with its NUL
  std::vector<llvm::Value*> values;
};
KernelText kernel_text(CallLowering& call, std::string prefix);
// The values in memory; null where there are none.
llvm::Value* in_memory(CallLowering& call, const std::vector<llvm::Value*>& values);

// Both: all that printf() and its kin have to check.
void check_printf(CallCheck& call);

// Sends the arguments behind the format.
void send_formatted(CallLowering& call, FormatStyle style);

}  // namespace fathom::codegen
