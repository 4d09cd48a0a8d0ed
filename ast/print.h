// The text of --emit=ast.
#pragma once

#include <functional>
#include <string>

#include "ast/nodes.h"

namespace fathom::ast {

// An indented dump, one node a line. `note` may add text behind an expression (its type, say); it may be empty.
std::string to_string(const Program& program);
std::string to_string(const Probe& probe, const std::function<std::string(const Expression&)>& note);

}  // namespace fathom::ast
