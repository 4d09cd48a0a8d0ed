// Writes programs of the whole language from a seed. The types of what it says are followed, so that most programs are valid; the
// others, and all that `mutated` and `noise` make of them, are for the diagnostics. Split by subject: expressions.cpp, compounds.cpp,
// statements.cpp, mutations.cpp.
#pragma once

#include <string>
#include <vector>

#include "random.h"
#include "vocabulary.h"

namespace fathom::fuzz {

class Generator {
 public:
  Generator(const Vocabulary& vocabulary, std::uint64_t seed) : random_(seed), vocabulary_(vocabulary) {}

  // `loadable`: only attach points whose programs this kernel loads.
  std::string program(bool loadable);
  // A program with some tokens lost, doubled, swapped or replaced.
  std::string mutated(const std::string& program);
  // Tokens in no order, now and then bytes that are none.
  std::string noise();

 private:
  enum class Want { integer, string, pointer, tuple };

  struct Variable {
    std::string name;
    Type type;
    bool constant = false;  // a loop's own: not assigned
  };
  struct Map {
    std::string name;
    std::vector<Want> keys;
    Type value;               // none: an aggregation
    std::string aggregation;  // name of the row
    bool declared = false;
  };

  // statements.cpp
  std::string definitions();
  std::string probe(const Point& point);
  std::string block(unsigned depth);
  std::string statement(unsigned depth);
  std::string assign_variable();
  std::string declare_variable();
  std::string assign_map();
  std::string aggregate();
  std::string compound();
  std::string output();
  std::string branch(unsigned depth);
  std::string loop(unsigned depth);
  std::string jump();
  std::string on_map();
  std::string call();
  std::string walk();
  std::string predicate();

  // compounds.cpp
  std::string part(unsigned depth);
  std::string tuple_of_two();
  // `read`: what to append to read a part of it; `comparable`: with == and !=.
  std::string compound_value(std::string& read, bool& comparable);
  std::string keep_compound();

  // expressions.cpp
  std::string value(Want want, unsigned depth);
  std::string integer(unsigned depth);
  std::string integer_leaf();
  std::string binary(unsigned depth);
  std::string unary(unsigned depth);
  std::string rare_integer(unsigned depth);
  std::string string(unsigned depth);
  std::string string_literal();
  std::string pointer(unsigned depth);
  std::string tuple(unsigned depth);
  std::string condition(unsigned depth);
  std::string number();
  std::string cast();
  // Something that can be printed; with the conversions that fit it.
  std::pair<std::string, std::string> printable(unsigned depth);
  // An expression that reaches into a kernel struct and ends at what is wanted; empty where none was found.
  std::string reach(Want want);
  std::string atom(Want want, unsigned depth);
  std::string atom_text(const Atom& atom, unsigned depth);
  std::string variable(Want want, bool assignable = false);
  std::string map_read(Want want, unsigned depth);
  std::string element(const Map& map, unsigned depth);
  std::string key(const Map& map, unsigned depth);
  static bool fits(Want want, const Type& type);

  std::string fresh(std::string_view prefix) { return std::string(prefix) + std::to_string(++names_); }
  bool exhausted() { return fuel_ == 0 || --fuel_ == 0; }

  Random random_;
  const Vocabulary& vocabulary_;
  const Point* point_ = nullptr;
  std::vector<Variable> variables_;
  std::vector<Map> maps_;
  std::vector<std::string> constants_;  // names from the script's own C definitions
  std::vector<std::string> structs_;    // "struct fz1"
  bool macro_ = false;
  bool function_ = false;
  unsigned names_ = 0;
  unsigned fuel_ = 0;
  unsigned loops_ = 0;
  bool samples_ = false;  // whether the maps and the variable that rows were tried with are used
};

}  // namespace fathom::fuzz
