// Takes the C lines out of the script's tokens in order, so that conditions may also enclose probes.
#include "definitions/read.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "definitions/declaration_parser.h"
#include "definitions/preprocessor.h"
#include "definitions/substitution.h"

namespace fathom {

namespace {

constexpr std::string_view condition_words[] = {"if", "ifdef", "ifndef", "elif", "elifdef", "elifndef", "else", "endif"};

// `#if` and its like: the only C lines that may stand between probes.
bool is_condition(const CTokens& line) {
  return line.size() > 1 && std::ranges::find(condition_words, line[1].text) != std::end(condition_words);
}

// A definition may stand without the `;` that C wants.
void close_definition(CTokens& text) {
  if (text.empty() || text.back().is(";")) return;
  CToken end = text.back();
  end.kind = CKind::punctuator;
  end.text = ";";
  end.begins_line = false;
  end.place.range.begin = end.place.range.end;
  text.push_back(std::move(end));
}

// Members point to structs that were defined later, or to the one they stand in: those sizes are known only now.
Type with_sizes(const Type& type, const Declarations& declarations) {
  if (type.is_pointer()) return Type::pointer(with_sizes(type.pointee(), declarations), type.space());
  if (type.is(TypeKind::array)) return Type::array(with_sizes(type.element(), declarations), type.count());
  if (!type.is_structure() || type.size() != 0 || type.layout()) return type;
  const auto known = declarations.tags.find(to_string(type));
  return known == declarations.tags.end() ? type : known->second.type;
}

std::shared_ptr<const StructLayout> with_sizes(const StructLayout& layout, const Declarations& declarations) {
  auto whole = std::make_shared<StructLayout>(layout);
  for (StructMember& member : whole->members) {
    if (const auto inner = member.type.layout()) {
      member.type = Type::structure(member.type.name(), member.type.is_union(), member.type.size(), 0, with_sizes(*inner, declarations));
    } else {
      member.type = with_sizes(member.type, declarations);
    }
  }
  return whole;
}

}  // namespace

void fill_in_sizes(Declarations& declarations) {
  for (auto& [name, layout] : declarations.layouts) layout = with_sizes(*layout, declarations);
  for (auto& [name, type] : declarations.typedefs) {
    if (const auto inner = type.type.layout()) {
      type.type = Type::structure(type.type.name(), type.type.is_union(), type.type.size(), 0, with_sizes(*inner, declarations));
    } else {
      type.type = with_sizes(type.type, declarations);
    }
  }
}

CPart read_definitions(std::vector<Token> tokens, const SourceFile& source, const CSetup& setup, const Target& machine,
                       const std::function<bool(std::string_view)>& is_builtin, Diagnostics& diagnostics) {
  CPart part;
  const auto is_c = [](const Token& token) { return token.kind == TokenKind::preprocessor || token.kind == TokenKind::type_definition; };
  if (setup.included.empty() && std::ranges::none_of(tokens, is_c)) {
    part.tokens = std::move(tokens);
    return part;
  }
  CReporter reporter(diagnostics);
  Preprocessor preprocessor(setup, reporter);
  for (const std::string& path : setup.included) preprocessor.include(path);
  bool behind_probe = false;
  for (Token& token : tokens) {
    if (!is_c(token)) {
      behind_probe = true;
      if (preprocessor.is_active()) part.tokens.push_back(std::move(token));
      continue;
    }
    CTokens text = tokenize_script(source.text(token.range), token.range.begin);
    if (token.kind == TokenKind::type_definition) {
      close_definition(text);
    } else if (behind_probe && is_condition(text)) {
      preprocessor.read(text);
      continue;
    }
    // What is misplaced is left to the parser, which says so.
    const bool was_active = preprocessor.is_active();
    if (!behind_probe) preprocessor.read(text);
    if (was_active || !behind_probe) part.tokens.push_back(std::move(token));
  }
  preprocessor.finish();
  part.accepted_headers = preprocessor.accepted();
  const CTokens text = preprocessor.take();
  DeclarationParser(text, machine, part.declarations, reporter).read();
  fill_in_sizes(part.declarations);
  part.tokens = MacroSubstitution(preprocessor.macros(), source, machine, part.declarations, is_builtin, reporter, diagnostics).run(part.tokens);
  return part;
}

}  // namespace fathom
