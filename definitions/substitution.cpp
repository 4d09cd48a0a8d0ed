// Works on tokens, between lexer and parser: `#define TASK struct task_struct` serves a cast as well as `#define LIMIT (1 << 10)` a comparison.
// An expression with operators is put in parentheses, so that a macro is one value to what stands around it.
#include "definitions/substitution.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ast/c_types.h"
#include "definitions/declaration_parser.h"

namespace fathom {

namespace {

constexpr std::size_t most_tokens = 200'000;

bool opens(TokenKind kind) { return kind == TokenKind::parenthesis_open || kind == TokenKind::bracket_open || kind == TokenKind::brace_open; }
bool closes(TokenKind kind) { return kind == TokenKind::parenthesis_close || kind == TokenKind::bracket_close || kind == TokenKind::brace_close; }

bool is_balanced(const std::vector<Token>& tokens) {
  std::vector<TokenKind> open;
  for (const Token& token : tokens) {
    if (opens(token.kind)) open.push_back(token.kind);
    if (!closes(token.kind)) continue;
    const TokenKind wanted = token.kind == TokenKind::parenthesis_close ? TokenKind::parenthesis_open
                             : token.kind == TokenKind::bracket_close   ? TokenKind::bracket_open
                                                                        : TokenKind::brace_open;
    if (open.empty() || open.back() != wanted) return false;
    open.pop_back();
  }
  return open.empty();
}

bool ends_operand(TokenKind kind) {
  constexpr TokenKind kinds[] = {TokenKind::integer,  TokenKind::string,           TokenKind::identifier,        TokenKind::variable,      TokenKind::map,
                                 TokenKind::kw_true,  TokenKind::kw_false,         TokenKind::positional,        TokenKind::positional_count,
                                 TokenKind::increment, TokenKind::decrement,       TokenKind::parenthesis_close, TokenKind::bracket_close};
  return std::ranges::find(kinds, kind) != std::end(kinds);
}

// Types, lists, statements and halves of expressions go in as they are.
bool wants_parentheses(const std::vector<Token>& tokens) {
  if (tokens.size() < 2 || !ends_operand(tokens.back().kind)) return false;
  const TokenKind first = tokens.front().kind;
  if (first == TokenKind::kw_struct || first == TokenKind::kw_union || first == TokenKind::kw_enum) return false;
  if (std::ranges::all_of(tokens, [](const Token& token) { return token.kind == TokenKind::identifier; })) return false;
  int depth = 0;
  bool is_one_group = opens(first);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const TokenKind kind = tokens[i].kind;
    if (kind == TokenKind::semicolon || kind == TokenKind::brace_open) return false;
    if (kind == TokenKind::comma && depth == 0) return false;
    depth += opens(kind) ? 1 : closes(kind) ? -1 : 0;
    if (depth == 0 && i + 1 < tokens.size()) is_one_group = false;
  }
  return !is_one_group;
}

// The text between the first and the last token of the body, continued lines made into blanks so that places stay exact.
std::string body_text(const Macro& macro, const SourceFile& source) {
  std::string text(source.text({macro.body.front().place.range.begin, macro.body.back().place.range.end}));
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && (text[i + 1] == '\n' || text[i + 1] == '\r')) text[i] = ' ';
  }
  return text;
}

// Literals that stand side by side are one, as in C.
std::vector<Token> with_joined_strings(std::vector<Token> tokens) {
  std::vector<Token> joined;
  for (Token& token : tokens) {
    if (token.kind == TokenKind::string && !joined.empty() && joined.back().kind == TokenKind::string) {
      joined.back().text += token.text;
    } else {
      joined.push_back(std::move(token));
    }
  }
  return joined;
}

}  // namespace

const Macro* MacroSubstitution::macro_at(const std::vector<Token>& tokens, std::size_t index) {
  const Token& token = tokens[index];
  if (token.kind != TokenKind::identifier) return nullptr;
  if (index > 0 && (tokens[index - 1].kind == TokenKind::dot || tokens[index - 1].kind == TokenKind::arrow)) return nullptr;
  const auto found = macros_.find(token.text);
  if (found == macros_.end()) return nullptr;
  const Macro& macro = found->second;
  if (!macro.has_parameters) return macro.body.empty() ? nullptr : &macro;
  const bool is_called = index + 1 < tokens.size() && tokens[index + 1].kind == TokenKind::parenthesis_open;
  const bool is_own = macro.place.file == 0 && macro.place.range.end != 0;
  if (is_called && is_own && !is_builtin_(token.text)) {
    diagnostics_.report<DiagnosticId::function_macro>(token.range, token.text)
        .label(macro.place.range, "it is defined here")
        .with_help(fmt::format("make it a macro of the language: `macro {}(…) {{ … }}`", token.text));
  }
  return nullptr;
}

std::vector<Token> MacroSubstitution::run(const std::vector<Token>& tokens) {
  std::vector<Token> result;
  result.reserve(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Macro* macro = macro_at(tokens, i);
    const std::vector<Token>* replacement = macro == nullptr ? nullptr : &meaning(*macro);
    if (replacement == nullptr || replacement->empty()) {
      result.push_back(tokens[i]);
      continue;
    }
    produced_ += replacement->size();
    if (produced_ > most_tokens) {
      if (!std::exchange(too_much_, true)) reporter_.report<DiagnosticId::bad_macro_use>(Place{tokens[i].range, 0, 0}, fmt::format("the macros used here expand to more than {} words", most_tokens));
      return tokens;
    }
    if (open_.empty() && macro->place.file == 0) {
      diagnostics_.add_origin(tokens[i].range, macro->place.range, fmt::format("`{}` is defined here", macro->name));
    }
    const bool grouped = wants_parentheses(*replacement);
    if (grouped) result.push_back({TokenKind::parenthesis_open, tokens[i].range, 0, {}});
    for (Token token : *replacement) {
      token.range = tokens[i].range;
      result.push_back(std::move(token));
    }
    if (grouped) result.push_back({TokenKind::parenthesis_close, tokens[i].range, 0, {}});
  }
  return result;
}

const std::vector<Token>& MacroSubstitution::meaning(const Macro& macro) {
  static const std::vector<Token> nothing;
  if (const auto known = known_.find(macro.name); known != known_.end()) return known->second;
  const bool is_itself = macro.body.size() == 1 && macro.body.front().text == macro.name;  // headers do this to say that a name exists
  if (is_itself) return nothing;
  const auto outer = std::ranges::find(open_, &macro);
  if (outer != open_.end()) {
    Diagnostic& diagnostic = reporter_.report<DiagnosticId::macro_recursion>(macro.place, macro.name);
    for (auto step = outer + 1; step != open_.end(); ++step) {
      reporter_.label(diagnostic, macro.place, (*step)->place, fmt::format("by way of `{}`", (*step)->name));
    }
    return nothing;
  }
  open_.push_back(&macro);
  std::vector<Token> tokens = with_joined_strings(run(read(macro)));
  open_.pop_back();
  return known_.emplace(macro.name, std::move(tokens)).first->second;
}

std::vector<Token> MacroSubstitution::read(const Macro& macro) {
  const bool has_character = std::ranges::any_of(macro.body, [](const CToken& token) { return token.kind == CKind::character; });
  if (has_character) return read_constant(macro);
  if (macro.place.file == 0 && macro.place.range.end != 0) {
    const std::size_t errors = diagnostics_.errors();
    std::vector<Token> tokens = lex_fragment(body_text(macro, source_), macro.body.front().place.range.begin, source_, diagnostics_);
    if (diagnostics_.errors() == errors && !is_balanced(tokens)) {
      reporter_.report<DiagnosticId::bad_macro_use>(macro.place, fmt::format("the brackets of the macro `{}` do not match", macro.name));
      return {};
    }
    return tokens;
  }
  // In a header much is no expression, and only what a script can use is looked at.
  const SourceFile text("", spelling(macro.body));
  Diagnostics ignored;
  std::vector<Token> tokens = lex_fragment(text.text(), 0, text, ignored);
  if (ignored.has_errors() || !is_balanced(tokens)) return read_constant(macro);
  return tokens;
}

std::vector<Token> MacroSubstitution::read_constant(const Macro& macro) {
  Diagnostics ignored;
  CReporter silent(ignored);
  const CTokens expanded = MacroExpansion(macros_, silent).expand(macro.body);
  const std::optional<std::int64_t> value = DeclarationParser(expanded, machine_, declarations_, silent).constant();
  if (!value) {
    if (macro.place.file == 0 && macro.place.range.end != 0) {
      reporter_.report<DiagnosticId::bad_macro_use>(macro.place, fmt::format("the macro `{}` is no expression", macro.name));
    }
    return {};
  }
  std::vector<Token> tokens;
  if (*value < 0) tokens.push_back({TokenKind::minus, macro.place.range, 0, {}});
  const auto bits = static_cast<std::uint64_t>(*value);
  tokens.push_back({TokenKind::integer, macro.place.range, *value < 0 ? 0 - bits : bits, {}});
  return tokens;
}

}  // namespace fathom
