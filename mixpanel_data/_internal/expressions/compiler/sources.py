"""Properties as terms: from typed columns where they tell all, else from JSON."""

from __future__ import annotations

from dataclasses import replace

from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.columns import Fields
from mixpanel_data._internal.expressions.compiler.fragments import FALSE, NULL, Sql
from mixpanel_data._internal.expressions.compiler.terms import (
    MAX_DOUBLE,
    MISSING,
    Items,
    JsonValue,
    Number,
    Term,
    Truth,
)
from mixpanel_data._internal.sql import pointer, quote
from mixpanel_data.types import PropertyInfo

_INT64, _UINT64 = float(2**63), float(2**64)


def property_term(fields: Fields, name: str) -> Term:
    """The property of this name."""
    value = JsonValue(Sql(fields.json), pointer(name))
    if fields.known is None:
        return json_term(value)
    info = fields.known.get(name)
    if info is None:
        return MISSING
    if info.kinds:  # of rare properties only the names are known
        value = JsonValue(value.document, value.pointer, frozenset(info.kinds))
    # A line break can't be written in the name of a column, and reports indent their SQL.
    if info.column is None or fields.flat is None or not info.column.isprintable():
        return json_term(value)
    return _column_term(info, Sql(f"{quote(fields.flat)}.{quote(info.column)}"), value)


def item_term(variable: Sql) -> Term:
    """The item of a JSON list."""
    return json_term(JsonValue(variable, optional=False))


def json_term(value: JsonValue) -> Term:
    """A JSON value of the kinds it may have."""
    kinds = value.kinds
    is_true = sql.infix(value.text, "=", sql.text("true"))
    return Term(
        string=_only(value, ["VARCHAR"], value.text) if "string" in kinds else None,
        number=_number(value),
        boolean=Truth.plain(_only(value, ["BOOLEAN"], is_true)) if "boolean" in kinds else None,
        items=(_items(value),) if "array" in kinds else (),
        record=_only(value, ["OBJECT"], value.json) if "object" in kinds else None,
        null=value.is_a("NULL") if "null" in kinds else FALSE,
        missing=sql.is_null(value.type) if value.optional else FALSE,
        source=value,
    )


def _only(value: JsonValue, types: list[str], result: Sql) -> Sql:
    return result if len(value.kinds) == 1 else sql.case((value.is_a(*types), result))


def _number(value: JsonValue) -> Number | None:
    integers, decimals = "integer" in value.kinds, "number" in value.kinds
    if not integers and not decimals:
        return None
    # JSON spells a string with quotes, so that only numbers can be cast.
    number = Sql(f"TRY_CAST(CAST({value.json} AS VARCHAR) AS DOUBLE)")
    whole = sql.case((value.is_a("BIGINT", "UBIGINT"), sql.cast(value.text, "HUGEINT")))
    return Number(
        number, bound=MAX_DOUBLE if decimals else _UINT64, whole=whole if integers else NULL
    )


def _items(value: JsonValue) -> Items:
    path = sql.text("$[*]")
    every = sql.call("json_extract", value.json, path)
    return Items(
        value.present if len(value.kinds) == 1 else value.is_a("ARRAY"),
        json=_only(value, ["ARRAY"], every),
        every=every,
        texts=sql.call("json_extract_string", value.json, path),
        size=value.size,
    )


def _column_term(info: PropertyInfo, column: Sql, value: JsonValue) -> Term:
    nulls = "null" in value.kinds
    if plain := _typed(info, column):
        # The column tells a null from a value, but not from nothing.
        null = value.is_a("NULL") if nulls else FALSE
        return replace(plain, null=null, missing=sql.is_null(value.type if nulls else column))
    if info.type == "JSON":
        return json_term(value if nulls else JsonValue(column, kinds=value.kinds))
    return json_term(replace(value, column=column))


def _typed(info: PropertyInfo, column: Sql) -> Term | None:
    match info.type:
        case "BIGINT":
            return Term(number=Number(column, double=False, bound=_INT64, whole=column))
        case "DOUBLE":
            return Term(number=Number(column))
        case "BOOLEAN":
            return Term(boolean=Truth.plain(column))
        case "VARCHAR" if info.kinds.keys() - {"null"} == {"string"}:
            return Term(string=column)
    return None
