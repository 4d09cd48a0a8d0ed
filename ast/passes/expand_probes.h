// Second pass: attach points become probes.
#pragma once

#include <vector>

#include "ast/check.h"

namespace fathom {

// A probe that does not run: nothing of what it names exists, or it was not asked for. Others may read maps that it writes.
struct LeftOutProbe {
  CheckedProbe probe;         // as it would run at the first of its attach points
  bool context_known = true;  // false: nobody knows what its body could read there
};

// Parses every attach point, expands wildcards, and groups those of one probe whose contexts are alike, so that each group can share one
// program. Positional parameters in attach points are replaced by their text.
struct ExpandedProbes {
  std::vector<CheckedProbe> probes;
  std::vector<Wildcard> wildcards;  // those that leave something out
  std::vector<LeftOutProbe> left_out;
};
ExpandedProbes expand_probes(const ast::Program& program, const Settings& settings, const Catalog& catalog, const Target& target,
                             Diagnostics& diagnostics);

}  // namespace fathom
