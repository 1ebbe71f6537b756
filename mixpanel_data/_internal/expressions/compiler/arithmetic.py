"""Sums and products: DOUBLE where the result is not known to be a small whole number."""

from __future__ import annotations

import math
from collections.abc import Callable

from mixpanel_data._internal.expressions import nodes
from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.fragments import Sql
from mixpanel_data._internal.expressions.compiler.terms import MISSING, Number, Term

_BOUNDS: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left + right,
    "*": lambda left, right: left * right,
    "%": lambda left, _right: left,
}


def calculate(sign: nodes.Operation, left: Term, right: Term) -> Term:
    """Of two numbers, or the `+` of two texts; else undefined."""
    text = joined(left, right) if sign == "+" else None
    number = _of_numbers(sign, left, right)
    if text is None and number is None:
        return MISSING
    parts = [value for value in (text, number and number.sql) if value]
    missing = sql.all_of(*(sql.is_null(value) for value in parts))
    return Term(string=text, number=number, missing=missing)


def joined(left: Term, right: Term) -> Sql | None:
    if left.string and right.string:
        return sql.infix(left.string, "||", right.string, sql.SUM)
    return None


def _of_numbers(sign: nodes.Operation, left: Term, right: Term) -> Number | None:
    if not (left.number and right.number):
        return None
    one, other = left.number, right.number
    divisor = other.sql
    if sign in ("/", "%") and not right.value:
        divisor = sql.call("nullif", divisor, Sql("0"))
    level = sql.SUM if sign in ("+", "-") else sql.PRODUCT
    result = sql.infix(_double(one), sign, divisor, level)
    bound = _bound(sign, one, other, right.value)
    if not math.isfinite(bound):
        result = sql.case((sql.call("isfinite", result), result))
    return Number(result, bound=bound)


def _bound(sign: nodes.Operation, left: Number, right: Number, divisor: object) -> float:
    if sign != "/":
        return _BOUNDS[sign](left.bound, right.bound)
    if isinstance(divisor, (int, float)) and divisor and math.isfinite(left.bound):
        return left.bound / abs(divisor)
    return math.inf


def _double(number: Number) -> Sql:
    return number.sql if number.double else sql.cast(number.sql, "DOUBLE")


def negative(term: Term) -> Term:
    """Unary minus."""
    if term.number is None:
        return Term(missing=sql.TRUE)
    number = term.number
    if number.double:
        whole = number.whole and _minus(number.whole)
        result = Number(_minus(number.sql), bound=number.bound, whole=whole)
    else:  # the least BIGINT has no opposite of that type
        whole = _minus(sql.cast(number.sql, "HUGEINT"))
        result = Number(whole, double=False, bound=number.bound, whole=whole)
    return Term(number=result, missing=sql.is_null(result.sql))


def _minus(value: Sql) -> Sql:
    return Sql(f"-{value.inside(sql.PRIMARY)}", sql.UNARY)
