// Constant expressions of C: array sizes, values of enumerators, widths of bitfields, conditions of `#if`. Values keep the width and the
// sign that C gives them, so that ~0U and 1 << 31 come out as the compiler has them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "definitions/c_token.h"

namespace fathom {

struct ConstantValue {
  std::int64_t value = 0;  // sign- or zero-extended
  bool is_unsigned = false;
  bool is_long = false;  // 64 bits, else 32
};

// A place in a list of tokens. Behind the last token stands one of kind `end`.
class TokenCursor {
 public:
  explicit TokenCursor(const CTokens& tokens, std::size_t at = 0) : tokens_(tokens), at_(at) {
    if (!tokens.empty()) end_.place = tokens.back().place;
    end_.place.range.begin = end_.place.range.end;
  }

  const CToken& peek(std::size_t ahead = 0) const { return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead] : end_; }
  const CToken& take() { return at_ < tokens_.size() ? tokens_[at_++] : end_; }
  bool at_end() const { return at_ >= tokens_.size(); }
  bool is(std::string_view spelling) const { return peek().is(spelling); }
  bool accept(std::string_view spelling) {
    if (!is(spelling)) return false;
    ++at_;
    return true;
  }
  std::size_t position() const { return at_; }
  void move_to(std::size_t position) { at_ = position; }
  // Behind the bracket that closes the one here; behind the end where there is none.
  void skip_balanced();

 private:
  const CTokens& tokens_;
  std::size_t at_;
  CToken end_;
};

// What names mean in an expression.
class ConstantNames {
 public:
  virtual ~ConstantNames() = default;
  // Stands at an identifier; consumes it and what belongs to it (`sizeof (int)`).
  virtual std::optional<ConstantValue> name(TokenCursor& cursor) = 0;
  // Stands at `(`; consumes `(type)` where that is a cast to an integer and says to which: a value of that type.
  virtual std::optional<ConstantValue> cast(TokenCursor&) { return std::nullopt; }
};

// In a condition of #if all numbers have 64 bits.
enum class ConstantWidth : std::uint8_t { c, preprocessor };

struct ConstantProblem {
  Place place;
  std::string text;  // "`foo` is no constant"
};

class ConstantExpression {
 public:
  ConstantExpression(TokenCursor& cursor, ConstantNames& names, ConstantWidth width) : cursor_(cursor), names_(names), width_(width) {}

  // A conditional expression, up to where it ends. Empty: problem() says why.
  std::optional<ConstantValue> read();
  const ConstantProblem& problem() const { return problem_; }

 private:
  std::optional<ConstantValue> conditional();
  std::optional<ConstantValue> binary(int least);
  std::optional<ConstantValue> unary();
  std::optional<ConstantValue> primary();
  std::optional<ConstantValue> number(const CToken& token);
  std::optional<ConstantValue> apply(const CToken& op, ConstantValue left, ConstantValue right);
  std::optional<ConstantValue> fail(const Place& place, std::string text);
  ConstantValue wrap(ConstantValue value) const;

  TokenCursor& cursor_;
  ConstantNames& names_;
  ConstantWidth width_;
  ConstantProblem problem_;
  int depth_ = 0;
  int unevaluated_ = 0;  // inside the part of &&, || or ?: that does not count
};

}  // namespace fathom
