"""Pieces of SQL that know how tightly they bind, so that only needed parentheses are written."""

from __future__ import annotations

from typing import NamedTuple

from mixpanel_data._internal.expressions import nodes
from mixpanel_data._internal.sql import literal

OR, AND, NOT, COMPARISON = nodes.OR, nodes.AND, nodes.NOT, nodes.COMPARISON
SUM, PRODUCT, UNARY, PRIMARY = nodes.SUM, nodes.PRODUCT, nodes.UNARY, nodes.PRIMARY
"""SQL binds as the language does."""


class Sql(NamedTuple):
    """SQL of one value; `binds` says how tightly its outermost operator does.

    A condition that is never NULL is `total`, and has an `opposite` if that is as short.
    """

    text: str
    binds: int = PRIMARY
    total: bool = False
    opposite: str = ""

    def __str__(self) -> str:
        return self.text

    def inside(self, level: int) -> str:
        """The text where only what binds at least as tightly as `level` may stand."""
        return self.text if self.binds >= level else f"({self.text})"


TRUE = Sql("TRUE", total=True, opposite="FALSE")
FALSE = Sql("FALSE", total=True, opposite="TRUE")
NULL = Sql("NULL")


def text(value: str) -> Sql:
    r"""A string literal, on one line whatever is in it: reports indent the SQL they are given.

    >>> print(text("it's"), text("two\nlines"))
    'it''s' 'two' || chr(10) || 'lines'
    """
    lines = [literal(line) for line in value.split("\n")]
    return Sql(" || chr(10) || ".join(lines), SUM if len(lines) > 1 else PRIMARY)


def call(name: str, *arguments: Sql) -> Sql:
    """A function's value."""
    return Sql(f"{name}({', '.join(map(str, arguments))})")


def cast(value: Sql, to: str) -> Sql:
    """The value as another type, for casts that can't fail."""
    return Sql(f"CAST({value} AS {to})")


def infix(left: Sql, operator: str, right: Sql, binds: int = COMPARISON) -> Sql:
    """Two operands; chains of the same level lean to the left, comparisons are never chained."""
    level = SUM if binds == COMPARISON else binds
    return Sql(f"{left.inside(level)} {operator} {right.inside(level + 1)}", binds)


def one_of(value: Sql, choices: list[Sql]) -> Sql:
    """Whether the value is among the choices."""
    return Sql(f"{value.inside(SUM)} IN ({', '.join(map(str, choices))})", COMPARISON)


def same(left: Sql, right: Sql) -> Sql:
    """Whether both are equal, or both NULL."""
    one, other = left.inside(SUM), right.inside(SUM)
    return _total(f"{one} IS NOT DISTINCT FROM {other}", f"{one} IS DISTINCT FROM {other}")


def all_of(*conditions: Sql) -> Sql:
    """`AND`, without what is constant."""
    if FALSE in conditions:
        return FALSE
    return _joined("AND", AND, [item for item in conditions if item != TRUE], TRUE)


def any_of(*conditions: Sql) -> Sql:
    """`OR`, without what is constant."""
    if TRUE in conditions:
        return TRUE
    return _joined("OR", OR, [item for item in conditions if item != FALSE], FALSE)


def _joined(word: str, binds: int, conditions: list[Sql], empty: Sql) -> Sql:
    kept = list(dict.fromkeys(conditions))
    if len(kept) < 2:
        return kept[0] if kept else empty
    text = f" {word} ".join(item.inside(AND) for item in kept)
    return Sql(text, binds, total=all(item.total for item in kept))


def negated(condition: Sql) -> Sql:
    """`NOT`, which leaves NULL as it is."""
    if condition.opposite:
        return _total(condition.opposite, condition.text, condition.binds)
    return Sql(f"NOT {condition.inside(COMPARISON)}", NOT, total=condition.total)


def is_true(condition: Sql) -> Sql:
    """NULL becomes false."""
    if condition.total:
        return condition
    inside = condition.inside(UNARY)
    return _total(f"{inside} IS TRUE", f"{inside} IS NOT TRUE")


def is_not_true(condition: Sql) -> Sql:
    """The exact opposite of `is_true`."""
    return negated(is_true(condition))


def is_null(value: Sql) -> Sql:
    """Whether there is no value."""
    return _total(f"{value.inside(SUM)} IS NULL", f"{value.inside(SUM)} IS NOT NULL")


def is_not_null(value: Sql) -> Sql:
    """Whether there is a value."""
    return negated(is_null(value))


def _total(text: str, opposite: str, binds: int = COMPARISON) -> Sql:
    return Sql(text, binds, total=True, opposite=opposite)


def case(*branches: tuple[Sql, Sql], otherwise: Sql = NULL) -> Sql:
    """The value of the first branch whose condition is true; nothing else is computed."""
    taken: list[tuple[Sql, Sql]] = []
    for condition, value in branches:
        if condition == TRUE:
            otherwise = value
            break
        if condition != FALSE:
            taken.append((condition, value))
    while taken and taken[-1][1] == otherwise:
        taken.pop()
    if not taken:
        return otherwise
    whens = " ".join(f"WHEN {condition} THEN {value}" for condition, value in taken)
    rest = "" if otherwise == NULL else f" ELSE {otherwise}"
    return Sql(f"CASE {whens}{rest} END")


def either(condition: Sql, value: Sql, otherwise: Sql) -> Sql:
    """One value or the other; the condition is computed first, even where nothing depends on it."""
    if condition in (TRUE, FALSE):
        return value if condition == TRUE else otherwise
    return Sql(f"CASE WHEN {condition} THEN {value} ELSE {otherwise} END")


def first(*values: Sql) -> Sql:
    """The first that is not NULL."""
    kept = [value for value in values if value != NULL]
    if len(kept) < 2:
        return kept[0] if kept else NULL
    return call("coalesce", *kept)


def list_of(*items: Sql) -> Sql:
    """A list with these items."""
    return Sql(f"[{', '.join(map(str, items))}]")
