"""Pieces of SQL that know how tightly they bind, so that only needed parentheses are written."""

from __future__ import annotations

from typing import NamedTuple

from mixpanel_data._internal.expressions import nodes
from mixpanel_data._internal.sql import literal

OR, AND, NOT, COMPARISON = nodes.OR, nodes.AND, nodes.NOT, nodes.COMPARISON
SUM, PRODUCT, UNARY, PRIMARY = nodes.SUM, nodes.PRODUCT, nodes.UNARY, nodes.PRIMARY
"""SQL binds as the language does."""


class Sql(NamedTuple):
    """SQL of one value; `binds` says how tightly its outermost operator does."""

    text: str
    binds: int = PRIMARY

    def __str__(self) -> str:
        return self.text

    def inside(self, level: int) -> str:
        """The text where only what binds at least as tightly as `level` may stand."""
        return self.text if self.binds >= level else f"({self.text})"


TRUE, FALSE, NULL = Sql("TRUE"), Sql("FALSE"), Sql("NULL")


def text(value: str) -> Sql:
    """A string literal."""
    return Sql(literal(value))


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


def all_of(*conditions: Sql) -> Sql:
    """`AND`, without what is constant."""
    if FALSE in conditions:
        return FALSE
    kept = list(dict.fromkeys(item for item in conditions if item != TRUE))
    if len(kept) < 2:
        return kept[0] if kept else TRUE
    return Sql(" AND ".join(item.inside(AND) for item in kept), AND)


def any_of(*conditions: Sql) -> Sql:
    """`OR`, without what is constant."""
    if TRUE in conditions:
        return TRUE
    kept = list(dict.fromkeys(item for item in conditions if item != FALSE))
    if len(kept) < 2:
        return kept[0] if kept else FALSE
    return Sql(" OR ".join(item.inside(AND) for item in kept), OR)


def negated(condition: Sql) -> Sql:
    """`NOT`, which leaves NULL as it is."""
    if condition in (TRUE, FALSE):
        return FALSE if condition == TRUE else TRUE
    return Sql(f"NOT {condition.inside(COMPARISON)}", NOT)


def is_true(condition: Sql) -> Sql:
    """NULL becomes false."""
    if condition in (TRUE, FALSE):
        return condition
    return Sql(f"{condition.inside(UNARY)} IS TRUE", COMPARISON)


def is_not_true(condition: Sql) -> Sql:
    """The exact opposite of `is_true`."""
    if condition in (TRUE, FALSE):
        return negated(condition)
    return Sql(f"{condition.inside(UNARY)} IS NOT TRUE", COMPARISON)


def is_null(value: Sql) -> Sql:
    """Whether there is no value."""
    return Sql(f"{value.inside(SUM)} IS NULL", COMPARISON)


def is_not_null(value: Sql) -> Sql:
    """Whether there is a value."""
    return Sql(f"{value.inside(SUM)} IS NOT NULL", COMPARISON)


def case(*branches: tuple[Sql, Sql], otherwise: Sql = NULL) -> Sql:
    """The value of the first branch whose condition is true; nothing else is computed."""
    taken: list[tuple[Sql, Sql]] = []
    for condition, value in branches:
        if condition == TRUE:
            otherwise = value
            break
        if condition != FALSE:
            taken.append((condition, value))
    if not taken or all(value == otherwise for _, value in taken):
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
