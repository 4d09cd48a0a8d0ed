// The rules of the type lattice: how two types become one, and what an operator makes of its operands. Pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "ast/builtin.h"
#include "ast/nodes.h"
#include "ast/types.h"

namespace fathom {

// The name of a field of `args`: that of a string with a place of its own had `data_loc_` in front in old scripts.
std::string_view field_name(std::string_view written);

// The type that can hold values of both: integers widen, strings and tuples grow. `none` stands for "not known yet" and yields the
// other. Empty where there is no such type.
std::optional<Type> unify(const Type& a, const Type& b);

// The result of an arithmetic, comparison or logical operator; empty where it does not apply. Arithmetic is done in 64 bits. It is signed
// if an operand is, except that a constant that is not negative takes the other operand's sign; differences are signed.
std::optional<Type> binary_result(ast::BinaryOperator op, const Facts& left, const Facts& right);

// The value of an operator over constants, where both are known and the result is defined.
std::optional<std::int64_t> fold(ast::BinaryOperator op, const Facts& left, const Facts& right, bool is_signed);

// Whether a comparison of two integers depends on which of the two signs it takes.
bool mixes_signs(ast::BinaryOperator op, const Facts& left, const Facts& right);

// Whether an operator takes these operands as signed numbers. A shift goes by its left side.
bool operates_signed(ast::BinaryOperator op, const Facts& left, const Facts& right);

// The bits of a constant as an integer type keeps them.
std::int64_t narrowed(std::int64_t value, const Type& type);

// Of a number as it is written: the bytes of the smallest integer that holds it. None for any other expression.
std::optional<std::uint32_t> written_size(const ast::Expression& expression, const Facts& facts);

// May stand where true or false is wanted.
bool is_condition(const Type& type);

// Whether a cast from one type to the other means anything.
bool can_cast(const Type& from, const Type& to);

}  // namespace fathom
