// The arguments of a static probe as its note in the file spells them: "-4@%edi 8@-16(%rbp) 8@$5", assembler operands with sizes, negative
// for signed numbers.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "ast/executable.h"
#include "ast/probe_type.h"

namespace fathom {

// One field per argument; those without a type are floating-point numbers, which can not be read. An error names the operand that is none of the forms known. `executable`: for operands that name a variable.
std::expected<std::vector<ContextField>, std::string> parse_static_arguments(std::string_view text, const Executable& executable,
                                                                             std::uint64_t probe_address);

}  // namespace fathom
