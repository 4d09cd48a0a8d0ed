// -l: the attach points of this machine.
#pragma once

#include <string_view>
#include <vector>

#include "ast/check.h"

namespace fathom {

// Attach points of every provider whose name matches the pattern's first part; a pattern without a colon is looked for in every provider's
// attach points. An empty pattern matches all. Errors: nothing is found, or the machine can not be asked.
struct ListedProbes {
  std::vector<ListedProbe> probes;
  std::vector<Error> withheld;  // what else might match, but is not shown to this user
};
Result<ListedProbes> list_probes(ProbeTypes types, std::string_view pattern, const Target& target, bool with_arguments);

// The patterns of a list with commas between them; a comma in quotes belongs to a pattern.
std::vector<std::string> split_patterns(std::string_view list);
// For -v: what the wildcards of a script leave out, a line for each of them.
std::string left_out(const CheckedProgram& program, const Target& target);

}  // namespace fathom
