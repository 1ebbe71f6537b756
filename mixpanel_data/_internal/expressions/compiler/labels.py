"""Segment labels as SQL: `expressions.labels`, once more."""

from __future__ import annotations

from dataclasses import replace

from mixpanel_data._internal.expressions import labels as evaluated
from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.conversions import decimal, string
from mixpanel_data._internal.expressions.compiler.fragments import FALSE, NULL, Sql
from mixpanel_data._internal.expressions.compiler.sources import item_term
from mixpanel_data._internal.expressions.compiler.terms import Items, JsonValue, Term
from mixpanel_data._internal.expressions.labels import (
    BETWEEN_ITEMS,
    NULL_LABEL,
    UNDEFINED_LABEL,
)
from mixpanel_data._internal.expressions.values import UNDEFINED

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
