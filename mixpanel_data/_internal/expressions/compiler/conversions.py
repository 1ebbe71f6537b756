"""Casts between types, as `values` defines them."""

from __future__ import annotations

from mixpanel_data._internal.expressions import values
from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.fragments import NULL, Sql
from mixpanel_data._internal.expressions.compiler.terms import Number, Seconds, Term
from mixpanel_data._internal.expressions.values import MAX_SECONDS

_DECIMAL = r"[ \t\n\v\f\r]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t\n\v\f\r]*"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?(\.[0-9]+)?"
_OFFSET = r"(Z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])"
_LOCAL_DATE = f"{_DAY}({_CLOCK})?"
_DATE_WITH_OFFSET = f"{_DAY}{_CLOCK}{_OFFSET}"


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
    """A number in plain decimals."""
    if number.text is None and not number.double:
        whole = number.whole or number.sql
        return sql.cast(whole, "VARCHAR")
    written = sql.case(
        (sql.is_not_null(number.sql), number.text or sql.cast(number.sql, "VARCHAR"))
    )
    exponent = sql.call("contains", written, sql.text("e"))
    plain = sql.call("regexp_replace", written, sql.text(r"^-?(0)\.0$|\.0$"), sql.text(r"\1"))
    return sql.case((exponent, _without_exponent(written)), otherwise=plain)


def _without_exponent(written: Sql) -> Sql:
    """`1.5e-07` becomes `0.00000015`."""
    power = f"TRY_CAST(split_part({written}, 'e', 2) AS INTEGER)"
    digits = f"regexp_replace(split_part({written}, 'e', 1), '[-.]', '', 'g')"
    sign = f"CASE WHEN starts_with({written}, '-') THEN '-' ELSE '' END"
    small = f"'0.' || repeat('0', -{power} - 1) || {digits}"
    large = f"{digits} || repeat('0', {power} + 1 - length({digits}))"
    return Sql(f"{sign} || CASE WHEN {power} < 0 THEN {small} ELSE {large} END", sql.SUM)


def iso(seconds: Sql) -> Sql:
    """A datetime as ISO text in UTC."""
    stamp = Sql(f"make_timestamp({seconds.inside(sql.PRODUCT)} * 1000000)")
    return Sql(f"replace({sql.cast(stamp, 'VARCHAR')}, ' ', 'T')")


def number(term: Term) -> Term:
    """`number()`."""
    if term.only("number"):
        return term
    parts = [term.number.sql if term.number else NULL]
    if term.string:
        parts.append(_parsed(term.string))
    if term.boolean:
        parts.append(sql.cast(term.boolean.exact, "INTEGER"))
    if term.instant:
        parts.append(term.instant.sql)
    result = sql.first(*parts)
    return Term(number=Number(result), missing=sql.is_null(result), raises=term.raises)


def _parsed(value: Sql) -> Sql:
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
        return Term(instant=seconds, missing=term.missing, raises=term.raises)
    parts = [term.instant.sql if term.instant else NULL]
    if term.number:
        parts.append(_from_number(term.number.sql))
    if term.string:
        parts.append(_from_text(term.string))
    if not any(part != NULL for part in parts):
        return Term(missing=sql.TRUE, raises=term.raises)
    result = sql.first(*parts)
    return Term(instant=Seconds(result), missing=sql.is_null(result), raises=term.raises)


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

    late = Sql(f"{value.inside(sql.SUM)} >= '0001'", sql.COMPARISON)
    local = sql.call("regexp_full_match", value, sql.text(_LOCAL_DATE))
    offset = sql.call("regexp_full_match", value, sql.text(_DATE_WITH_OFFSET))
    return sql.case(
        (sql.all_of(local, late), epoch(f"{value} AS TIMESTAMP")),
        (sql.all_of(offset, late), epoch(f"{value} AS TIMESTAMPTZ")),
    )
