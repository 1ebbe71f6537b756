"""A value of the language as SQL: one facet for each type that it may have.

A facet is NULL where the value has another type. So what types rule out costs nothing, and a value
of one possible type is plain SQL of that type.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.fragments import FALSE, NULL, TRUE, Sql
from mixpanel_data._internal.expressions.values import UNDEFINED, Instant

EXACT = 2**53
"""Whole numbers below this are exact as DOUBLE."""

MAX_DOUBLE = sys.float_info.max


ALL_KINDS = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})
"""The JSON kinds, as `PropertyInfo` names them."""


@dataclass(frozen=True)
class JsonValue:
    """A JSON value: all of `document`, or what is at a pointer in it, if it is there.

    `kinds` are those it may have; `column` has its text, as `->>` gives it.
    """

    document: Sql
    pointer: str | None = None
    kinds: frozenset[str] = ALL_KINDS
    optional: bool = True
    column: Sql | None = None

    def _at(self, function: str, otherwise: str | None = None) -> Sql:
        place = otherwise if self.pointer is None else self.pointer
        return sql.call(function, self.document, *([] if place is None else [sql.text(place)]))

    @property
    def json(self) -> Sql:
        """The value, of type JSON."""
        return self.document if self.pointer is None else self._at("json_extract")

    @property
    def text(self) -> Sql:
        """A string itself, the spelling of anything else; NULL of null."""
        return self.column or self._at("json_extract_string", "$")

    @property
    def size(self) -> Sql:
        """The number of items of a list; 0 or NULL of anything else."""
        return self._at("json_array_length")

    @property
    def present(self) -> Sql:
        """Whether there is a value that is not null; if not, FALSE or NULL."""
        if self.column or "null" not in self.kinds:
            return sql.is_not_null(self.column or self.type)
        return sql.infix(self.type, "<>", sql.text("NULL"))

    @property
    def type(self) -> Sql:
        """DuckDB's name of its type; NULL where there is no value."""
        return self._at("json_type")

    def is_a(self, *types: str) -> Sql:
        """Whether it has one of these types."""
        if len(types) > 1:
            return sql.one_of(self.type, list(map(sql.text, types)))
        return sql.infix(self.type, "=", sql.text(types[0]))


@dataclass(frozen=True)
class Number:
    """SQL of a number, never beyond `bound` in size.

    `double` says whether its type is DOUBLE. `whole` is the same number as an exact integer, NULL
    where it has a fraction. `moment` is a TIMESTAMP of which it counts the whole seconds.
    """

    sql: Sql
    double: bool = True
    bound: float = MAX_DOUBLE
    whole: Sql | None = None
    moment: Sql | None = None

    def masked(self, condition: Sql) -> Number:
        """The number where the condition holds."""
        whole = self.whole and sql.case((condition, self.whole))
        return Number(sql.case((condition, self.sql)), self.double, self.bound, whole)


@dataclass(frozen=True)
class Truth:
    """SQL of a boolean: `exact` is TRUE, FALSE or NULL.

    `loose` is TRUE for true alone, and FALSE or NULL for all else, which conditions don't part.
    """

    exact: Sql
    loose: Sql

    @classmethod
    def plain(cls, exact: Sql) -> Truth:
        """One SQL for both uses."""
        return cls(exact, exact)

    @classmethod
    def of_condition(cls, loose: Sql) -> Truth:
        """True where the condition is, false elsewhere."""
        return cls(sql.is_true(loose), loose)

    @property
    def reversed(self) -> Truth:
        """`not`: true where this is not true."""
        return Truth.plain(sql.is_not_true(self.exact if self.exact.total else self.loose))

    def term(self, *, raises: bool = False) -> Term:
        """A value that is this boolean."""
        missing = FALSE if self.exact.total else sql.is_null(self.exact)
        return Term(boolean=self, missing=missing, raises=raises)


@dataclass(frozen=True)
class Seconds:
    """SQL of a datetime in Unix seconds, a BIGINT; `moment` as for numbers."""

    sql: Sql
    moment: Sql | None = None


@dataclass(frozen=True)
class Items:
    """A list: `terms` where the expression names its items, else JSON.

    `when` is TRUE where the value is this list: a value may be one of several. `json` are its items
    as JSON[], NULL where it is not this list; `every` may also be empty there, and so may `texts`,
    the items as `->>` spells them. `size` is the number of items, where there are any.
    """

    when: Sql
    terms: tuple[Term, ...] | None = None
    json: Sql = NULL
    every: Sql = NULL
    texts: Sql = NULL
    size: Sql = NULL

    def masked(self, condition: Sql) -> Items:
        """The list where the condition holds."""

        def kept(value: Sql) -> Sql:
            return sql.case((condition, value))

        return Items(
            sql.all_of(condition, self.when),
            self.terms,
            json=kept(self.json),
            every=kept(self.every),
            texts=kept(self.texts),
            size=kept(self.size),
        )


@dataclass(frozen=True)
class Term:
    """A value: undefined where `missing` is TRUE, null where `null` is.

    `source` is the JSON that it comes from, and `value` what it is if that is known. `raises` says
    that computing it may end the statement with an error.
    """

    string: Sql | None = None
    number: Number | None = None
    boolean: Truth | None = None
    instant: Seconds | None = None
    items: tuple[Items, ...] = ()
    record: Sql | None = None
    null: Sql = FALSE
    missing: Sql = FALSE
    source: JsonValue | None = None
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
            number=self.number and self.number.masked(condition),
            boolean=self.boolean and Truth.plain(kept(self.boolean.exact)),
            instant=self.instant and Seconds(kept(self.instant.sql)),
            items=tuple(items.masked(condition) for items in self.items),
            record=self.record and kept(self.record),
            null=sql.all_of(condition, self.null),
            missing=sql.all_of(condition, self.missing),
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
            term = Term(boolean=Truth.plain(known), value=value)
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
