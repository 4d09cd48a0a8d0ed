// What a script says on standard error while it runs: errorf(), warnf(), and what went wrong in a probe, with the place in the script.
#pragma once

#include <cstdint>
#include <string>

#include "ast/diagnostics.h"
#include "runtime/plan.h"

namespace fathom {

enum class MessageKind : std::uint8_t {
  said,    // by the script: errorf(), warnf()
  failed,  // a probe could not do what the script asks for
  command,  // a command of the script's failed
};

struct Message {
  MessageKind kind = MessageKind::said;
  Severity severity = Severity::error;
  std::string text;
  const SourcePlace* place = nullptr;
  // A failed call of the kernel's: the helper's name and what it returned. Empty where the probe itself found the mistake.
  std::string helper;
  std::int64_t result = 0;
  std::string help;  // what to do about it
};

// "stdin:1:9-22: ERROR: text" for what the script says. For what failed the place with its source line too, as diagnostics have it, or as
// bpftrace has it under that name.
std::string to_text(const Message& message, MessageStyle style);

}  // namespace fathom
