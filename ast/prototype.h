// Reader of the prototypes in builtin rows. The language of prototypes:
//
//   prototype  := result name [ "(" [ parameter { "," parameter } ] ")" ]
//   parameter  := types name | "[" types name "]" | "..."        brackets: optional; "...": any number of values of any type
//   types      := type { "|" type }
//   type       := none | auto | bool | int | uint32 | uint64 | int64 | string | pointer | stack | symbol | timestamp | any
//               | array | buffer | struct | inet | macaddr | username | cgroup_path
//               | map           a map named without keys, or with them (the row's check decides)
//               | literal       a constant integer
//               | text          a constant string
//               | word          a bare identifier such as `perf`, not looked up
//               | variable      a scratch variable that the call gives a value, `$x`
//               | type          a type: typeof(struct task_struct)
//
// `auto` as a result: the row's check function sets the type. A `string` result has capacity 0 until the check function sets it;
// `pointer` points to nothing known, `stack` and `symbol` are the kernel's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ast/types.h"

namespace fathom {

enum class ParameterKind : std::uint8_t {
  any, integer, boolean, string, pointer, stack, symbol, timestamp, array, buffer, structure, map, literal, text, word, variable, type,
};

struct Parameter {
  std::vector<ParameterKind> kinds;  // any one of them
  std::string name;
  bool optional = false;
};

struct Prototype {
  std::string name;
  std::optional<Type> result;  // empty: `auto`
  std::vector<Parameter> parameters;
  bool variadic = false;
  std::size_t required = 0;  // parameters that must be given
};

// Empty where the text is not a prototype.
std::optional<Prototype> parse_prototype(std::string_view text);

// Whether a value of this type may be given for the parameter, apart from literal, text, word and map, which are about the expression.
bool accepts(ParameterKind kind, const Type& type);

// "1 to 2" and "arguments": what a call has to give, for diagnostics.
std::string arity(const Prototype& prototype);
const char* arguments_noun(const Prototype& prototype);

// "a pointer or an integer", for diagnostics.
std::string describe(const Parameter& parameter);

}  // namespace fathom
