"""Casts between types, as `values` defines them."""

from __future__ import annotations

from mixpanel_data._internal.expressions import values
from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.fragments import NULL, Sql
from mixpanel_data._internal.expressions.compiler.terms import Number, Seconds, Term
from mixpanel_data._internal.expressions.values import MAX_SECONDS

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
