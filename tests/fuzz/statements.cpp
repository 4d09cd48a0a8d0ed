// Statements, probes and whole programs of the generator.
#include <fmt/format.h>

#include "generator.h"

namespace fathom::fuzz {

std::string Generator::definitions() {
  std::string text;
  if (random_.percent(5)) text += "#!/usr/bin/env fathom\n";
  if (vocabulary_.has("include") && random_.percent(10)) text += fmt::format("#include <linux/{}.h>\n", random_.word("sched fs net types"));
  if (vocabulary_.has("define") && random_.percent(25)) {
    std::string name = fresh("FZ_");
    text += fmt::format("#define {} {}\n", name, random_.percent(70) ? number() : "(1 + 2 * 3)");
    constants_.push_back(name);
  }
  if (vocabulary_.has("ifdef") && random_.percent(10)) text += "#ifdef FZ_NOT\nstruct fz_not { int a }\n#endif\n";
  if (vocabulary_.has("enum") && random_.percent(20)) {
    std::string first = fresh("FZ_E");
    std::string second = fresh("FZ_E");
    text += fmt::format("enum {} {{ {}, {} = {} }};\n", fresh("fze"), first, second, random_.below(1000));
    constants_.insert(constants_.end(), {first, second});
  }
  if (vocabulary_.has("struct") && random_.percent(25)) {
    std::string name = "struct " + fresh("fz");
    text += fmt::format("{} {{ int a; char b[8]; int c[4]; struct {{ long d; }} e; union {{ int f; char g; }}; unsigned h : 3; {} }}{}\n", name,
                        random_.word("char* char; short").find(';') != std::string::npos ? "short i;" : "void *p;", random_.word("; ;"));
    structs_.push_back(name);
  }
  if (vocabulary_.has("config") && random_.percent(8)) text += fmt::format("config = {{ max_strlen = {}; }}\n", 32 + 32 * random_.below(5));
  if (vocabulary_.has("let-map") && random_.percent(12)) {
    Map map{.name = fresh("@d"), .keys = {Want::integer}, .value = Type::int64(), .declared = true};
    text += fmt::format("let {} = {}({});\n", map.name, random_.word("hash lruhash percpuhash percpulruhash"), 1 + random_.below(100));
    maps_.push_back(map);
  }
  if (vocabulary_.has("macro") && random_.percent(10)) {
    text += "macro twice(x) { x + x }\n";
    macro_ = true;
  }
  if (vocabulary_.has("fn") && random_.percent(10)) {
    text += "fn more($a : int64) : int64 { return $a + 1; }\n";
    function_ = true;
  }
  return text;
}

std::string Generator::program(bool loadable) {
  std::string text = definitions();
  std::vector<const Point*> usable;
  for (const Point& point : vocabulary_.points()) {
    if (!loadable || point.loadable) usable.push_back(&point);
  }
  if (usable.empty()) return text;
  std::size_t count = 1 + (random_.percent(40) ? random_.below(3) : 0);
  for (std::size_t i = 0; i < count; ++i) {
    const Point& point = *random_.of(usable);
    if (point.alone && i > 0) continue;
    text += probe(point);
    if (point.alone) break;
  }
  return text;
}

std::string Generator::probe(const Point& point) {
  point_ = &point;
  variables_.clear();
  loops_ = 0;
  fuel_ = 40;
  samples_ = false;
  std::string condition = random_.percent(25) ? predicate() : "";
  std::string body;
  std::size_t count = 1 + random_.below(8);
  for (std::size_t i = 0; i < count; ++i) body += " " + statement(2);
  if (samples_) body.insert(0, fmt::format(" {}", sample_statements));
  return fmt::format("{}{} {{{} }}\n", point.text, condition, body);
}

// A slash in a predicate ends it where a brace follows; divisions stay out of it.
std::string Generator::predicate() {
  std::string text = integer(2);
  for (char& c : text) c = c == '/' ? '*' : c;
  return fmt::format(" /{}/", text);
}

std::string Generator::block(unsigned depth) {
  std::size_t outside = variables_.size();
  std::string text;
  std::size_t count = 1 + random_.below(3);
  for (std::size_t i = 0; i < count; ++i) text += " " + statement(depth);
  variables_.erase(variables_.begin() + static_cast<std::ptrdiff_t>(std::min(outside, variables_.size())), variables_.end());
  return fmt::format("{{{} }}", text);
}

std::string Generator::statement(unsigned depth) {
  fuel_ = 40;
  switch (random_.below(22)) {
    case 20:
    case 21: return keep_compound();
    case 0:
    case 1:
    case 2: return assign_variable();
    case 3: return declare_variable();
    case 4:
    case 5: return assign_map();
    case 6:
    case 7: return aggregate();
    case 8: return compound();
    case 9:
    case 10:
    case 11: return output();
    case 12: return depth > 0 ? branch(depth - 1) : output();
    case 13: return depth > 0 ? loop(depth - 1) : compound();
    case 14: return jump();
    case 15: return on_map();
    case 16:
    case 17: return call();
    case 18: return walk();
    default: return depth > 0 ? block(depth - 1) : ";";
  }
}

std::string Generator::assign_variable() {
  Want want = random_.percent(50) ? Want::integer : random_.percent(60) ? Want::string : random_.percent(50) ? Want::pointer : Want::tuple;
  std::string old = want == Want::integer || want == Want::string ? variable(want, true) : "";
  std::string text = value(want, 2);
  if (want == Want::integer && vocabulary_.has("block-expression") && random_.percent(10)) text = fmt::format("{{ {}; {} }}", fresh("$t") + " = 1", text);
  if (!old.empty() && random_.percent(30)) return fmt::format("{} = {};", old, text);
  std::string name = fresh("$v");
  Type type = want == Want::integer ? Type::int64() : want == Want::string ? Type::string(64) : want == Want::pointer ? Type::pointer(Type::none(), AddressSpace::kernel) : Type::tuple({Type::int64()});
  variables_.push_back({name, type});
  return fmt::format("{} = {};", name, text);
}

std::string Generator::declare_variable() {
  if (!vocabulary_.has("let")) return assign_variable();
  std::string name = fresh("$l");
  std::string text;
  switch (random_.below(4)) {
    case 0: text = fmt::format("let {} = {};", name, integer(2)); break;
    case 1: text = fmt::format("let {} : {} = {};", name, random_.word("int64 uint64"), integer(1)); break;
    case 2: text = fmt::format("let {0}; {0} = {1};", name, integer(1)); break;
    default: text = fmt::format("let {} = {};", name, string(1)); variables_.push_back({name, Type::string(64)}); return text;
  }
  variables_.push_back({name, Type::int64()});
  return text;
}

std::string Generator::assign_map() {
  Want want = random_.percent(60) ? Want::integer : random_.percent(70) ? Want::string : Want::tuple;
  std::vector<const Map*> fitting;
  for (const Map& map : maps_) {
    if (map.aggregation.empty() && want != Want::tuple && fits(want, map.value)) fitting.push_back(&map);
  }
  if (!fitting.empty() && random_.percent(50)) {
    const Map map = *random_.of(fitting);
    return fmt::format("{} = {};", element(map, 1), value(want, 2));
  }
  Map map{.name = fresh("@m")};
  if (random_.percent(60)) {
    for (std::size_t i = 0; i <= random_.below(3); ++i) map.keys.push_back(random_.percent(60) ? Want::integer : Want::string);
  }
  map.value = want == Want::integer ? Type::int64() : want == Want::string ? Type::string(64) : Type::tuple({Type::int64()});
  std::string text = fmt::format("{} = {};", element(map, 1), value(want, 2));
  maps_.push_back(map);
  return text;
}

std::string Generator::aggregate() {
  std::vector<const Map*> old;
  for (const Map& map : maps_) {
    if (!map.aggregation.empty()) old.push_back(&map);
  }
  Map map{.name = fresh("@a"), .aggregation = random_.of(vocabulary_.aggregations())};
  if (random_.percent(60)) map.keys.assign(1 + random_.below(2), random_.percent(50) ? Want::integer : Want::string);
  const Prototype& prototype = vocabulary_.prototype_of(map.aggregation);
  std::string arguments;
  // Ascending literals suit bounds and steps.
  constexpr std::string_view literals[] = {"1", "100", "10", "5"};
  std::size_t literal = 0;
  bool reused = !old.empty() && random_.percent(30);
  if (reused) map = *random_.of(old);
  if (reused && vocabulary_.prototype_of(map.aggregation).parameters.size() > 1) reused = false, map.name = fresh("@a");
  for (const Parameter& parameter : vocabulary_.prototype_of(map.aggregation).parameters) {
    if (parameter.optional && random_.percent(60)) break;
    bool is_literal = parameter.kinds.front() == ParameterKind::literal;
    bool is_text = parameter.kinds.front() == ParameterKind::text;
    std::string text = is_literal ? std::string(literals[std::min<std::size_t>(literal++, 3)]) : is_text ? "\"avg\"" : integer(2);
    arguments += (arguments.empty() ? "" : ", ") + text;
  }
  (void)prototype;
  std::string text = fmt::format("{} = {}({});", element(map, 1), map.aggregation, arguments);
  if (!reused) maps_.push_back(map);
  return text;
}

std::string Generator::compound() {
  std::string op = random_.word("+= -= *= /= %= &= |= ^= <<= >>=");
  std::string right = integer(2);
  if (op == "<<=" || op == ">>=") right = fmt::format("({} & 31)", right);
  if (op == "/=" || op == "%=") right = fmt::format("({} | 1)", right);
  std::string target = random_.percent(50) ? variable(Want::integer, true) : "";
  if (target.empty()) {
    std::vector<const Map*> fitting;
    for (const Map& map : maps_) {
      if (map.aggregation.empty() && fits(Want::integer, map.value)) fitting.push_back(&map);
    }
    if (fitting.empty()) return ";";
    target = element(*random_.of(fitting), 1);
  }
  switch (random_.below(4)) {
    case 0: return target + random_.word("++; --;");
    case 1: return random_.word("++ --") + target + ";";
    default: return fmt::format("{} {} {};", target, op, right);
  }
}

std::string Generator::output() {
  if (random_.percent(25)) {
    auto [text, format] = printable(2);
    return fmt::format("print(({}));", text);
  }
  std::string formats;
  std::string arguments;
  std::size_t count = random_.below(random_.percent(90) ? 4 : 9);
  for (std::size_t i = 0; i < count; ++i) {
    auto [text, format] = printable(1);
    formats += format + " ";
    arguments += ", " + text;
  }
  return fmt::format("printf(\"{}\\n\"{});", formats, arguments);
}

std::string Generator::branch(unsigned depth) {
  std::string text = fmt::format("if ({}) {}", condition(2), block(depth));
  while (random_.percent(30)) text += fmt::format(" else if ({}) {}", condition(1), block(depth));
  if (random_.percent(50)) text += " else " + block(depth);
  return text;
}

std::string Generator::loop(unsigned depth) {
  std::size_t outside = variables_.size();
  std::string text;
  ++loops_;
  switch (random_.below(4)) {
    case 0:
      if (vocabulary_.has("while")) {
        std::string name = fresh("$w");
        variables_.push_back({name, Type::int64(), true});
        text = fmt::format("{0} = 0; while ({0} < {1}) {{ {0}++; {2} }}", name, 1 + random_.below(20), block(depth));
        break;
      }
      [[fallthrough]];
    case 1:
      if (vocabulary_.has("for-range")) {
        std::string name = fresh("$i");
        variables_.push_back({name, Type::int64(), true});
        text = fmt::format("for ({} : {}..{}) {}", name, random_.below(3), 3 + random_.below(50), block(depth));
        break;
      }
      [[fallthrough]];
    case 2: {
      std::vector<std::string> keyed;
      for (const Map& map : maps_) {
        if (!map.keys.empty() && map.aggregation.empty()) keyed.push_back(map.name);
      }
      if (vocabulary_.has("for-map") && !keyed.empty()) {
        std::string name = fresh("$k");
        const Point* before = point_;
        point_ = &vocabulary_.points().front();  // inside, only what BEGIN sees
        text = fmt::format("for ({} : {}) {{ print({}); {} }}", name, random_.of(keyed), name, block(depth));
        point_ = before;
        break;
      }
      [[fallthrough]];
    }
    default:
      --loops_;
      text = fmt::format("unroll ({}) {}", 1 + random_.below(5), block(depth));
      ++loops_;
  }
  --loops_;
  variables_.erase(variables_.begin() + static_cast<std::ptrdiff_t>(std::min(outside, variables_.size())), variables_.end());
  return text;
}

std::string Generator::jump() {
  if (loops_ > 0 && vocabulary_.has("break") && random_.percent(60)) return fmt::format("if ({}) {{ {}; }}", condition(1), random_.word("break continue"));
  return fmt::format("if ({}) {{ {} }}", condition(1), random_.percent(50) ? "exit();" : random_.percent(50) ? "return;" : "exit(3);");
}

std::string Generator::on_map() {
  if (maps_.empty()) return ";";
  const Map map = random_.of(maps_);
  switch (random_.below(6)) {
    case 0: return fmt::format("clear({});", map.name);
    case 1: return fmt::format("print({});", map.name);
    case 2: return map.keys.empty() ? fmt::format("print({});", map.name) : fmt::format("print({}, {});", map.name, 1 + random_.below(5));
    case 3:
      if (map.keys.empty()) return ";";
      return map.keys.size() == 1 ? fmt::format("delete({}, {});", map.name, key(map, 1)) : fmt::format("delete({}, ({}));", map.name, key(map, 1));
    case 4: return map.keys.empty() ? fmt::format("delete({});", map.name) : fmt::format("delete({});", element(map, 1));
    default: return map.keys.size() == 1 ? fmt::format("if (has_key({}, {})) {}", map.name, key(map, 1), block(0)) : fmt::format("zero({});", map.name);
  }
}

std::string Generator::call() {
  const std::vector<Atom>& everywhere = vocabulary_.points().front().statements;
  const std::vector<Atom>& list = !point_->statements.empty() && random_.percent(50) ? point_->statements : everywhere;
  if (list.empty()) return ";";
  return atom_text(random_.of(list), 1) + ";";
}

// Values of structs, arrays and other kinds that expressions do not compute with: kept, printed, used as a key.
std::string Generator::walk() {
  auto task = vocabulary_.target().find_type("struct task_struct");
  if (!task) return ";";
  auto [text, type] = vocabulary_.way(*task, random_, 1 + static_cast<unsigned>(random_.below(4)));
  if (text.empty()) return ";";
  std::string name = fresh("$s");
  std::string source = "curtask" + text;
  std::string result = fmt::format("{} = {};", name, source);
  if (random_.percent(50)) result += fmt::format(" print({});", name);
  if (random_.percent(25)) result += fmt::format(" {} = {};", fresh("@w"), name);
  if (random_.percent(15)) result += fmt::format(" {}[{}] = 1;", fresh("@w"), name);
  return result;
}

}  // namespace fathom::fuzz
