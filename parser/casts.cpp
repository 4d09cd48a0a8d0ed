// `(x)` is a cast where x can only be a type (`struct` in front, a pointer star, a known integer spelling), or where what follows can
// only be an operand. `(pid) - 1` and `(pid) * 2` stay arithmetic.
#include "parser/casts.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "ast/c_types.h"

namespace fathom {

namespace {

bool is_aggregate_keyword(TokenKind kind) {
  return kind == TokenKind::kw_struct || kind == TokenKind::kw_union || kind == TokenKind::kw_enum;
}

// Tokens that begin an operand and can not continue an expression that has just ended.
bool begins_operand(TokenKind kind) {
  constexpr TokenKind kinds[] = {TokenKind::integer,  TokenKind::string,     TokenKind::identifier,       TokenKind::variable,
                                 TokenKind::map,      TokenKind::positional, TokenKind::positional_count, TokenKind::parenthesis_open,
                                 TokenKind::kw_false, TokenKind::kw_true,    TokenKind::kw_sizeof,        TokenKind::logical_not,
                                 TokenKind::tilde,    TokenKind::kw_offsetof, TokenKind::kw_comptime, TokenKind::kw_typeinfo};
  return std::ranges::find(kinds, kind) != std::end(kinds);
}

// A parenthesis behind one of these belongs to a call or a condition.
bool takes_parenthesis(TokenKind kind) {
  constexpr TokenKind kinds[] = {TokenKind::identifier, TokenKind::kw_if,  TokenKind::kw_while,          TokenKind::kw_unroll,
                                 TokenKind::kw_for,     TokenKind::parenthesis_close, TokenKind::bracket_close};
  return std::ranges::find(kinds, kind) != std::end(kinds);
}

struct TypeSpan {
  std::size_t end = 0;  // index behind the closing parenthesis
  bool certain = false;  // only a type can look like this
};

// The tokens from `open` (a parenthesis) on, read as a type.
std::optional<TypeSpan> read_type(const std::vector<Token>& tokens, std::size_t open) {
  std::size_t i = open + 1;
  TypeSpan span;
  auto kind = [&](std::size_t index) { return index < tokens.size() ? tokens[index].kind : TokenKind::semicolon; };
  if (is_aggregate_keyword(kind(i))) {
    span.certain = true;
    ++i;
  }
  std::string words;
  std::size_t count = 0;
  while (kind(i) == TokenKind::identifier) {
    words += (words.empty() ? "" : " ") + tokens[i].text;
    ++count;
    ++i;
  }
  if (count == 0) return std::nullopt;
  if (words == "void" || c_integer_type(words)) span.certain = true;
  if (count > 1 && !span.certain) return std::nullopt;
  // Values of these names can not be indexed.
  if ((words == "string" || words == "buffer" || words == "inet") && kind(i) == TokenKind::bracket_open) span.certain = true;
  // `(string[16])$x`: only a type can be followed by an operand like this.
  bool sized = count == 1 && kind(i) == TokenKind::bracket_open && kind(i + 1) == TokenKind::integer &&
               kind(i + 2) == TokenKind::bracket_close && kind(i + 3) == TokenKind::parenthesis_close;
  while (true) {
    if (kind(i) == TokenKind::star) {
      ++i;
      // `(a *)` can only be a type; `(a * b)` does not come to the closing parenthesis below.
      if (kind(i) == TokenKind::parenthesis_close) span.certain = true;
    } else if (kind(i) == TokenKind::bracket_open && kind(i + 1) == TokenKind::bracket_close) {
      i += 2;
    } else if ((span.certain || sized) && kind(i) == TokenKind::bracket_open && kind(i + 1) == TokenKind::integer &&
               kind(i + 2) == TokenKind::bracket_close) {
      i += 3;
    } else {
      break;
    }
  }
  if (kind(i) != TokenKind::parenthesis_close) return std::nullopt;
  span.end = i + 1;
  return span;
}

// Whether the parenthesis at `open` encloses nothing but `typeof(…)` and what makes pointers and arrays of it.
bool is_cast_to_typeof(const std::vector<Token>& tokens, std::size_t open) {
  auto kind = [&](std::size_t index) { return index < tokens.size() ? tokens[index].kind : TokenKind::semicolon; };
  if (kind(open + 1) != TokenKind::kw_typeof || kind(open + 2) != TokenKind::parenthesis_open) return false;
  std::size_t depth = 1;
  std::size_t i = open + 3;
  for (; i < tokens.size() && depth > 0; ++i) {
    if (kind(i) == TokenKind::parenthesis_open) ++depth;
    if (kind(i) == TokenKind::parenthesis_close) --depth;
  }
  while (kind(i) == TokenKind::star || kind(i) == TokenKind::bracket_open || kind(i) == TokenKind::integer || kind(i) == TokenKind::bracket_close) ++i;
  return kind(i) == TokenKind::parenthesis_close;
}

// The text of tokens [first, end), which need not stand beside each other in the source: some may come out of a macro.
std::string spelling(const std::vector<Token>& tokens, std::size_t first, std::size_t end) {
  std::string text;
  for (std::size_t i = first; i < end; ++i) {
    const Token& token = tokens[i];
    const std::string piece = token.kind == TokenKind::star            ? "*"
                              : token.kind == TokenKind::bracket_open  ? "["
                              : token.kind == TokenKind::bracket_close ? "]"
                              : token.kind == TokenKind::integer       ? std::to_string(token.number)
                                                                       : token.text;
    const bool is_word = token.kind != TokenKind::bracket_open && token.kind != TokenKind::bracket_close && token.kind != TokenKind::integer;
    text += (text.empty() || !is_word ? "" : " ") + piece;
  }
  return text;
}

bool takes_type(TokenKind kind) { return kind == TokenKind::kw_sizeof || kind == TokenKind::kw_typeof || kind == TokenKind::kw_typeinfo; }

}  // namespace

std::vector<Token> fold_casts(const std::vector<Token>& tokens) {
  std::vector<Token> folded;
  folded.reserve(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.kind == TokenKind::parenthesis_open) {
      bool is_sizeof = i > 0 && takes_type(tokens[i - 1].kind);
      bool behind_cast = !folded.empty() && folded.back().kind == TokenKind::cast;
      bool may_be_cast = i == 0 || behind_cast || !takes_parenthesis(tokens[i - 1].kind);
      if (may_be_cast && is_cast_to_typeof(tokens, i)) {
        folded.push_back({TokenKind::cast_open, token.range, 0, {}});
        continue;
      }
      auto span = read_type(tokens, i);
      if (span && may_be_cast) {
        bool operand_follows = span->end < tokens.size() && begins_operand(tokens[span->end].kind);
        if (span->certain || (operand_follows && !is_sizeof)) {
          folded.push_back({TokenKind::cast, join(token.range, tokens[span->end - 1].range), 0, spelling(tokens, i + 1, span->end - 1)});
          i = span->end - 1;
          continue;
        }
      }
    }
    folded.push_back(token);
  }
  return folded;
}

namespace {

// Behind one of these an operand has to stand.
bool wants_operand(TokenKind kind) {
  constexpr TokenKind kinds[] = {
      TokenKind::predicate_open, TokenKind::parenthesis_open, TokenKind::bracket_open,      TokenKind::comma,            TokenKind::colon,
      TokenKind::question,       TokenKind::range,            TokenKind::assign,            TokenKind::add_assign,       TokenKind::subtract_assign,
      TokenKind::multiply_assign, TokenKind::divide_assign,   TokenKind::remainder_assign,  TokenKind::and_assign,       TokenKind::or_assign,
      TokenKind::xor_assign,     TokenKind::shift_left_assign, TokenKind::shift_right_assign, TokenKind::plus,           TokenKind::minus,
      TokenKind::star,           TokenKind::slash,            TokenKind::percent,           TokenKind::shift_left,       TokenKind::shift_right,
      TokenKind::less,           TokenKind::less_equal,       TokenKind::greater,           TokenKind::greater_equal,    TokenKind::equal,
      TokenKind::not_equal,      TokenKind::ampersand,        TokenKind::pipe,              TokenKind::caret,            TokenKind::logical_and,
      TokenKind::logical_or,     TokenKind::logical_not,      TokenKind::tilde,             TokenKind::kw_return,        TokenKind::kw_comptime,
      TokenKind::kw_if,          TokenKind::kw_while,         TokenKind::kw_unroll,         TokenKind::value_if,         TokenKind::cast};
  return std::ranges::find(kinds, kind) != std::end(kinds);
}

}  // namespace

std::vector<Token> mark_values(std::vector<Token> tokens) {
  auto kind = [&](std::size_t index) { return index < tokens.size() ? tokens[index].kind : TokenKind::semicolon; };
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const bool is_brace = kind(i) == TokenKind::brace_open;
    if (!is_brace && kind(i) != TokenKind::kw_if) continue;
    const TokenKind before = kind(i - 1);
    const TokenKind earlier = i > 1 ? kind(i - 2) : TokenKind::semicolon;
    const bool ends_type = before == TokenKind::cast && takes_type(earlier);                                  // sizeof(int) {
    const bool is_setting = before == TokenKind::assign && earlier == TokenKind::kw_config;                   // config = {
    const bool ends_attach_points = before == TokenKind::comma && earlier == TokenKind::attach_point;         // BEGIN, {
    const bool is_field = !is_brace && kind(i + 1) == TokenKind::assign;                                      // (if=1)
    if (!wants_operand(before) || ends_type || is_setting || ends_attach_points || is_field) continue;
    tokens[i].kind = is_brace ? TokenKind::value_brace : TokenKind::value_if;
  }
  return tokens;
}

}  // namespace fathom
