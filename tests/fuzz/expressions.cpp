// Expressions of the generator: each function gives the text of one whose type is what its name says.
#include <fmt/format.h>

#include "generator.h"

namespace fathom::fuzz {

namespace {

constexpr std::string_view numbers =
    "0 1 2 3 7 8 63 64 100 127 128 255 256 1000 32767 65535 65536 0x7fffffff 0x80000000 0xffffffff 4294967296 0x7fffffffffffffff "
    "0x8000000000000000 0xffffffffffffffff 1e6 1_000 0755 10ms 1s 1h 1000000007 true false 5ull 3l 0XAB";
constexpr std::string_view widths = "int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool";
constexpr std::string_view kernel_structs = "task_struct mm_struct file inode sk_buff sock cred nsproxy pt_regs dentry super_block iphdr";

}  // namespace

bool Generator::fits(Want want, const Type& type) {
  switch (want) {
    case Want::integer: return type.is_numeric();
    case Want::string: return type.is_string();
    case Want::pointer: return type.is_pointer();
    case Want::tuple: return type.is_tuple();
  }
  return false;
}

std::string Generator::value(Want want, unsigned depth) {
  switch (want) {
    case Want::integer: return integer(depth);
    case Want::string: return string(depth);
    case Want::pointer: return pointer(depth);
    case Want::tuple: return tuple(depth);
  }
  return "0";
}

std::string Generator::number() { return random_.word(numbers); }

std::string Generator::integer(unsigned depth) {
  if (exhausted() || depth == 0) return integer_leaf();
  std::size_t kind = random_.below(16);
  if (kind < 6) return binary(depth - 1);
  if (kind < 8) return unary(depth - 1);
  if (kind < 10) return fmt::format("({} {} {})", integer(depth - 1), random_.word("< <= > >= == != && ||"), integer(depth - 1));
  if (kind == 10) return fmt::format("({} ? {} : {})", condition(depth - 1), integer(depth - 1), integer(depth - 1));
  if (kind == 11) return fmt::format("({} {} {})", string(depth - 1), random_.word("== !="), string(depth - 1));
  if (kind == 12) {
    std::string text = reach(Want::integer);
    return text.empty() ? integer_leaf() : text;
  }
  return kind == 13 ? integer_leaf() : rare_integer(depth - 1);
}

std::string Generator::binary(unsigned depth) {
  std::string op = random_.word("+ - * / % << >> & | ^");
  std::string right = integer(depth);
  if (op == "<<" || op == ">>") right = fmt::format("({} & 63)", right);
  if (op == "/" || op == "%") right = fmt::format("({} | 1)", right);
  return fmt::format("({} {} {})", integer(depth), op, right);
}

std::string Generator::unary(unsigned depth) { return fmt::format("{}({})", random_.percent(50) ? random_.word("- ~ !") : cast(), integer(depth)); }

std::string Generator::cast() { return fmt::format("({})", random_.word(widths)); }

std::string Generator::integer_leaf() {
  switch (random_.below(8)) {
    case 0:
    case 1: return number();
    case 2:
      if (!constants_.empty()) return random_.of(constants_);
      return vocabulary_.has("positional") ? random_.word("$1 $#") : number();
    case 3:
    case 4: {
      std::string text = variable(Want::integer);
      return text.empty() ? number() : text;
    }
    case 5: {
      std::string text = map_read(Want::integer, 0);
      return text.empty() ? "pid" : text;
    }
    default: return atom(Want::integer, 0);
  }
}

std::string Generator::rare_integer(unsigned depth) {
  if (random_.percent(30)) return part(depth);
  switch (random_.below(14)) {
    case 0: {
      std::string name = variable(Want::integer, true);
      return name.empty() ? "1" : fmt::format(fmt::runtime(random_.word("({}++) (++{}) ({}--) (--{})")), name);
    }
    case 1: return fmt::format("({}).{}", tuple(depth), "0");
    case 2: return fmt::format("sizeof({})", random_.percent(50) ? random_.word("int32 uint64 int8") : "struct " + random_.word(kernel_structs));
    case 3: return vocabulary_.has("offsetof") ? "offsetof(struct task_struct, comm)" : "4";
    case 4: return fmt::format("(uint64)({})", pointer(depth));
    case 5: return fmt::format("({} {} {})", pointer(depth), random_.word("== !="), random_.percent(50) ? "0" : pointer(depth));
    case 6: return vocabulary_.has("elvis") ? fmt::format("({} ?: {})", integer(depth), integer(depth)) : "6";
    case 7: return vocabulary_.has("if-expression") ? fmt::format("(if ({}) {{ {} }} else {{ {} }})", condition(depth), integer(depth), integer(depth)) : "7";
    case 8: return macro_ ? fmt::format("twice({})", integer(depth)) : "8";
    case 9: return function_ ? fmt::format("more({})", integer(depth)) : "9";
    case 10: return vocabulary_.has("array-cast") ? fmt::format("((uint8[8])(uint64){})[{}]", integer(0), random_.below(8)) : "10";
    case 11: return vocabulary_.has("record") ? fmt::format("(first={}, second={}).first", integer(depth), string(0)) : "11";
    case 12: return fmt::format("!({})", pointer(depth));
    default:
      if (structs_.empty()) return "12";
      return fmt::format("(({} *){}){}", random_.of(structs_), random_.word("0 curtask 4096"), random_.word("->a .a ->c[1] .e.d .f ->g .h"));
  }
}

std::string Generator::string_literal() {
  std::size_t length = random_.percent(80) ? random_.below(12) : std::vector<std::size_t>{15, 16, 17, 31, 32, 63, 64, 127, 200}[random_.below(9)];
  std::string text = "\"";
  for (std::size_t i = 0; i < length; ++i) text += random_.percent(97) ? random_.word("a b c d e f g h x / . %% 0") : random_.word(R"(\n \t \\ \" \101 \x41 \377)");
  return text + "\"";
}

std::string Generator::string(unsigned depth) {
  if (exhausted()) return "comm";
  switch (random_.below(11)) {
    case 0:
    case 1:
    case 2: return string_literal();
    case 3: return depth > 0 ? fmt::format("({} ? {} : {})", condition(depth - 1), string(depth - 1), string(depth - 1)) : "comm";
    case 4:
    case 5: {
      std::string text = variable(Want::string);
      return text.empty() ? string_literal() : text;
    }
    case 6: {
      std::string text = map_read(Want::string, 0);
      return text.empty() ? "comm" : text;
    }
    case 7: {
      std::string text = reach(Want::string);
      return text.empty() ? "comm" : text;
    }
    case 8: return vocabulary_.has("positional") ? "str($2)" : "comm";
    default: return atom(Want::string, depth > 0 ? depth - 1 : 0);
  }
}

std::string Generator::pointer(unsigned depth) {
  switch (random_.below(9)) {
    case 0: {
      std::string text = variable(Want::pointer);
      return text.empty() ? "curtask" : text;
    }
    case 1: return fmt::format("({} *){}", random_.word("int8 uint16 int32 uint64 void"), random_.percent(50) ? integer(0) : "curtask");
    case 2: return fmt::format("(struct {} *){}", random_.word(kernel_structs), random_.percent(50) ? number() : "curtask");
    case 3: return depth > 0 ? fmt::format("(curtask {} {})", random_.word("+ -"), integer(depth - 1)) : "curtask";
    case 4:
    case 5: {
      std::string text = reach(Want::pointer);
      return text.empty() ? "curtask" : text;
    }
    case 6: return atom(Want::pointer, 0);
    default: return "curtask";
  }
}

std::string Generator::tuple(unsigned depth) {
  std::string text = "(" + integer(depth > 0 ? depth - 1 : 0);
  std::size_t more = random_.below(4);
  for (std::size_t i = 0; i < more && !exhausted(); ++i) text += ", " + value(random_.percent(50) ? Want::integer : random_.percent(80) ? Want::string : Want::tuple, 0);
  return text + (more == 0 ? ",)" : ")");
}

std::string Generator::condition(unsigned depth) { return random_.percent(85) ? integer(depth) : pointer(depth); }

std::string Generator::reach(Want want) {
  constexpr int attempts = 24;
  auto task = vocabulary_.target().find_type("struct task_struct");
  if (!task) return {};
  for (int i = 0; i < attempts; ++i) {
    std::string base = "curtask";
    Type type = *task;
    if (random_.percent(25)) {
      std::string name = "struct " + random_.word(kernel_structs);
      auto other = vocabulary_.target().find_type(name);
      if (!other) continue;
      base = fmt::format("(({} *){})", name, random_.word("curtask 0 curtask->mm"));
      type = *other;
    }
    auto [text, end] = vocabulary_.way(type, random_, 1 + static_cast<unsigned>(random_.below(4)));
    if (!text.empty() && fits(want, end)) return base + text;
  }
  return {};
}

std::string Generator::atom_text(const Atom& atom, unsigned depth) {
  Atom call = atom;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    if (call.replaceable[i] == ParameterKind::any || random_.percent(60)) continue;
    call.arguments[i] = value(call.replaceable[i] == ParameterKind::integer ? Want::integer : Want::string, depth);
  }
  for (const std::string& argument : call.arguments) {
    // What the rows were tried with: the probe gets it too.
    if (argument.starts_with("@") || argument.ends_with("$v")) samples_ = true;
  }
  return written(call);
}

std::string Generator::atom(Want want, unsigned depth) {
  const std::vector<Atom>& everywhere = vocabulary_.points().front().values;
  for (int attempt = 0; attempt < 20; ++attempt) {
    bool own = !point_->values.empty() && random_.percent(50);
    const std::vector<Atom>& list = own ? point_->values : everywhere;
    if (list.empty()) continue;
    const Atom& chosen = random_.of(list);
    if (fits(want, chosen.type)) return atom_text(chosen, depth);
  }
  return want == Want::string ? "comm" : want == Want::pointer ? "curtask" : "pid";
}

std::string Generator::variable(Want want, bool assignable) {
  std::vector<std::string> fitting;
  for (const Variable& variable : variables_) {
    if (fits(want, variable.type) && !(assignable && variable.constant)) fitting.push_back(variable.name);
  }
  return fitting.empty() ? std::string() : random_.of(fitting);
}

std::string Generator::key(const Map& map, unsigned depth) {
  std::string text;
  for (Want want : map.keys) text += (text.empty() ? "" : ", ") + value(want, depth);
  return text;
}

std::string Generator::element(const Map& map, unsigned depth) { return map.keys.empty() ? map.name : fmt::format("{}[{}]", map.name, key(map, depth)); }

std::string Generator::map_read(Want want, unsigned depth) {
  std::vector<const Map*> fitting;
  for (const Map& map : maps_) {
    bool number = want == Want::integer && vocabulary_.has("count-read") && (map.aggregation == "count" || map.aggregation == "sum");
    if ((!map.value.is_none() && fits(want, map.value)) || number) fitting.push_back(&map);
  }
  return fitting.empty() || exhausted() ? std::string() : element(*random_.of(fitting), depth);
}

std::pair<std::string, std::string> Generator::printable(unsigned depth) {
  switch (random_.below(9)) {
    case 0:
    case 1: return {integer(depth), random_.word("%d %lld %u %x %lx %5d %-10ld %08x %c %o %s %p %hhd %+d %i %zu %*d") == "%*d" ? "%d" : random_.word("%d %lld %u %x %lx %5d %-10ld %08x %c %o %s %p %hhd %+d")};
    case 2:
    case 3: return {string(depth), random_.word("%s %10s %-20s %.3s")};
    case 4: return {pointer(depth), random_.word("%p %x %lx")};
    case 5: return {tuple(depth), "%s"};
    default: {
      // Any value that a row makes.
      const std::vector<Atom>& list = random_.percent(30) && !point_->values.empty() ? point_->values : vocabulary_.points().front().values;
      return {list.empty() ? "1" : atom_text(random_.of(list), depth), "%s"};
    }
  }
}

}  // namespace fathom::fuzz
