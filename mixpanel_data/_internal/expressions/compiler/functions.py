"""The functions of the language as SQL: `expressions.functions`, once more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mixpanel_data._internal.expressions import functions as evaluated
from mixpanel_data._internal.expressions.compiler import conversions
from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.fragments import FALSE, NULL, Sql
from mixpanel_data._internal.expressions.compiler.terms import (
    MISSING,
    Items,
    Number,
    Term,
    Truth,
)


def _boolean(term: Term) -> Term:
    return Truth.of_condition(conversions.boolean(term)).term()


def _defined(term: Term) -> Term:
    if evaluated.NULL_IS_DEFINED:
        return Truth.plain(sql.is_not_true(term.missing)).term()
    if term.source:
        return Truth.of_condition(term.source.present).term()
    present = [when for kind, when in term.kinds.items() if kind != "null"]
    return Truth.of_condition(sql.any_of(*present)).term()


def _string(term: Term, default: Term = MISSING) -> Term:
    text = conversions.string(term)
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
    "datetime": conversions.instant,
    "defined": _defined,
    "floor": _whole("floor"),
    "has_prefix": _affix("starts_with"),
    "has_suffix": _affix("ends_with"),
    "list": _list,
    "number": conversions.number,
    "round": _whole("round"),
    "string": _string,
}
