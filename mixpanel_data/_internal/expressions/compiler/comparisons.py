"""`==`, the orderings and `in`: the rules of `evaluator.equal`, `ordering` and `membership`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from mixpanel_data._internal.expressions import nodes
from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.conversions import instant
from mixpanel_data._internal.expressions.compiler.fragments import FALSE, NULL, TRUE, Sql
from mixpanel_data._internal.expressions.compiler.sources import item_term
from mixpanel_data._internal.expressions.compiler.terms import (
    EXACT,
    Items,
    Number,
    Seconds,
    Term,
    Truth,
)
from mixpanel_data._internal.expressions.values import EPOCH, UNDEFINED, Instant

Names = Callable[[], Sql]
"""Gives a new name for the variable of a lambda."""

_NEVER = Truth.plain(FALSE)
_FIRST_YEAR, _LAST_YEAR = -62_135_596_800, 253_402_300_799


def equal(left: Term, right: Term, names: Names) -> Truth:
    """Type and value agree, or both are read as the same datetime. Never undefined."""
    for one, other in ((left, right), (right, left)):
        if one.source and isinstance(other.value, str) and is_unlike_json(other.value):
            found = "string" in one.source.kinds
            return _one_comparison(one.source.text, sql.text(other.value)) if found else _NEVER
    if plain := _alike(left, right):
        return plain
    parts = [
        _strings(left, right),
        _numbers(left, right),
        _booleans(left, right),
        sql.all_of(left.null, right.null),
        sql.all_of(left.missing, right.missing),
        _instants(left, right),
        _objects(left, right),
        *(_lists(one, other, names) for one in left.items for other in right.items),
    ]
    return Truth.of_condition(sql.any_of(*parts))


def is_unlike_json(value: str) -> bool:
    """Whether it can't be how a number, boolean, list or object is spelled: then `->>` tells."""
    return re.match(r"[-0-9\[{]|(?:true|false)\Z", value) is None


def _alike(left: Term, right: Term) -> Truth | None:
    """Two values of the same single type, undefined apart."""
    if len(left.kinds) != 1 or left.kinds.keys() != right.kinds.keys():
        return None
    if left.string and right.string:
        one, other = left.string, right.string
    elif left.instant and right.instant:
        one, other = left.instant.sql, right.instant.sql
    elif left.number and right.number and _directly(left.number, right.number):
        one, other = left.number.sql, right.number.sql
    else:
        return None
    if FALSE in (left.missing, right.missing):
        return _one_comparison(one, other)
    return Truth.plain(sql.same(one, other))


def _one_comparison(one: Sql, other: Sql) -> Truth:
    return Truth(exact=sql.same(one, other), loose=sql.infix(one, "=", other))


def _strings(left: Term, right: Term) -> Sql:
    if left.string and right.string:
        return sql.infix(left.string, "=", right.string)
    return FALSE


def _numbers(left: Term, right: Term) -> Sql:
    if left.number and right.number:
        return _compared("=", left.number, right.number)
    return FALSE


def _booleans(left: Term, right: Term) -> Sql:
    if not (left.boolean and right.boolean):
        return FALSE
    for one, other in ((left, right), (right, left)):
        if one.value is True and other.boolean:
            return other.boolean.loose
    return sql.infix(left.boolean.exact, "=", right.boolean.exact)


def _instants(left: Term, right: Term) -> Sql:
    found = []
    if left.instant and right.instant:
        found.append(sql.infix(left.instant.sql, "=", right.instant.sql))
    for one, other in ((left, right), (right, left)):
        read = instant(_without_instant(other)).instant
        if one.instant and read:
            found.append(sql.infix(one.instant.sql, "=", read.sql))
    return sql.any_of(*found)


def _objects(left: Term, right: Term) -> Sql:
    """Their JSON text: the order of keys and the spelling of numbers count."""
    if left.record and right.record:
        return sql.infix(left.record, "=", right.record)
    return FALSE


def _lists(left: Items, right: Items, names: Names) -> Sql:
    if left.terms is None:
        if right.terms is None:
            return sql.infix(left.json, "=", right.json)
        return _lists(right, left, names)
    if right.terms is None:
        size = sql.infix(sql.call("len", right.json), "=", Sql(str(len(left.terms))))
        others = [
            item_term(Sql(f"{right.json.inside(sql.PRIMARY)}[{position}]"))
            for position in range(1, len(left.terms) + 1)
        ]
    else:
        size = TRUE if len(left.terms) == len(right.terms) else FALSE
        others = list(right.terms)
    pairs = zip(left.terms, others, strict=False)
    same = [equal(one, other, names).loose for one, other in pairs]
    return sql.all_of(left.when, right.when, size, *same)


def _directly(left: Number, right: Number) -> bool:
    """Whether DuckDB compares them as exactly as can be, just as they are."""
    small = left.bound < EXACT or right.bound < EXACT
    integers = not left.double and not right.double
    return small or integers or left.whole is None or right.whole is None


def _compared(sign: str, left: Number, right: Number) -> Sql:
    plain = sql.infix(left.sql, sign, right.sql)
    if _directly(left, right) or left.whole is None or right.whole is None:
        return plain
    both = sql.all_of(sql.is_not_null(left.whole), sql.is_not_null(right.whole))
    return sql.case((both, sql.infix(left.whole, sign, right.whole)), otherwise=plain)


def ordering(sign: nodes.Comparison, left: Term, right: Term) -> Truth:
    """Numbers as such; datetimes with all that datetime() reads; ISO texts as dates."""
    results = []
    if left.number and right.number:
        results.append(
            _by_moment(sign, left.number, right) or _compared(sign, left.number, right.number)
        )
    if left.string and right.string:
        one, other = instant(Term(string=left.string)), instant(Term(string=right.string))
        results.append(_seconds(sign, one, other))
    if left.instant:
        results.append(_seconds(sign, left, instant(_without_instant(right))))
        results.append(_seconds(sign, left, Term(instant=right.instant)))
    if right.instant:
        results.append(_seconds(sign, instant(_without_instant(left)), right))
    return Truth.plain(sql.first(*results))


def _without_instant(term: Term) -> Term:
    """The value where it has another type."""
    return replace(term, instant=None, value=UNDEFINED)


_MIRRORED: dict[str, str] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _seconds(sign: str, left: Term, right: Term) -> Sql:
    if left.instant is None or right.instant is None:
        return NULL
    return (
        _by_moment(sign, left.instant, right)
        or _by_moment(_MIRRORED[sign], right.instant, left)
        or sql.infix(left.instant.sql, sign, right.instant.sql)
    )


def _by_moment(sign: str, left: Number | Seconds, right: Term) -> Sql | None:
    """Whole seconds of a timestamp against a known number: better asked of the timestamp itself."""
    bound = right.value.seconds if isinstance(right.value, Instant) else right.value
    if left.moment is None or isinstance(bound, bool) or not isinstance(bound, (int, float)):
        return None
    if not math.isfinite(bound):
        return None
    least = math.floor(bound) + 1 if sign in ("<=", ">") else math.ceil(bound)
    if not _FIRST_YEAR <= least <= _LAST_YEAR:
        return None
    stamp = datetime.fromtimestamp(least, EPOCH.tzinfo).strftime("%Y-%m-%d %H:%M:%S")
    return sql.infix(left.moment, "<" if sign in ("<", "<=") else ">=", Sql(f"TIMESTAMP '{stamp}'"))


def membership(item: Term, container: Term, names: Names) -> Truth:
    """A text within a text, or a scalar among the items of a list; all else is undefined."""
    kinds = item.kinds
    present = sql.any_of(*(kinds[kind] for kind in kinds if kind not in ("list", "object")))
    scalar = replace(item, items=(), record=None, missing=FALSE)
    exact, loose = [], []
    if item.string and container.string:
        contained = sql.call("contains", container.string, item.string)
        exact.append(contained)
        loose.append(contained)
    for items in container.items:
        choice = _choice(scalar, items.terms)
        found = choice or _among(scalar, items, names)
        asked = sql.all_of(present, items.when)
        # NULL just where the item is missing, or where the list is.
        chosen = choice and choice != FALSE and items.when == TRUE and len(kinds) == 1
        listed = present == TRUE and items.terms is None and items.json == items.every
        exact.append(found if chosen or listed else sql.case((asked, sql.is_true(found))))
        loose.append(found if items.terms is None else sql.all_of(items.when, found))
    return Truth(sql.first(*exact), sql.any_of(*loose))


def _choice(item: Term, others: tuple[Term, ...] | None) -> Sql | None:
    """`x IN (…)`, where the list has nothing but constants of one type."""
    if not others or item.instant or any(other.value is UNDEFINED for other in others):
        return None
    texts = [other.value for other in others if isinstance(other.value, str)]
    if len(texts) == len(others):
        plain = item.source and "string" in item.source.kinds and all(map(is_unlike_json, texts))
        value = item.source.text if item.source and plain else item.string
        return sql.one_of(value, list(map(sql.text, texts))) if value else FALSE
    numbers = [other.number for other in others if other.number]
    if len(numbers) == len(others) and all(number.bound < EXACT for number in numbers):
        choices = [number.sql for number in numbers]
        return sql.one_of(item.number.sql, choices) if item.number else FALSE
    return None


def _among(scalar: Term, items: Items, names: Names) -> Sql:
    if items.terms is not None:
        return sql.any_of(*(equal(scalar, other, names).loose for other in items.terms))
    if items.texts != NULL and isinstance(scalar.value, str) and is_unlike_json(scalar.value):
        return sql.call("list_contains", items.texts, sql.text(scalar.value))
    name = names()
    return some(items.every, name, equal(scalar, item_term(name), names).loose)


def some(items: Sql, name: Sql, condition: Sql) -> Sql:
    """Whether some item, called `name` in the condition, meets it."""
    kept = sql.call("list_filter", items, Sql(f"lambda {name}: {condition}"))
    return sql.infix(sql.call("len", kept), ">", Sql("0"))
