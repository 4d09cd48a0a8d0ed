// Precedence climbing over the tokens.
#include "definitions/constant.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "ast/number.h"

namespace fathom {

namespace {

constexpr int deepest = 200;

constexpr std::pair<std::string_view, int> precedences[] = {{"||", 1}, {"&&", 2}, {"|", 3},  {"^", 4},  {"&", 5},  {"==", 6}, {"!=", 6},
                                                            {"<", 7},  {">", 7},  {"<=", 7}, {">=", 7}, {"<<", 8}, {">>", 8}, {"+", 9},
                                                            {"-", 9},  {"*", 10}, {"/", 10}, {"%", 10}};

int precedence(const CToken& token) {
  if (token.kind != CKind::punctuator) return 0;
  for (const auto& [spelling, value] : precedences) {
    if (token.text == spelling) return value;
  }
  return 0;
}

bool is_shift(std::string_view op) { return op == "<<" || op == ">>"; }

}  // namespace

void TokenCursor::skip_balanced() {
  int depth = 0;
  do {
    const CToken& token = take();
    if (token.is("(") || token.is("[") || token.is("{")) ++depth;
    if (token.is(")") || token.is("]") || token.is("}")) --depth;
  } while (depth > 0 && !at_end());
}

std::optional<ConstantValue> ConstantExpression::fail(const Place& place, std::string text) {
  if (problem_.text.empty()) problem_ = {place, std::move(text)};
  return std::nullopt;
}

ConstantValue ConstantExpression::wrap(ConstantValue value) const {
  if (width_ == ConstantWidth::preprocessor) value.is_long = true;
  if (value.is_long) return value;
  value.value = value.is_unsigned ? static_cast<std::int64_t>(static_cast<std::uint32_t>(value.value)) : std::int64_t(static_cast<std::int32_t>(value.value));
  return value;
}

std::optional<ConstantValue> ConstantExpression::read() { return conditional(); }

std::optional<ConstantValue> ConstantExpression::conditional() {
  std::optional<ConstantValue> condition = binary(1);
  if (!condition || !cursor_.accept("?")) return condition;
  const bool first = condition->value != 0;
  unevaluated_ += first ? 0 : 1;
  const std::optional<ConstantValue> then = conditional();
  unevaluated_ -= first ? 0 : 1;
  if (!then) return std::nullopt;
  if (!cursor_.accept(":")) return fail(cursor_.peek().place, "`:` is missing");
  unevaluated_ += first ? 1 : 0;
  const std::optional<ConstantValue> otherwise = conditional();
  unevaluated_ -= first ? 1 : 0;
  if (!otherwise) return std::nullopt;
  return first ? then : otherwise;
}

std::optional<ConstantValue> ConstantExpression::binary(int least) {
  std::optional<ConstantValue> left = unary();
  while (left) {
    const CToken op = cursor_.peek();
    const int level = precedence(op);
    if (level < least || level == 0) return left;
    cursor_.take();
    const bool decided = (op.text == "&&" && left->value == 0) || (op.text == "||" && left->value != 0);
    unevaluated_ += decided ? 1 : 0;
    const std::optional<ConstantValue> right = binary(level + 1);
    unevaluated_ -= decided ? 1 : 0;
    if (!right) return std::nullopt;
    left = apply(op, *left, *right);
  }
  return left;
}

std::optional<ConstantValue> ConstantExpression::apply(const CToken& op, ConstantValue left, ConstantValue right) {
  const std::string& name = op.text;
  ConstantValue result;
  if (is_shift(name)) {
    result.is_unsigned = left.is_unsigned;
    result.is_long = left.is_long;
  } else {
    result.is_long = left.is_long || right.is_long;
    // The wider operand decides; a 32-bit unsigned number fits in 64 bits with a sign.
    result.is_unsigned = (left.is_unsigned && left.is_long == result.is_long) || (right.is_unsigned && right.is_long == result.is_long);
  }
  const auto a = static_cast<std::uint64_t>(left.value), b = static_cast<std::uint64_t>(right.value);
  const std::int64_t sa = left.value, sb = right.value;
  const auto truth = [](bool value) { return ConstantValue{value ? 1 : 0, false, false}; };
  const auto give = [&](std::uint64_t value) {
    result.value = static_cast<std::int64_t>(value);
    return wrap(result);
  };
  if (name == "||") return truth(sa != 0 || sb != 0);
  if (name == "&&") return truth(sa != 0 && sb != 0);
  if (name == "==") return truth(sa == sb);
  if (name == "!=") return truth(sa != sb);
  if (name == "<") return truth(result.is_unsigned ? a < b : sa < sb);
  if (name == ">") return truth(result.is_unsigned ? a > b : sa > sb);
  if (name == "<=") return truth(result.is_unsigned ? a <= b : sa <= sb);
  if (name == ">=") return truth(result.is_unsigned ? a >= b : sa >= sb);
  if (name == "|") return give(a | b);
  if (name == "^") return give(a ^ b);
  if (name == "&") return give(a & b);
  if (name == "+") return give(a + b);
  if (name == "-") return give(a - b);
  if (name == "*") return give(a * b);
  if (is_shift(name)) {
    if (b > 63) return unevaluated_ > 0 ? give(0) : fail(op.place, fmt::format("a shift by {} moves every bit out", sb));
    if (name == "<<") return give(a << b);
    return give(left.is_unsigned ? a >> b : static_cast<std::uint64_t>(sa >> b));
  }
  if (b == 0) return unevaluated_ > 0 ? give(0) : fail(op.place, "division by zero");
  const bool overflows = !result.is_unsigned && sb == -1;
  if (name == "/") return give(overflows ? 0 - a : result.is_unsigned ? a / b : static_cast<std::uint64_t>(sa / sb));
  return give(overflows ? 0 : result.is_unsigned ? a % b : static_cast<std::uint64_t>(sa % sb));
}

std::optional<ConstantValue> ConstantExpression::unary() {
  if (++depth_ > deepest) return fail(cursor_.peek().place, fmt::format("nested more than {} levels deep", deepest));
  std::optional<ConstantValue> value;
  if (cursor_.accept("!")) {
    value = unary();
    if (value) value = ConstantValue{value->value == 0 ? 1 : 0, false, false};
  } else if (cursor_.accept("-")) {
    value = unary();
    if (value) value = wrap({static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(value->value)), value->is_unsigned, value->is_long});
  } else if (cursor_.accept("~")) {
    value = unary();
    if (value) value = wrap({~value->value, value->is_unsigned, value->is_long});
  } else if (cursor_.accept("+")) {
    value = unary();
  } else {
    value = primary();
  }
  --depth_;
  return value;
}

std::optional<ConstantValue> ConstantExpression::primary() {
  const CToken& token = cursor_.peek();
  switch (token.kind) {
    case CKind::number:
      return number(cursor_.take());
    case CKind::character: {
      const std::string text = string_value(cursor_.take());
      if (text.size() != 1) return fail(token.place, fmt::format("{} is not one character", token.text));
      return ConstantValue{static_cast<signed char>(text[0]), false, false};
    }
    case CKind::identifier: {
      const std::string spelling = token.text;
      const Place place = token.place;
      const std::optional<ConstantValue> value = names_.name(cursor_);
      if (!value) return fail(place, fmt::format("`{}` is no constant", spelling));
      return wrap(*value);
    }
    case CKind::string:
      return fail(token.place, "text is no constant number");
    case CKind::punctuator:
    case CKind::end:
      break;
  }
  if (!cursor_.is("(")) {
    return fail(token.place, token.kind == CKind::end ? std::string("a number is missing") : fmt::format("a number is missing before `{}`", token.text));
  }
  if (const std::optional<ConstantValue> target = names_.cast(cursor_)) {
    const std::optional<ConstantValue> value = unary();
    if (!value) return std::nullopt;
    return wrap({value->value, target->is_unsigned, target->is_long});
  }
  cursor_.take();
  const std::optional<ConstantValue> value = conditional();
  if (!value) return std::nullopt;
  if (!cursor_.accept(")")) return fail(cursor_.peek().place, "`)` is missing");
  return value;
}

std::optional<ConstantValue> ConstantExpression::number(const CToken& token) {
  std::string_view text = token.text;
  const std::size_t end = text.find_last_not_of("uUlL") + 1;
  const std::string_view suffix = text.substr(end);
  const auto value = parse_number(text.substr(0, end));
  if (!value) {
    const char* what = value.error() == NumberProblem::overflow ? "does not fit in 64 bits" : "is no whole number";
    return fail(token.place, fmt::format("`{}` {}", text, what));
  }
  const bool decimal = text[0] != '0' || end == 1;
  ConstantValue result{static_cast<std::int64_t>(*value), suffix.find_first_of("uU") != suffix.npos, suffix.find_first_of("lL") != suffix.npos};
  if (*value > std::numeric_limits<std::uint32_t>::max()) result.is_long = true;
  if (!result.is_long && !result.is_unsigned && *value > std::numeric_limits<std::int32_t>::max()) {
    (decimal ? result.is_long : result.is_unsigned) = true;
  }
  if (*value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) result.is_unsigned = true;
  return wrap(result);
}

}  // namespace fathom
