// Declarations, specifiers and names; aggregates.cpp has what stands in braces, declarators.cpp what stands around a name.
#include "definitions/declaration_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "ast/c_types.h"

namespace fathom {

namespace {

constexpr std::string_view base_word_list[] = {"char", "short", "int", "long", "signed", "unsigned", "__signed__", "__signed", "float", "double", "__int128"};
constexpr std::string_view storage_words[] = {"extern", "static", "inline", "__inline", "__inline__", "register", "auto", "_Noreturn", "__always_inline", "_Thread_local", "__init", "__exit"};
constexpr std::string_view ignored_words[] = {"const",      "volatile", "restrict",   "__restrict", "__restrict__", "__const", "__volatile__",      "__extension__",
                                              "_Atomic",    "__user",   "__rcu",      "__percpu",   "__iomem",      "__force", "__bitwise",         "__kernel",
                                              "__nocast",   "__private", "__must_check", "__maybe_unused", "__randomize_layout", "__designated_init", "__read_mostly",
                                              "asmlinkage"};

template <std::size_t size>
bool contains(const std::string_view (&list)[size], std::string_view word) {
  return std::ranges::find(list, word) != std::end(list);
}

}  // namespace

bool DeclarationParser::expect(std::string_view spelling, std::string_view behind) {
  if (cursor_.accept(spelling)) return true;
  const CToken& found = cursor_.peek();
  if (found.kind == CKind::end) {
    problem(found.place, "`{}` is missing at the end of {}", spelling, behind);
  } else {
    problem(found.place, "unexpected `{}` in {}, expected `{}`", found.text, behind, spelling);
  }
  return false;
}

void DeclarationParser::read() {
  while (!cursor_.at_end()) {
    const std::size_t before = cursor_.position();
    declaration();
    if (cursor_.position() == before) cursor_.take();  // whatever it is, it was reported
  }
}

std::optional<std::int64_t> DeclarationParser::constant() {
  ConstantExpression expression(cursor_, *this, ConstantWidth::c);
  const std::optional<ConstantValue> value = expression.read();
  if (!value || !cursor_.at_end()) return std::nullopt;
  return value->value;
}

// `#pragma pack(…)`, between the marks that the preprocessor put around it.
bool DeclarationParser::pragma() {
  if (!cursor_.accept("#pragma")) return false;
  cursor_.accept("pack");
  cursor_.accept("(");
  const bool push = cursor_.accept("push"), pop = cursor_.accept("pop");
  cursor_.accept(",");
  const std::uint32_t current = pack_.empty() ? 0 : pack_.back();
  std::uint32_t limit = push ? current : 0;
  if (cursor_.peek().kind == CKind::number) limit = static_cast<std::uint32_t>(std::atoi(cursor_.take().text.c_str()));
  if (pop) {
    if (!pack_.empty()) pack_.pop_back();
  } else if (push || pack_.empty()) {
    pack_.push_back(limit);
  } else {
    pack_.back() = limit;
  }
  while (!cursor_.at_end() && !cursor_.accept("#end")) cursor_.take();
  return true;
}

// Behind the `;` or the function's body that ends the declaration here.
void DeclarationParser::skip_declaration() {
  bool behind_parameters = false;
  while (!cursor_.at_end() && !cursor_.accept(";")) {
    const bool is_body = cursor_.is("{") && behind_parameters;
    behind_parameters = cursor_.is("(");
    if (cursor_.is("{") || cursor_.is("(") || cursor_.is("[")) {
      cursor_.skip_balanced();
      if (is_body) return;
    } else if (cursor_.is("}")) {
      return;  // of what encloses the declaration
    } else {
      behind_parameters = cursor_.is("const") || at_attribute();
      cursor_.take();
    }
  }
}

void DeclarationParser::declaration() {
  if (cursor_.accept(";") || pragma()) return;
  if (cursor_.is("_Static_assert") || cursor_.is("static_assert") || cursor_.is("asm") || cursor_.is("__asm__")) return skip_declaration();
  if (cursor_.is("extern") && cursor_.peek(1).kind == CKind::string) {  // extern "C" {: what it encloses is declared as if it were not there
    cursor_.take();
    cursor_.take();
    cursor_.accept("{");
    return;
  }
  if (cursor_.peek().place.file != 0 && cursor_.accept("}")) return;
  if (cursor_.peek().place.file == 0 && contains(storage_words, cursor_.peek().text)) {
    reporter_.report<DiagnosticId::bad_c_definition>(cursor_.peek().place, "only types and macros are defined in C")
        .with_help("a constant is a macro, `#define NAME value`, or an enumerator; a function is a `macro` or `fn` of the language");
    return skip_declaration();
  }
  // Of a header's functions and variables nothing is wanted, so nothing about them is an error.
  const CToken first = cursor_.peek();
  const bool wanted = first.place.file == 0 || first.is("typedef") || first.is("struct") || first.is("union") || first.is("enum") || first.is("__extension__");
  if (!wanted) return skip_declaration();
  std::optional<Specifiers> base = specifiers();
  if (!base) return skip_declaration();
  if (cursor_.accept(";")) return;
  while (true) {
    std::optional<Declarator> each = declarator(*base);
    if (!each) return skip_declaration();
    if (cursor_.is("=") || cursor_.is("{")) return skip_declaration();  // a variable's value, a function's body
    declare(*each, base->is_typedef);
    if (cursor_.accept(",")) continue;
    if (!expect(";", base->is_typedef ? "this typedef" : "this definition")) skip_declaration();
    return;
  }
}

void DeclarationParser::declare(const Declarator& declarator, bool is_typedef) {
  if (!is_typedef) return;  // variables and functions
  CType type = declarator.type;
  type.alignment = std::max(type.alignment, declarator.attributes.aligned);
  // A struct without a tag goes by its typedef's name.
  if (type.type.is_structure() && type.type.name().empty() && type.type.layout()) {
    auto layout = std::make_shared<StructLayout>(*type.type.layout());
    layout->name = declarator.name;
    type.type = Type::structure(declarator.name, type.type.is_union(), type.type.size(), 0, std::move(layout));
  }
  const auto known = declarations_.typedefs.find(declarator.name);
  const auto place = places_.find(declarator.name);
  if (known != declarations_.typedefs.end() && place != places_.end() && !(known->second.type == type.type)) {
    Diagnostic& diagnostic = reporter_.report<DiagnosticId::redefined>(declarator.place, declarator.name);
    reporter_.label(diagnostic, declarator.place, place->second, "the first definition");
    return;
  }
  places_.insert_or_assign(declarator.name, declarator.place);
  declarations_.typedefs.insert_or_assign(declarator.name, std::move(type));
}

bool DeclarationParser::at_attribute() const {
  const CToken& token = cursor_.peek();
  return token.is("__attribute__") || token.is("__attribute") || token.is("__packed") || token.is("__aligned") || token.is("_Alignas") ||
         token.is("alignas") || token.is("____cacheline_aligned") || token.is("____cacheline_aligned_in_smp") || token.is("__counted_by") ||
         token.is("__asm__");
}

void DeclarationParser::attributes(CAttributes& into) {
  while (at_attribute()) attribute(into);
}

std::uint32_t DeclarationParser::alignment_argument() {
  constexpr std::uint32_t largest = 16;  // what `aligned` alone means
  if (!cursor_.accept("(")) return largest;
  std::optional<std::int64_t> value;
  if (begins_type(cursor_.peek())) {
    const std::optional<Specifiers> base = specifiers();
    const std::optional<Declarator> type = base ? declarator(*base) : std::nullopt;
    if (type) value = type->type.alignment;
  } else {
    value = constant_value("an alignment");
  }
  const Place place = cursor_.peek().place;
  expect(")", "this alignment");
  if (!value) return 0;
  if (*value <= 0 || *value > 4096 || (*value & (*value - 1)) != 0) {
    problem(place, "{} is no alignment: it must be a power of two", *value);
    return 0;
  }
  return static_cast<std::uint32_t>(*value);
}

void DeclarationParser::attribute(CAttributes& into) {
  const CToken word = cursor_.take();
  if (word.is("__packed")) {
    into.packed = true;
  } else if (word.text.starts_with("____cacheline")) {
    into.aligned = std::max(into.aligned, 64u);
  } else if (word.is("__aligned") || word.is("_Alignas") || word.is("alignas")) {
    into.aligned = std::max(into.aligned, alignment_argument());
  } else if (!word.text.starts_with("__attribute")) {
    if (cursor_.is("(")) cursor_.skip_balanced();
  } else if (cursor_.accept("(") && cursor_.accept("(")) {
    while (!cursor_.at_end() && !cursor_.is(")")) {
      const CToken name = cursor_.take();
      if (name.is("packed") || name.is("__packed__")) {
        into.packed = true;
      } else if (name.is("aligned") || name.is("__aligned__")) {
        into.aligned = std::max(into.aligned, alignment_argument());
      } else if (cursor_.is("(")) {
        cursor_.skip_balanced();
      }
    }
    cursor_.accept(")");
    cursor_.accept(")");
  } else {
    problem(word.place, "`__attribute__` wants `((…))`");
  }
}

// Words that change nothing about a type. False: there is none here.
bool DeclarationParser::skip_word(Specifiers& specifiers) {
  const CToken& token = cursor_.peek();
  if (at_attribute()) {
    attribute(specifiers.attributes);
    return true;
  }
  if (token.kind != CKind::identifier) return false;
  if (token.is("typedef")) {
    specifiers.is_typedef = true;
  } else if (!contains(storage_words, token.text) && !contains(ignored_words, token.text)) {
    return false;
  }
  cursor_.take();
  return true;
}

bool DeclarationParser::begins_type(const CToken& token) const {
  if (token.kind != CKind::identifier) return false;
  return token.is("struct") || token.is("union") || token.is("enum") || token.is("void") || contains(base_word_list, token.text) ||
         contains(ignored_words, token.text) || token.is("_Bool") || declarations_.typedefs.contains(token.text) || c_integer_type(token.text) ||
         (!declarations_.enumerators.contains(token.text) && !token.is("sizeof") && machine_.find_type(token.text).has_value());
}

std::optional<DeclarationParser::Specifiers> DeclarationParser::specifiers() {
  Specifiers result;
  std::string words;
  std::optional<CType> type;
  const Place start = cursor_.peek().place;
  while (true) {
    const CToken token = cursor_.peek();
    if (skip_word(result)) continue;
    if (token.kind != CKind::identifier) break;
    if (contains(base_word_list, token.text)) {
      words += (words.empty() ? "" : " ") + token.text;
      cursor_.take();
      continue;
    }
    if (type || !words.empty()) break;  // the declarator's name
    if (token.is("struct") || token.is("union")) {
      type = aggregate(result);
    } else if (token.is("enum")) {
      result.defines_type = true;
      type = enumeration();
    } else if (token.is("void")) {
      cursor_.take();
      type = CType{Type::none(), 1, false, false};
    } else {
      cursor_.take();
      type = named_type(token);
      if (!type) unknown_type(token);
    }
    if (!type) return std::nullopt;
  }
  if (!words.empty()) type = base_words(words, start);
  if (type) {
    result.type = *type;
    return result;
  }
  const CToken& found = cursor_.peek();
  if (words.empty() && found.kind == CKind::end) problem(found.place, "a type is missing here");
  if (words.empty() && found.kind != CKind::end) problem(found.place, "a type is missing before `{}`", found.text);
  return std::nullopt;
}

std::optional<CType> DeclarationParser::base_words(const std::string& words, const Place& place) {
  std::string plain = words;
  for (std::string_view spelling : {"__signed__", "__signed"}) {
    if (const std::size_t at = plain.find(spelling); at != std::string::npos) plain.replace(at, spelling.size(), "signed");
  }
  // Nothing of the language can hold these; they are bytes, so that what stands around them can be read.
  if (plain == "float") return CType{Type::buffer(4), 4, true, false};
  if (plain == "double") return CType{Type::buffer(8), 8, true, false};
  if (plain == "long double" || plain == "double long") return CType{Type::buffer(16), 16, true, false};
  if (plain.find("__int128") != std::string::npos) return CType{Type::buffer(16), 16, true, false};
  if (const std::optional<Type> integer = c_integer_type(plain)) return CType{*integer, integer->size(), true, false};
  problem(place, "`{}` is no type", words);
  return std::nullopt;
}

std::optional<CType> DeclarationParser::named_type(const CToken& name) {
  if (const auto known = declarations_.typedefs.find(name.text); known != declarations_.typedefs.end()) return known->second;
  if (const std::optional<Type> integer = c_integer_type(name.text)) return CType{*integer, integer->size(), true, false};
  if (name.is("__builtin_va_list") || name.is("va_list")) return CType{Type::buffer(24), 8, true, false};
  const std::optional<Type> found = machine_.find_type(name.text);
  if (!found) return std::nullopt;
  return CType{*found, c_alignment(*found, machine_), found->size() != 0, false};
}

void DeclarationParser::unknown_type(const CToken& name) {
  std::vector<std::string> known;
  for (const auto& [typedef_name, type] : declarations_.typedefs) known.push_back(typedef_name);
  std::string help = did_you_mean(name.text, known);
  if (declarations_.tags.contains("struct " + name.text) || machine_.find_type("struct " + name.text)) help = fmt::format("write `struct {}`", name.text);
  if (help.empty() && !machine_.has(Feature::btf)) help = "this kernel has no type information (/sys/kernel/btf/vmlinux)";
  if (help.empty()) help = "define it before, with `typedef` or `struct`";
  reporter_.report<DiagnosticId::unknown_type>(name.place, name.text).with_help(help);
}

void DeclarationParser::define_tag(const std::string& key, const CType& type, const Place& place, bool is_definition) {
  const auto known = places_.find(key);
  if (is_definition && known != places_.end()) {
    Diagnostic& diagnostic = reporter_.report<DiagnosticId::redefined>(place, key);
    reporter_.label(diagnostic, place, known->second, "the first definition");
    return;
  }
  if (is_definition) places_.emplace(key, place);
  declarations_.tags.insert_or_assign(key, type);
}

}  // namespace fathom
