"""A value of the language as SQL: one facet for each type that it may have.

A facet is NULL where the value has another type. So what types rule out costs nothing, and a value
of one possible type is plain SQL of that type.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.fragments import FALSE, NULL, TRUE, Sql
from mixpanel_data._internal.expressions.values import UNDEFINED, Instant

EXACT = 2**53
"""Whole numbers below this are exact as DOUBLE."""

LARGEST = math.inf


@dataclass(frozen=True)
class Number:
    """SQL of a number, never beyond `bound` in size.

    `double` says whether its type is DOUBLE. `whole` is the same number as an exact integer, NULL
    where it has a fraction; `text` spells it as JSON does. `moment` is a TIMESTAMP of which it
    counts the whole seconds.
    """

    sql: Sql
    double: bool = True
    bound: float = LARGEST
    whole: Sql | None = None
    text: Sql | None = None
    moment: Sql | None = None


@dataclass(frozen=True)
class Truth:
    """SQL of a boolean: `exact` is TRUE, FALSE or NULL.

    `loose` is TRUE for true alone, and FALSE or NULL for all else, which conditions don't part.
    `opposite` is TRUE where the value is not true, else FALSE. `total` says that `exact` is never
    NULL.
    """

    exact: Sql
    loose: Sql
    opposite: Sql
    total: bool = False

    @classmethod
    def plain(cls, exact: Sql, *, total: bool = False) -> Truth:
        """One SQL for all uses."""
        opposite = sql.negated(exact) if total else sql.is_not_true(exact)
        return cls(exact, exact, opposite, total)

    @classmethod
    def of_condition(cls, loose: Sql) -> Truth:
        """True where the condition is, false elsewhere."""
        return cls(sql.is_true(loose), loose, sql.is_not_true(loose), total=True)


@dataclass(frozen=True)
class Seconds:
    """SQL of a datetime in Unix seconds, a BIGINT; `moment` as for numbers."""

    sql: Sql
    moment: Sql | None = None


@dataclass(frozen=True)
class Items:
    """A list: `terms` where the expression names its items, else `json`, SQL of type JSON[].

    `when` is TRUE where the value is this list. A value may be one of several.
    """

    when: Sql
    terms: tuple[Term, ...] | None = None
    json: Sql = NULL


@dataclass(frozen=True)
class Term:
    """A value; `missing` is TRUE where it is undefined, `null` where it is null, else not TRUE.

    `record` is an object, as JSON. `column` is the value's its text (as `->>` gives it) in a typed column,
    where there is one. `raises` says that computing it may end the statement with an error.
    """

    string: Sql | None = None
    number: Number | None = None
    boolean: Truth | None = None
    instant: Seconds | None = None
    items: tuple[Items, ...] = ()
    record: Sql | None = None
    null: Sql = FALSE
    missing: Sql = FALSE
    json: Sql | None = None
    column: Sql | None = None
    value: object = UNDEFINED
    raises: bool = False

    @property
    def kinds(self) -> dict[str, Sql]:
        """The types that the value may have, undefined apart, and when it has them."""
        found = {
            "string": self.string,
            "number": self.number and self.number.sql,
            "boolean": self.boolean and self.boolean.exact,
            "datetime": self.instant and self.instant.sql,
            "object": self.record,
        }
        kinds = {kind: sql.is_not_null(value) for kind, value in found.items() if value}
        if self.items:
            kinds["list"] = sql.any_of(*(items.when for items in self.items))
        if self.null != FALSE:
            kinds["null"] = self.null
        if len(kinds) == 1 and self.missing == FALSE:
            return dict.fromkeys(kinds, TRUE)
        return kinds

    def only(self, *kinds: str) -> bool:
        """Whether the value always has one of these types, or is undefined."""
        return self.kinds.keys() <= set(kinds)

    def masked(self, condition: Sql) -> Term:
        """The value where the condition holds, elsewhere nothing at all (not even undefined)."""

        def kept(value: Sql) -> Sql:
            return sql.case((condition, value))

        return Term(
            string=self.string and kept(self.string),
            number=self.number and Number(kept(self.number.sql), self.number.double),
            boolean=self.boolean and Truth.plain(kept(self.boolean.exact)),
            instant=self.instant and Seconds(kept(self.instant.sql)),
            items=tuple(
                replace(items, when=sql.all_of(condition, items.when)) for items in self.items
            ),
            record=self.record and kept(self.record),
            null=sql.all_of(condition, self.null),
            missing=sql.all_of(condition, self.missing),
            raises=self.raises,
        )


MISSING = Term(missing=TRUE)


def constant(value: object) -> Term:
    """A value that is known."""
    term = MISSING
    match value:
        case None:
            term = Term(null=TRUE, value=None)
        case bool():
            known = TRUE if value else FALSE
            term = Term(boolean=Truth.plain(known, total=True), value=value)
        case int() | float():
            term = Term(number=_number(value), value=value)
        case str():
            term = Term(string=sql.text(value), value=value)
        case Instant(seconds):
            term = Term(instant=Seconds(_signed(str(seconds))), value=value)
        case list() | tuple():
            term = Term(items=(Items(TRUE, tuple(map(constant, value))),), value=value)
    return term


def _number(value: float) -> Number:
    try:
        size = abs(float(value))
    except OverflowError:
        # Beyond all that SQL has: larger than every number there, as it is in truth.
        return Number(sql.cast(sql.text("inf" if value > 0 else "-inf"), "DOUBLE"))
    if isinstance(value, int) and -(2**127) < value < 2**127:
        digits = _signed(str(value))
        return Number(digits, double=False, bound=size, whole=digits)
    plain = repr(float(value))
    # Fifteen digits survive the way through DECIMAL, which is what DuckDB reads them as.
    decimal = "e" not in plain and len(plain.strip("-")) <= 16
    exact = plain if decimal or "e" in plain else f"{plain}e0"
    return Number(_signed(exact), double=not decimal, bound=size)


def _signed(digits: str) -> Sql:
    return Sql(digits, sql.UNARY) if digits.startswith("-") else Sql(digits)
