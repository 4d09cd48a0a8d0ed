// Reads prototypes and answers which values a parameter takes. The grammar stands in ast/prototype.h; a row whose prototype is not in it
// is found by the unit test that parses every row.
#include "ast/prototype.h"

#include <fmt/format.h>

#include <algorithm>

namespace fathom {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct ParameterWord {
  std::string_view word;
  ParameterKind kind;
};
constexpr ParameterWord parameter_words[] = {
    {"any", ParameterKind::any},         {"int", ParameterKind::integer},         {"uint32", ParameterKind::integer},
    {"uint64", ParameterKind::integer},  {"int64", ParameterKind::integer},       {"bool", ParameterKind::boolean},
    {"string", ParameterKind::string},   {"pointer", ParameterKind::pointer},     {"stack", ParameterKind::stack},
    {"symbol", ParameterKind::symbol},   {"timestamp", ParameterKind::timestamp}, {"map", ParameterKind::map},
    {"literal", ParameterKind::literal}, {"text", ParameterKind::text},           {"word", ParameterKind::word},
    {"array", ParameterKind::array},     {"buffer", ParameterKind::buffer},       {"struct", ParameterKind::structure},
    {"variable", ParameterKind::variable}, {"type", ParameterKind::type},
};

// Frames of a stack whose call does not say how many.
constexpr std::uint32_t default_frames = 127;

struct Outcome {
  bool known;
  std::optional<Type> type;  // empty: `auto`
};

// A string result has no capacity yet: the row's check sets it.
Outcome result_type(std::string_view word) {
  if (word == "auto") return {true, std::nullopt};
  if (word == "none") return {true, Type::none()};
  if (word == "bool") return {true, Type::boolean()};
  if (word == "int" || word == "int64") return {true, Type::int64()};
  if (word == "uint32") return {true, Type::integer(4, false)};
  if (word == "uint64") return {true, Type::uint64()};
  if (word == "string") return {true, Type::string(0)};
  if (word == "pointer") return {true, Type::pointer(Type::none(), AddressSpace::kernel)};
  if (word == "stack") return {true, Type::stack(SymbolSpace::kernel, default_frames)};
  if (word == "symbol") return {true, Type::symbol(SymbolSpace::kernel)};
  if (word == "timestamp") return {true, Type::timestamp()};
  if (word == "inet") return {true, Type::inet()};
  if (word == "macaddr") return {true, Type::macaddr()};
  if (word == "username") return {true, Type::username()};
  if (word == "cgroup_path") return {true, Type::cgroup_path()};
  return {false, std::nullopt};
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::optional<Prototype> prototype();

 private:
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  bool take(std::string_view token) {
    skip_blanks();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  // Empty where no identifier comes next.
  std::string_view identifier();
  bool parameter(Prototype& prototype);
  bool parameters(Prototype& prototype);

  std::string_view rest_;
};

std::string_view Reader::identifier() {
  skip_blanks();
  std::size_t length = 0;
  while (length < rest_.size() && (is_letter(rest_[length]) || (length > 0 && is_digit(rest_[length])))) ++length;
  std::string_view word = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return word;
}

bool Reader::parameter(Prototype& prototype) {
  Parameter parameter;
  parameter.optional = take("[");
  do {
    std::string_view word = identifier();
    auto row =
        std::find_if(std::begin(parameter_words), std::end(parameter_words), [&](const ParameterWord& one) { return one.word == word; });
    if (row == std::end(parameter_words)) return false;
    if (std::find(parameter.kinds.begin(), parameter.kinds.end(), row->kind) == parameter.kinds.end()) parameter.kinds.push_back(row->kind);
  } while (take("|"));
  parameter.name = identifier();
  if (parameter.name.empty() || (parameter.optional && !take("]"))) return false;
  for (const Parameter& other : prototype.parameters) {
    // A call gives arguments in order, so that nothing required can follow what may be left out.
    if (other.name == parameter.name || (other.optional && !parameter.optional)) return false;
  }
  if (!parameter.optional) ++prototype.required;
  prototype.parameters.push_back(std::move(parameter));
  return true;
}

// Behind the opening parenthesis, up to and with the closing one.
bool Reader::parameters(Prototype& prototype) {
  if (take(")")) return true;
  do {
    if (take("...")) {
      prototype.variadic = true;
      return take(")");
    }
    if (!parameter(prototype)) return false;
  } while (take(","));
  return take(")");
}

std::optional<Prototype> Reader::prototype() {
  Prototype prototype;
  Outcome result = result_type(identifier());
  if (!result.known) return std::nullopt;
  prototype.result = result.type;
  prototype.name = identifier();
  if (prototype.name.empty()) return std::nullopt;
  if (take("(") && !parameters(prototype)) return std::nullopt;
  skip_blanks();
  if (!rest_.empty()) return std::nullopt;
  return prototype;
}

std::string_view noun(ParameterKind kind) {
  switch (kind) {
    case ParameterKind::any: return "any value";
    case ParameterKind::integer: return "an integer";
    case ParameterKind::boolean: return "a boolean";
    case ParameterKind::string: return "a string";
    case ParameterKind::pointer: return "a pointer";
    case ParameterKind::stack: return "a stack";
    case ParameterKind::symbol: return "a symbol";
    case ParameterKind::timestamp: return "a timestamp";
    case ParameterKind::array: return "an array";
    case ParameterKind::buffer: return "a buffer";
    case ParameterKind::structure: return "a struct";
    case ParameterKind::variable: return "a scratch variable";
    case ParameterKind::type: return "a type, `typeof(…)`";
    case ParameterKind::map: return "a map";
    case ParameterKind::literal: return "a constant integer";
    case ParameterKind::text: return "a constant string";
    case ParameterKind::word: return "a bare word";
  }
  return "";
}

}  // namespace

std::optional<Prototype> parse_prototype(std::string_view text) { return Reader(text).prototype(); }

bool accepts(ParameterKind kind, const Type& type) {
  switch (kind) {
    case ParameterKind::any: return !type.is_none() && !type.is_aggregation() && (!type.is(TypeKind::context) || type.layout() != nullptr);
    case ParameterKind::integer:
    case ParameterKind::boolean:
    case ParameterKind::literal: return type.is_numeric();
    case ParameterKind::string:
    case ParameterKind::text: return type.is_string();
    case ParameterKind::pointer: return type.is_pointer();
    case ParameterKind::stack: return type.is(TypeKind::stack);
    case ParameterKind::symbol: return type.is(TypeKind::symbol);
    case ParameterKind::timestamp: return type.is(TypeKind::timestamp);
    case ParameterKind::array: return type.is(TypeKind::array);
    case ParameterKind::buffer: return type.is(TypeKind::buffer);
    case ParameterKind::structure: return type.is_structure();
    case ParameterKind::map:
    case ParameterKind::word:
    case ParameterKind::variable:
    case ParameterKind::type: return true;
  }
  return false;
}

std::string arity(const Prototype& prototype) {
  std::size_t most = prototype.parameters.size();
  if (prototype.variadic) return fmt::format("at least {}", prototype.required);
  if (prototype.required == most) return fmt::format("{}", most);
  return fmt::format("{} to {}", prototype.required, most);
}

const char* arguments_noun(const Prototype& prototype) {
  bool one = prototype.required == 1 && (prototype.variadic || prototype.parameters.size() == 1);
  return one ? "argument" : "arguments";
}

std::string describe(const Parameter& parameter) {
  std::string text;
  for (std::size_t i = 0; i < parameter.kinds.size(); ++i) {
    if (i > 0) text += i + 1 == parameter.kinds.size() ? " or " : ", ";
    text += noun(parameter.kinds[i]);
  }
  return text;
}

}  // namespace fathom
