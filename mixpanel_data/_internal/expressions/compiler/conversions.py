"""Arithmetic, conversions and functions as SQL."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from mixpanel_data._internal.expressions import functions as evaluated
from mixpanel_data._internal.expressions import nodes, values
from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.fragments import FALSE, NULL, Sql
from mixpanel_data._internal.expressions.compiler.terms import (
    MISSING,
    Items,
    Number,
    Seconds,
    Term,
    Truth,
)
from mixpanel_data._internal.expressions.values import MAX_SECONDS

# -- Sums and products: DOUBLE where the result is not known to be a small whole number -----------

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


# -- Casts between types, as `values` defines them ------------------------------------------------

_DECIMAL = r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"
_DAY = r"[1-9]\d{3}-\d\d-\d\d"
_CLOCK = r"[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?(\.\d+)?"
_OFFSET = r"(Z|[+-]([01]\d|2[0-3]):?[0-5]\d)"


def string(term: Term) -> Sql:
    """`string()` where it is a text, else NULL."""
    if isinstance(known := values.string(term.value), str):
        return sql.text(known)
    return sql.first(
        term.string or NULL,
        spelled(term.number) if term.number else NULL,
        sql.cast(term.boolean.exact, "VARCHAR") if term.boolean else NULL,
        iso(term.instant.sql) if term.instant else NULL,
    )


def spelled(number: Number) -> Sql:
    """The text of a number; a whole one has no point."""
    if not number.double:
        return sql.cast(number.sql, "VARCHAR")
    text = decimal(number.sql)
    if number.whole is None:
        return text
    whole = sql.is_not_null(number.whole)
    return sql.case((whole, sql.cast(number.whole, "VARCHAR")), otherwise=text)


def decimal(value: Sql) -> Sql:
    """The text of a DOUBLE."""
    written = sql.cast(value, "VARCHAR")
    return sql.call("regexp_replace", written, sql.text(r"^-(0)\.0$|\.0$"), sql.text(r"\1"))


def iso(seconds: Sql) -> Sql:
    """A datetime as ISO text in UTC."""
    stamp = Sql(f"make_timestamp({seconds.inside(sql.PRODUCT)} * 1000000)")
    return Sql(f"replace({sql.cast(stamp, 'VARCHAR')}, ' ', 'T')")


def number(term: Term) -> Term:
    """`number()`."""
    if term.only("number"):
        return term
    parts = [term.number.sql if term.number else NULL, _parsed(term.string or NULL)]
    if term.source and term.string:
        parts = [_parsed(term.source.text)]  # which reads numbers too, and nothing else
    if term.boolean:
        parts.append(sql.cast(term.boolean.exact, "INTEGER"))
    if term.instant:
        parts.append(term.instant.sql)
    result = sql.first(*parts)
    whole = term.number.whole if term.number else None
    return Term(number=Number(result, whole=whole), missing=sql.is_null(result))


def _parsed(value: Sql) -> Sql:
    if value == NULL:
        return NULL
    parsed = Sql(f"TRY_CAST({value} AS DOUBLE)")
    readable = sql.call("regexp_full_match", value, sql.text(_DECIMAL))
    return sql.case((sql.all_of(readable, sql.call("isfinite", parsed)), parsed))


def boolean(term: Term) -> Sql:
    """`boolean()`: never NULL where it is true."""
    parts = []
    if term.string:
        parts.append(Sql(f"{term.string.inside(sql.SUM)} NOT IN ('', 'false')", sql.COMPARISON))
    if term.number:
        parts.append(sql.infix(term.number.sql, "<>", Sql("0")))
    if term.boolean:
        parts.append(term.boolean.loose)
    if term.instant:
        parts.append(sql.is_not_null(term.instant.sql))
    parts.extend(items.when for items in term.items)
    if term.record:
        parts.append(sql.is_not_null(term.record))
    return sql.any_of(*parts)


def instant(term: Term) -> Term:
    """`datetime()` of a value: dates without an offset are UTC."""
    if term.number and term.number.moment and len(term.kinds) == 1:
        seconds = Seconds(term.number.sql, term.number.moment)
        return Term(instant=seconds, missing=term.missing)
    parts = [term.instant.sql if term.instant else NULL]
    if term.number:
        parts.append(_from_number(term.number.sql))
    if term.string:
        parts.append(_from_text(term.string))
    if not any(part != NULL for part in parts):
        return Term(missing=sql.TRUE)
    result = sql.first(*parts)
    return Term(instant=Seconds(result), missing=sql.is_null(result))


def _from_number(value: Sql) -> Sql:
    whole = sql.cast(sql.call("floor", value), "BIGINT")
    v = value.inside(sql.SUM)
    return sql.case(
        (Sql(f"{v} >= 1 AND {v} < {MAX_SECONDS + 1}", sql.AND), whole),
        (
            Sql(f"{v} >= 1 AND {v} < 253402300800000", sql.AND),
            Sql(f"{whole} // 1000", sql.PRODUCT),
        ),
    )


def _from_text(value: Sql) -> Sql:
    def epoch(stamp: str) -> Sql:
        return Sql(f"CAST(floor(epoch(TRY_CAST({stamp}))) AS BIGINT)")

    def looks_like(pattern: str) -> Sql:
        return sql.call("regexp_full_match", value, sql.text(pattern))

    return sql.case(
        (looks_like(f"{_DAY}({_CLOCK})?"), epoch(f"{value} AS TIMESTAMP")),
        (looks_like(_DAY + _CLOCK + _OFFSET), epoch(f"{value} AS TIMESTAMPTZ")),
    )


# -- The functions of the language as SQL: `expressions.functions`, once more ---------------------


def _boolean(term: Term) -> Term:
    return Truth.of_condition(boolean(term)).term()


def _defined(term: Term) -> Term:
    if evaluated.NULL_IS_DEFINED:
        return Truth.plain(sql.is_not_true(term.missing)).term()
    if term.source:
        return Truth.of_condition(term.source.present).term()
    present = [when for kind, when in term.kinds.items() if kind != "null"]
    return Truth.of_condition(sql.any_of(*present)).term()


def _string(term: Term, default: Term = MISSING) -> Term:
    text = string(term)
    if default == MISSING:
        nothing = sql.all_of(sql.is_null(text), sql.is_not_true(term.null))
        return Term(string=text, null=term.null, missing=nothing)
    if term.only("string") and default.only("string") and default.missing == FALSE:
        return Term(string=sql.first(text, default.string or NULL))
    return _with_default(term, text, default)


def _with_default(term: Term, text: Sql, default: Term) -> Term:
    """The text, or else what the default is: it may have any type."""
    other = default.masked(sql.is_null(text))
    null = sql.any_of(other.null, sql.all_of(other.missing, term.null))
    return Term(
        string=sql.first(text, other.string or NULL),
        number=other.number,
        boolean=other.boolean,
        instant=other.instant,
        items=other.items,
        record=other.record,
        null=null,
        missing=sql.all_of(other.missing, sql.is_not_true(term.null)),
    )


def _list(term: Term) -> Term:
    kinds = term.kinds
    single = sql.any_of(*(when for kind, when in kinds.items() if kind not in ("list", "null")))
    alone = Items(single, (replace(term, items=(), null=FALSE, missing=FALSE),))
    items = term.items if single == FALSE else (*term.items, alone)
    present = sql.any_of(*(item.when for item in items))
    return Term(items=items, missing=sql.is_not_true(present))


def _whole(function: str) -> Callable[[Term], Term]:
    def apply(term: Term) -> Term:
        if term.number is None:
            return MISSING
        number = term.number
        if number.double:
            rounded = sql.call(function, number.sql)
            number = Number(rounded, bound=number.bound + 1, whole=number.whole)
        return Term(number=number, missing=sql.is_null(number.sql))

    return apply


def _affix(function: str) -> Callable[[Term, Term], Term]:
    def apply(text: Term, affix: Term) -> Term:
        if text.string is None or affix.string is None:
            return MISSING
        known = affix.value
        lower = (
            sql.text(known.lower()) if isinstance(known, str) else sql.call("lower", affix.string)
        )
        result = sql.call(function, sql.call("lower", text.string), lower)
        return Truth.plain(result).term()

    return apply


FUNCTIONS: dict[str, Callable[..., Term]] = {
    "boolean": _boolean,
    "ceil": _whole("ceil"),
    "datetime": instant,
    "defined": _defined,
    "floor": _whole("floor"),
    "has_prefix": _affix("starts_with"),
    "has_suffix": _affix("ends_with"),
    "list": _list,
    "number": number,
    "round": _whole("round"),
    "string": _string,
}
