"""Where values come from: columns, JSON and labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mixpanel_data._internal.expressions import functions as evaluated
from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.conversions import decimal, string
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
from mixpanel_data._internal.expressions.functions import BETWEEN_ITEMS, NULL_LABEL, UNDEFINED_LABEL
from mixpanel_data._internal.expressions.values import UNDEFINED
from mixpanel_data._internal.sql import pointer, quote
from mixpanel_data.types import PropertyInfo

# -- What a row offers to an expression: where its properties, its user's and its time are --------


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Properties of events or of profiles: a JSON object, and typed columns where there are any.

    `json` is SQL of the object, such as `e.properties`. `known` describes every property of the
    table, whose columns are reached through the alias `flat`; None when only the JSON is there.
    """

    json: str
    flat: str | None = None
    known: Mapping[str, PropertyInfo] | None = None


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The row that SQL asks: SQL of its parts.

    `user` are the properties of the joined profile, None when none is joined. `event_name` and
    `event_time` (UTC, without zone) are None for a table of profiles. `distinct_id` is that of the
    event or profile, `user_id` that of the joined profile. `zone` is that of the
    project: dates written in `datetime("…")` are in it. `now` is the Unix time that NOW stands
    for, None for the time at which the SQL runs.
    """

    properties: Fields
    user: Fields | None = None
    event_name: str | None = None
    event_time: str | None = None
    distinct_id: str | None = None
    user_id: str | None = None
    zone: str = "UTC"
    now: int | None = None


# -- Properties as terms: from typed columns where they tell all, else from JSON ------------------

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


# -- Segment labels as SQL: `expressions.labels`, once more ---------------------------------------

_NULL, _UNDEFINED = sql.text(NULL_LABEL), sql.text(UNDEFINED_LABEL)
_NOTHING = sql.list_of(_UNDEFINED)


def labels(term: Term, name: Sql) -> Sql:
    """VARCHAR[], never empty, each label once; `name` is free for the items of a list."""
    branches = [
        (when, found if found == _NOTHING else sql.call("list_distinct", found))
        for items in term.items
        for when, found in _of_items(items, name)
    ]
    return sql.case(*branches, otherwise=sql.list_of(_label(_without_items(term))))


def label(term: Term, name: Sql) -> Sql:
    """VARCHAR, never NULL."""
    separator = sql.text(BETWEEN_ITEMS)
    branches = [
        (when, _UNDEFINED if found == _NOTHING else sql.call("array_to_string", found, separator))
        for items in term.items
        for when, found in _of_items(items, name)
    ]
    return sql.case(*branches, otherwise=_label(_without_items(term)))


def _without_items(term: Term) -> Term:
    source = term.source
    if source and term.items:
        source = replace(source, kinds=source.kinds - {"array"})
    return replace(term, items=(), source=source)


def _label(term: Term) -> Sql:
    if term.value is not UNDEFINED:
        return sql.text(evaluated.label(term.value))
    if term.source:
        return _as_in_json(term.source)
    text = sql.first(
        string(term),
        sql.cast(term.record, "VARCHAR") if term.record else NULL,
        NULL if term.missing == FALSE else _UNDEFINED,
    )
    return sql.case((term.null, _NULL), otherwise=text)


def _as_in_json(value: JsonValue) -> Sql:
    """JSON spells all but decimals as labels do."""
    decimals = decimal(sql.cast(value.text, "DOUBLE"))
    if not value.kinds:
        return _UNDEFINED
    return sql.case(
        (value.is_a("NULL") if "null" in value.kinds else FALSE, _NULL),
        (value.is_a("DOUBLE") if "number" in value.kinds else FALSE, decimals),
        otherwise=sql.first(value.text, _UNDEFINED if value.optional else NULL),
    )


def _of_items(items: Items, name: Sql) -> list[tuple[Sql, Sql]]:
    """When it is a list, and the labels of its items, VARCHAR[]."""
    if items.terms is not None:
        named = sql.list_of(*(label(term, name) for term in items.terms))
        return [(items.when, named if items.terms else _NOTHING)]
    of_item = _label(item_term(name))
    every = sql.call("list_transform", items.every, Sql(f"lambda {name}: {of_item}"))
    any_items = sql.infix(items.size, ">", Sql("0"))
    return [(any_items, every), (items.when, _NOTHING)]
