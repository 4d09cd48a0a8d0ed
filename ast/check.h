// The checked program: what every name means and which type every expression has, in tables beside the tree. After check without errors
// nothing can fail because of what the user wrote.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ast/builtin.h"
#include "ast/diagnostics.h"
#include "ast/nodes.h"
#include "ast/probe_type.h"
#include "ast/settings.h"
#include "ast/target.h"

namespace fathom {

struct CheckedMap {
  std::string name;  // without the at sign
  bool keyed = false;
  bool key_is_list = false;  // written with more than one key
  Type key;                  // stored form
  Type value;                // stored form, or an aggregation
  Range first_use;
  std::uint32_t declared_size = 0;  // elements that `let @name = …` asks for; 0: not declared
  bool evicts = false;              // when it is full, the elements used longest ago go
  bool written = false;  // somewhere in the script, though its type may not be known yet
};

struct CheckedVariable {
  std::string name;
  Type type;
  bool declared = false;  // with this type: it does not grow with what is assigned
  const ast::Expression* value = nullptr;  // the first that is assigned
  bool changes = false;                    // it gets more than that one
};

// One probe of the script, for one set of attach points whose contexts look alike. A wildcard over events with different fields
// makes several of these from one ast::Probe.
struct CheckedProbe {
  const ast::Probe* probe = nullptr;
  const ProbeType* type = nullptr;
  std::vector<AttachPoint> attach_points;
  Context context;
  std::optional<SharedPlace> place;    // the program runs there instead of at the attach points themselves
  std::vector<std::uint32_t> numbers;  // of the attach points at that place
  std::vector<Facts> facts;  // by ast::NodeId, from the probe's first node on
  std::vector<CheckedVariable> variables;
  // Names of the first variables: those that are read outside the block that gives them their value, as old scripts do. They belong to the
  // whole probe and are 0 or "" until they get a value.
  std::vector<std::string> hoisted;
  bool has_loops = false;           // `for` or `while`
  std::optional<std::size_t> returns;  // number of the probe that runs when the same functions return, in one program with this one
  bool variables_outdated = false;  // `hoisted` has grown since `variables` was laid out

  const Facts& of(const ast::Expression& expression) const { return facts[expression.id - probe->first_node]; }
};

// An option that the script reads with getopt().
struct ScriptOption {
  std::string name;
  std::string default_value;  // as it is written in the script
  std::string description;
  Range range;
};

// A pattern that an attach point of the script is.
struct Wildcard {
  const ProbeType* type = nullptr;
  AttachPoint pattern;
};

struct CheckedProgram {
  const ast::Program* program = nullptr;
  const SourceFile* source = nullptr;
  std::vector<CheckedProbe> probes;  // in source order
  std::vector<CheckedMap> maps;      // sorted by name
  std::vector<ScriptOption> options;
  std::vector<Wildcard> wildcards;
  bool one_at_a_time = false;  // on a CPU no program of the script may interrupt another one
  Settings settings;
  std::set<const Builtin*> unstable_uses;  // builtins that may still change: each is told once
  std::uint32_t possible_cpus = 1;
  // Set where fathom does not run in the initial one: process ids are those of this namespace.
  std::optional<PidNamespace> pid_namespace;
};

// The lists of plug-ins a script is checked against.
struct Catalog {
  ProbeTypes probe_types;
  BuiltinFamilies builtins;
};

// Runs the passes. Errors are in `diagnostics`; the result is complete only if there are none. `program` and `source` must outlive it.
CheckedProgram check(const ast::Program& program, const SourceFile& source, const Settings& settings, const Catalog& catalog,
                     const Target& target, Diagnostics& diagnostics);

// The text of --emit=checked.
std::string to_string(const CheckedProgram& program);

}  // namespace fathom
