"""The functions of the language as SQL: `expressions.functions`, once more."""

from __future__ import annotations

from collections.abc import Callable

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


def _truth(condition: Sql) -> Term:
    return Term(boolean=Truth.of_condition(condition))


def _defined(term: Term) -> Term:
    nothing = [term.missing]
    if not evaluated.NULL_IS_DEFINED:
        nothing.append(term.null)
    condition = sql.any_of(*nothing)
    if len(term.kinds) == 1 and not term.items and condition == term.missing:
        (present,) = term.kinds.values()
        return Term(boolean=Truth.plain(present, total=True))
    return Term(boolean=_opposite(condition))


def _opposite(condition: Sql) -> Truth:
    return Truth.of_condition(sql.is_not_true(condition))


def _boolean(term: Term) -> Term:
    return _truth(conversions.boolean(term))


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
    scalar = sql.any_of(*(when for kind, when in kinds.items() if kind not in ("list", "null")))
    single: tuple[Items, ...] = ()
    if scalar != FALSE:
        single = (
            Items(
                scalar,
                (
                    Term(
                        string=term.string,
                        number=term.number,
                        boolean=term.boolean,
                        instant=term.instant,
                        record=term.record,
                    ),
                ),
            ),
        )
    items = (*term.items, *single)
    present = sql.any_of(*(item.when for item in items))
    return Term(items=items, missing=sql.is_not_true(present))


def _whole(function: str) -> Callable[[Term], Term]:
    def apply(term: Term) -> Term:
        if term.number is None:
            return MISSING
        number = term.number
        if number.double:
            number = Number(sql.call(function, number.sql), bound=number.bound + 1)
        return Term(number=number, missing=sql.is_null(number.sql))

    return apply


def _datetime(term: Term) -> Term:
    return conversions.instant(term)


def _affix(function: str) -> Callable[[Term, Term], Term]:
    def apply(text: Term, affix: Term) -> Term:
        if text.string is None or affix.string is None:
            return MISSING
        known = affix.value
        lower = (
            sql.text(known.lower()) if isinstance(known, str) else sql.call("lower", affix.string)
        )
        result = sql.call(function, sql.call("lower", text.string), lower)
        return Term(boolean=Truth.plain(result), missing=sql.is_null(result))

    return apply


FUNCTIONS: dict[str, Callable[..., Term]] = {
    "boolean": _boolean,
    "ceil": _whole("ceil"),
    "datetime": _datetime,
    "defined": _defined,
    "floor": _whole("floor"),
    "has_prefix": _affix("starts_with"),
    "has_suffix": _affix("ends_with"),
    "list": _list,
    "number": conversions.number,
    "round": _whole("round"),
    "string": _string,
}
