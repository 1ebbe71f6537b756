"""Segment labels as SQL: `expressions.labels`, once more."""

from __future__ import annotations

from dataclasses import replace

from mixpanel_data._internal.expressions import labels as evaluated
from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.conversions import string
from mixpanel_data._internal.expressions.compiler.fragments import FALSE, NULL, Sql
from mixpanel_data._internal.expressions.compiler.sources import JsonValue
from mixpanel_data._internal.expressions.compiler.terms import Items, Term
from mixpanel_data._internal.expressions.labels import (
    BETWEEN_ITEMS,
    NULL_LABEL,
    UNDEFINED_LABEL,
)
from mixpanel_data._internal.expressions.values import UNDEFINED

_UNDEFINED = sql.text(UNDEFINED_LABEL)


def labels(term: Term, name: str) -> Sql:
    """VARCHAR[], never empty; `name` is free for the items of a list."""
    branches = [(items.when, _of_items(items, name)) for items in term.items]
    return sql.case(*branches, otherwise=sql.list_of(_label(replace(term, items=()))))


def label(term: Term, name: str) -> Sql:
    """VARCHAR, never NULL."""
    separator = sql.text(BETWEEN_ITEMS)
    branches = [
        (items.when, sql.call("array_to_string", _of_items(items, name), separator))
        for items in term.items
    ]
    return sql.case(*branches, otherwise=_label(replace(term, items=())))


def _label(term: Term) -> Sql:
    if term.value is not UNDEFINED:
        return sql.text(evaluated.label(term.value))
    text = sql.first(
        string(term),
        sql.cast(term.record, "VARCHAR") if term.record else NULL,
        NULL if term.missing == FALSE else _UNDEFINED,
    )
    return sql.case((term.null, sql.text(NULL_LABEL)), otherwise=text)


def _of_items(items: Items, name: str) -> Sql:
    if items.terms is not None:
        named = [label(term, name) for term in items.terms]
        return sql.list_of(*(named or [_UNDEFINED]))
    item = JsonValue.item(name)
    of_item = _label(replace(item.term(), items=(), record=item.structure))
    empty = sql.infix(sql.call("len", items.json), "=", Sql("0"))
    every = sql.call("list_transform", items.json, Sql(f"lambda {name}: {of_item}"))
    return sql.case((empty, sql.list_of(_UNDEFINED)), otherwise=every)
