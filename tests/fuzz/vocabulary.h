// What the generator may say: attach points, builtins and constructs that this tree accepts on this machine. Builtins come from the
// tables of rows, so that a new one is used without a word here: each row is tried with some arguments in a small program, and what check
// makes of it says where it may stand. Nothing here knows a builtin's name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ast/prototype.h"
#include "random.h"
#include "tests/fuzz/front_end.h"

namespace fathom::fuzz {

// A call or name that check accepted somewhere.
struct Atom {
  std::string name;
  std::vector<std::string> arguments;      // texts that were accepted; empty where it is written without parentheses
  std::vector<ParameterKind> replaceable;  // by position: integer and string may become any such expression; any: leave it
  bool parentheses = false;
  Type type;  // none: a statement
};

std::string written(const Atom& atom);

// What the rows are tried with, at the start of a body.
inline constexpr std::string_view sample_statements = "$v = 1; @k[1] = 1; @s = 1;";

struct Point {
  std::string text;
  bool alone = false;     // must be the only probe
  bool loadable = false;  // this kernel loads its program type
  std::vector<Atom> values;
  std::vector<Atom> statements;
};

// A part of the language that is tried before it is used, so that a tree without it is not blamed for it.
struct Construct {
  std::string_view name;
  std::string_view sample;
};

class Vocabulary {
 public:
  // `loads`: whether the kernel takes a program of this attach point; never asked where loading is not wanted.
  Vocabulary(const Target& target, bool (*loads)(const Checked&));

  const std::vector<Point>& points() const { return points_; }
  const std::vector<std::string>& aggregations() const { return aggregations_; }  // names of rows
  bool has(std::string_view construct) const;
  // Constructs whose sample is refused, with the diagnostic.
  const std::vector<std::string>& refused() const { return refused_; }
  // Rows that were accepted nowhere.
  const std::vector<std::string>& unused_rows() const { return unused_; }
  const Target& target() const { return target_; }
  // A random way from a struct, or a pointer to one, to something in it: text to append, and the type there.
  std::pair<std::string, Type> way(const Type& from, Random& random, unsigned depth) const;
  // Arguments of an aggregation's prototype.
  const Prototype& prototype_of(const std::string& aggregation) const { return prototypes_.at(aggregation); }

 private:
  void find_points(bool (*loads)(const Checked&));
  void find_atoms();
  bool try_row(const Builtin& row, const Prototype& prototype, Point& point, Random& random);
  void find_constructs();

  const Target& target_;
  Settings settings_ = small_settings();
  std::vector<Point> points_;
  std::vector<std::string> aggregations_;
  std::map<std::string, Prototype> prototypes_;
  std::map<std::string_view, bool> constructs_;
  std::vector<std::string> refused_;
  std::vector<std::string> unused_;
};

}  // namespace fathom::fuzz
