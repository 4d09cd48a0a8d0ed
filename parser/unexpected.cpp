// The wording of syntax errors: what stands there, and what was probably meant. The grammar knows which tokens could have come; the token
// before the unexpected one often is the culprit.
#include <fmt/format.h>

#include <algorithm>

#include "ast/c_types.h"
#include "parser/builder.h"

namespace fathom {

using namespace ast;

namespace {

bool begins_statement(TokenKind kind) {
  constexpr TokenKind kinds[] = {TokenKind::identifier, TokenKind::variable, TokenKind::map,      TokenKind::kw_if,  TokenKind::kw_return,
                                 TokenKind::kw_unroll,  TokenKind::kw_while, TokenKind::kw_for,   TokenKind::kw_let, TokenKind::increment,
                                 TokenKind::decrement};
  return std::ranges::find(kinds, kind) != std::end(kinds);
}

bool begins_operand(TokenKind kind) {
  constexpr TokenKind kinds[] = {TokenKind::identifier, TokenKind::variable, TokenKind::map, TokenKind::integer, TokenKind::string};
  return std::ranges::find(kinds, kind) != std::end(kinds);
}

// A short list reads better than none; a long one reads worse.
std::string list_of(const std::vector<TokenKind>& expected) {
  if (expected.empty() || expected.size() > 4) return {};
  std::string text = "expected ";
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (i > 0) text += i + 1 == expected.size() ? " or " : ", ";
    text += describe(expected[i]);
  }
  return text;
}

// A place where the grammar could not go on.
struct Impasse {
  const Token* found;   // null: the script ends here
  const Token* before;  // null: it begins here
  const std::vector<TokenKind>& expected;
  bool at_top;        // outside of all bodies
  bool behind_angle;  // the last body ended with `>`, which may have been meant as an operator

  bool is(TokenKind kind) const { return found != nullptr && found->kind == kind; }
  bool follows(TokenKind kind) const { return before != nullptr && before->kind == kind; }
  bool expects(TokenKind kind) const { return std::ranges::find(expected, kind) != expected.end(); }
  bool expects_only(TokenKind kind) const { return expected.size() == 1 && expected.front() == kind; }
  bool follows_c_type() const { return before != nullptr && c_integer_type(before->text); }
};

constexpr const char* angle_help = "inside `< >` a `>` outside brackets ends the body: put comparisons in parentheses, `(a > b)`";
constexpr const char* for_help = "a loop over numbers is written `for ($i : 0..10) { … }`, one over a map `for ($kv : @map) { … }`";

std::string help_at_top(const Impasse& at) {
  if (at.at_top && at.is(TokenKind::predicate_open)) return "the attach point is missing: `BEGIN /condition/ { … }`";
  if (at.at_top && at.is(TokenKind::brace_open)) return "the attach point is missing: `BEGIN { … }`";
  if (at.is(TokenKind::attach_point) && at.before != nullptr && (at.before->text == "void" || at.follows_c_type())) {
    return "only types and macros are defined in C: a function is a `macro` or `fn` of the language";
  }
  if (at.follows(TokenKind::assign) && at.expects_only(TokenKind::brace_open)) return "settings stand in braces: `config = { max_strlen = 64 }`";
  const bool is_call = at.follows(TokenKind::attach_point) && at.before->text.find('(') != std::string::npos;
  if (at.found == nullptr && is_call) return "statements stand in the body of a probe: `BEGIN { print(1) }`";
  return {};
}

std::string help_at_end(const Impasse& at) {
  if (at.expects(TokenKind::angle_close)) return "the body began with `<`: end it with `>`";
  return at.expects(TokenKind::brace_close) ? "the body is not closed: add `}`" : "";
}

std::string help_for_assign(const Impasse& at) {
  if (at.follows(TokenKind::brace_open) || at.follows(TokenKind::semicolon)) {
    return "a name is missing before it; a shell takes `$name` out of a program in double quotes: write -e 'PROGRAM'";
  }
  if (at.expects_only(TokenKind::colon)) return for_help;
  return at.expects(TokenKind::equal) ? "an assignment is a statement of its own; to compare, write `==`" : "";
}

std::string help_for_identifier(const Impasse& at) {
  if (at.follows(TokenKind::kw_let)) return fmt::format("variables begin with `$`: `let ${}`", at.found->text);
  if (at.expects_only(TokenKind::variable)) return for_help;
  if (!at.expects(TokenKind::semicolon)) return {};
  if (at.follows_c_type()) {
    return fmt::format("variables begin with `$` and need no type: `${0} = …`, or `let ${0} : {1}`", at.found->text, at.before->text);
  }
  if (at.found->text == "and") return "write `&&`";
  return at.found->text == "or" ? "write `||`" : "";
}

std::string help_in_body(const Impasse& at) {
  if (at.is(TokenKind::brace_open) && at.expects(TokenKind::predicate_close)) return "the predicate is not closed: end it with `/`";
  if (at.is(TokenKind::brace_close) && at.expects(TokenKind::parenthesis_close)) return "a parenthesis is not closed: add `)`";
  if (at.is(TokenKind::kw_else)) return "`else` stands directly behind the `}` of an `if`";
  if (at.is(TokenKind::cast) && at.follows(TokenKind::kw_offsetof)) return "it takes a type and a member: `offsetof(struct file, f_flags)`";
  if (at.is(TokenKind::kw_struct) && (at.follows(TokenKind::comma) || at.follows(TokenKind::parenthesis_open))) return "as an argument a type is written `typeof(struct NAME)`";
  if (at.is(TokenKind::bracket_open) && at.expects(TokenKind::integer)) return "there are no lists in brackets: a tuple is `(1, 2)`";
  if (at.is(TokenKind::comma) && at.expects(TokenKind::semicolon)) return "statements and settings are separated by `;`";
  if (at.is(TokenKind::colon) && at.follows(TokenKind::variable) && at.expects(TokenKind::assign)) return "assign with `=` alone";
  if (at.follows(TokenKind::brace_close) && at.expects(TokenKind::kw_return)) {
    return "a block at the beginning of a statement is one of its own; to calculate with its value put it in parentheses: `({ … })`";
  }
  const bool wants_braces = at.expects(TokenKind::brace_open) && !at.expects(TokenKind::attach_point) && !at.at_top &&
                            !at.expects(TokenKind::predicate_open) && !at.expects(TokenKind::integer);
  return wants_braces ? "what a condition or a loop governs stands in braces: `{ … }`" : "";
}

// What fits the place best; empty where nothing is known but what was expected.
std::string help_for(const Impasse& at) {
  if (at.behind_angle || at.follows(TokenKind::angle_close) || at.is(TokenKind::angle_close)) return angle_help;
  if (at.is(TokenKind::string) && at.before != nullptr && at.before->text == "import" && !at.at_top) {
    return "`import` stands at the top of the script, before the first probe";
  }
  std::string help = help_at_top(at);
  if (help.empty() && at.found == nullptr) help = help_at_end(at);
  if (help.empty() && at.is(TokenKind::assign)) help = help_for_assign(at);
  if (help.empty() && at.is(TokenKind::identifier)) help = help_for_identifier(at);
  if (help.empty() && at.found != nullptr) help = help_in_body(at);
  return help;
}

// The mark that was left out between the two tokens, if that is all that is wrong.
const char* missing_mark(const Impasse& at) {
  if (at.found == nullptr || at.before == nullptr) return nullptr;
  if (at.expects(TokenKind::comma) && at.expects(TokenKind::parenthesis_close) && begins_operand(at.found->kind)) return "a `,` is missing here";
  return at.expects(TokenKind::semicolon) && begins_statement(at.found->kind) ? "a `;` is missing here" : nullptr;
}

}  // namespace

void Builder::unexpected(Range range, const std::vector<TokenKind>& expected, bool end_expected) {
  const Token* found = nullptr;
  const Token* before = nullptr;
  for (const Token& token : tokens_) {
    if (token.range.begin == range.begin && token.range.end == range.end && range.begin != range.end) {
      found = &token;
      break;
    }
    if (token.range.begin >= range.end && range.begin != range.end) break;
    before = &token;
  }
  Impasse at{found, before, expected, false, false};
  at.at_top = at.expects(TokenKind::attach_point) && end_expected;
  if ((at.at_top || at.expects(TokenKind::brace_open)) && !program_.probes.empty() && before != nullptr) {
    at.behind_angle = source_.text(program_.probes.back().body.range).ends_with('>');
  }
  const std::string what = found == nullptr                             ? "end of the script"
                           : found->kind == TokenKind::identifier ? fmt::format("`{}`", found->text)
                                                                  : describe(found->kind);
  Diagnostic& diagnostic = diagnostics_.report<DiagnosticId::unexpected_token>(range, what);
  const std::string help = help_for(at);
  if (const char* mark = help.empty() ? missing_mark(at) : nullptr) {
    diagnostic.label({before->range.end, before->range.end}, mark);
  } else {
    diagnostic.with_help(help.empty() ? list_of(expected) : help);
  }
}

}  // namespace fathom
