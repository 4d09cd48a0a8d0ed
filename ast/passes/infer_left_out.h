// Types of maps that only probes write which do not run.
#pragma once

#include <vector>

#include "ast/passes/infer.h"

namespace fathom {

// Runs over the program's probes until nothing changes any more.
void settle_types(CheckedProgram& program, Inference::Maps& maps, const Catalog& catalog, const Target& target, bool complete);

// How many mistakes the program has if maps are of these types; maps without a type are none.
std::size_t count_mistakes(CheckedProgram program, Inference::Maps maps, const Catalog& catalog, const Target& target);

// Gives types to maps that the program reads and that only `left_out` write: those that they would write, as far as that can be known;
// otherwise one that fits what reads them. Reported is what no type fits.
void add_maps_of_left_out(CheckedProgram& program, Inference::Maps& maps, std::vector<LeftOutProbe>& left_out, const Catalog& catalog, const Target& target,
                          Diagnostics& diagnostics);

}  // namespace fathom
