// From a tracepoint's field as tracefs describes it to what a probe body reads.
#pragma once

#include <optional>
#include <string_view>

#include "ast/probe_type.h"

namespace fathom {

// The type that a C declaration stands for, without a look at its size in the record. Pointees that are no plain C type become
// `struct X` without layout, or no type. `pointers`: the address space that pointers in the record point to.
Type pointer_type(std::string_view c_type, AddressSpace pointers);

// Empty for fields that can not be read (__rel_loc). The target is asked only for enums.
std::optional<ContextField> context_field(const TracepointField& field, AddressSpace pointers, const Target& target);

}  // namespace fathom
