// Values of several parts: arrays, records, tuples, structs, pointers to what a probe owns. They are made, kept in variables and maps,
// used as keys, compared, read again, where other expressions only compute with numbers and strings.
#include <fmt/format.h>

#include "generator.h"

namespace fathom::fuzz {

namespace {

struct Width {
  std::string_view element;
  unsigned count;
};
constexpr Width arrays_of_8_bytes[] = {{"uint8", 8}, {"int8", 8}, {"uint16", 4}, {"int32", 2}, {"uint64", 1}};

}  // namespace

// A number out of something with parts.
std::string Generator::part(unsigned depth) {
  switch (random_.below(10)) {
    case 0: return fmt::format("*({} *)curtask", random_.word("uint8 int16 uint32 int64"));
    case 1: return fmt::format("(({} *)curtask)[{}]", random_.word("uint8 int16 uint32 int64"), integer(depth));
    case 2: return "comm[" + std::to_string(random_.below(16)) + "]";
    case 3: return fmt::format("curtask->comm[{}]", random_.percent(50) ? "cpu" : "3");
    case 4: return fmt::format("({0}, ({1}, {0})).1.1", integer(depth), string(0));
    case 5: {
      if (!vocabulary_.has("array-cast")) return "1";
      const Width& width = arrays_of_8_bytes[random_.below(std::size(arrays_of_8_bytes))];
      std::string index = random_.percent(50) ? std::to_string(random_.below(width.count)) : random_.word("cpu pid rand nsecs");
      return fmt::format("(({}[{}])(uint64){})[{}]", width.element, width.count, integer(0), index);
    }
    case 6: return vocabulary_.has("record") ? fmt::format("(a=(b={}, c={}), d=1).a.b", integer(depth), string(0)) : "2";
    case 7: {
      std::string name = variable(Want::integer);
      return vocabulary_.has("address") && !name.empty() ? fmt::format("*(&{})", name) : "3";
    }
    case 8: return fmt::format("(({0}, {1}) == ({1}, {0}))", integer(0), integer(0));
    default: return fmt::format("({0} == ({1}, 2) ? 1 : {1})", tuple_of_two(), integer(0));
  }
}

std::string Generator::compound_value(std::string& read, bool& comparable) {
  comparable = true;
  switch (random_.below(6)) {
    case 0: {
      if (!vocabulary_.has("array-cast")) break;
      const Width& width = arrays_of_8_bytes[random_.below(std::size(arrays_of_8_bytes))];
      read = fmt::format("[{}]", random_.percent(60) ? std::to_string(random_.below(width.count)) : random_.word("cpu pid 1"));
      return fmt::format("({}[{}])(uint64){}", width.element, width.count, integer(1));
    }
    case 1:
      if (!vocabulary_.has("record")) break;
      read = random_.word(".first .second .third.x");
      return fmt::format("(first={}, second={}, third=(x={}, y={}))", integer(1), string(1), integer(0), string(0));
    case 2: read = random_.word(".0 .1 .2.0"); return fmt::format("({}, {}, ({}, {}))", integer(1), string(1), integer(0), string(0));
    case 3:
      read = ".val";
      comparable = false;
      return "curtask->cred->uid";
    case 4:
      if (structs_.empty()) break;
      comparable = false;
      read = random_.word(".a .c[1] .h .f .e.d");
      return fmt::format("*({} *){}", random_.of(structs_), random_.word("curtask 0 curtask->mm"));
    default: break;
  }
  comparable = false;
  read = random_.word(".weight .inv_weight");
  return "curtask->se.load";
}

std::string Generator::tuple_of_two() { return fmt::format("({}, {})", integer(0), integer(0)); }

// One value through a variable, a map, a key and back.
std::string Generator::keep_compound() {
  std::string read;
  bool comparable = false;
  std::string text = compound_value(read, comparable);
  std::string name = fresh("$c");
  std::string map = fresh("@c");
  std::string result = fmt::format("{} = {};", name, text);
  if (random_.percent(60)) result += fmt::format(" {} = {};", map, name);
  bool kept = random_.percent(50);
  if (kept) result += fmt::format(" {0}k[{1}] = {1};", map, name);
  if (random_.percent(40)) result += fmt::format(" {}n[{}, {}] = {};", map, name, value(random_.percent(50) ? Want::integer : Want::string, 0), integer(0));
  if (random_.percent(40)) result += fmt::format(" print({});", name);
  if (random_.percent(30)) result += fmt::format(" print(({}, {}));", name, integer(0));
  if (random_.percent(30)) result += fmt::format(" printf(\"%s\\n\", {});", name);
  if (random_.percent(40)) result += fmt::format(" print({}{});", name, read);
  if (kept && random_.percent(50)) result += fmt::format(" print({0}k[{1}]{2}); delete({0}k[{1}]);", map, name, read);
  if (comparable && random_.percent(25)) result += fmt::format(" if ({0} == {0}) {{ {1} }}", name, compound());
  return result;
}

}  // namespace fathom::fuzz
