"""The flat table of a fetched table: built from its JSON, and kept in step with it.

Everything happens in the caller's transaction. DuckDB reads the JSON twice to find the kinds of
all values, and once more to fill the columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage.flat import catalog, columns, survey
from mixpanel_data._internal.storage.flat.columns import Column
from mixpanel_data._internal.storage.flat.survey import Count, Counts, Rows
from mixpanel_data._internal.storage.sharing import Connection, Limits
from mixpanel_data.types import PropertyInfo, TableType

Spelling = Literal["cast", "integral"] | None

_MEMORY = 400 << 20
"""Bytes that reading the JSON needs, and no more than it is given: so that a large table needs no
more than a small one."""

_COLUMN = 4 << 20
"""Bytes that a column holds until its row group of 122,880 rows is full."""

_PLAIN = "abs({column}) >= 1e-4 AND abs({column}) < 1e15"
"""Where DuckDB spells a DOUBLE as JSON does; outside, exponents differ (1e+22, 1e22)."""


class FlatTable:
    """The flat table of `table`, with at most `limit` columns for properties."""

    def __init__(self, connection: Connection, table: str, kind: TableType, *, limit: int) -> None:
        self.name = catalog.flat_name(table)
        self._connection = connection
        self._table = table
        self._from = f"main.{quote(table)}"
        self._to = f"main.{quote(self.name)}"
        self._kind: TableType = kind
        self._limit = limit
        self._removed: Counts = {}

    # -- whole ----------------------------------------------------------------------------------

    def build(self) -> list[PropertyInfo]:
        """Make it from all rows of the table, in their order; columns that are known stay first."""
        rows = Rows(self._from, self._kind)
        with self._connection.limited(Limits(_MEMORY)):
            names = survey.names(self._connection, rows)
            known = catalog.read(self._connection, self._table)
            places = self._places(known, survey.totals(names))
            wanted = [*places, *columns.GIVEN[self._kind]]
            counts = survey.counts(self._connection, rows, names, wanted)
        unfit: set[str] = set()
        while True:
            made = _columns(places, counts, unfit)
            self._create(made)
            self._fill(made)
            found = self._unfit(made, counts)
            if not found:
                return self._record(made, counts)
            unfit |= found

    def _create(self, made: Sequence[Column]) -> None:
        keys = [f"{name} {kind}" for name, kind in columns.KEYS[self._kind].items()]
        typed = [f"{quote(column.name)} {column.type}" for column in made]
        self._connection.execute(f"DROP TABLE IF EXISTS {self._to}")
        self._connection.execute(f"CREATE TABLE {self._to} ({', '.join([*keys, *typed])})")

    def drop(self) -> None:
        """Drop it and forget it; a table of that name that is not ours stays."""
        if self._table.lower() in catalog.flat_tables(self._connection):
            self._connection.execute(f"DROP TABLE {self._to}")
            catalog.delete(self._connection, self._table)

    # -- in step --------------------------------------------------------------------------------

    def remove(self, condition: str) -> None:
        """Leave out the rows that are about to leave the table."""
        rows = Rows(self._from, self._kind, condition)
        known = catalog.read(self._connection, self._table)
        with self._connection.limited(Limits(_MEMORY)):
            names = survey.names(self._connection, rows)
            self._removed = survey.counts(self._connection, rows, names, _with_kinds(known))
        self._connection.execute(f"DELETE FROM {self._to} WHERE {condition}")

    def catch_up(self, after: int) -> list[PropertyInfo]:
        """Take in the table's rows past rowid `after`; build anew where a column's type changes."""
        known = catalog.read(self._connection, self._table)
        rows = Rows(self._from, self._kind, f"rowid > {after}")
        with self._connection.limited(Limits(_MEMORY)):
            names = survey.names(self._connection, rows)
            new = set(survey.totals(names)) - {info.property for info in known}
            added = survey.counts(self._connection, rows, names, _with_kinds(known) | new)
        counts = _changed(known, added, self._removed)
        places = self._places(known, {name: count.rows for name, count in counts.items()})
        made = _columns(places, counts, _unfit_before(known) - set(self._removed))
        types = {info.property: info.type for info in known}
        if any(types.get(column.property, column.type) != column.type for column in made):
            return self.build()
        self._alter(known, made)
        self._fill(made, rows.condition)
        if self._unfit(made, counts):
            return self.build()
        return self._record(made, counts)

    def _alter(self, known: Sequence[PropertyInfo], made: Sequence[Column]) -> None:
        """Drop columns that no row has any more, add those that are new."""
        there = {
            i.column for i in known if i.column and i.property not in columns.GIVEN[self._kind]
        }
        wanted = {column.name for column in made}
        for name in there - wanted:
            self._connection.execute(f"ALTER TABLE {self._to} DROP COLUMN {quote(name)}")
        for column in made:
            if column.name not in there:
                self._connection.execute(
                    f"ALTER TABLE {self._to} ADD COLUMN {quote(column.name)} {column.type}"
                )

    # -- both -----------------------------------------------------------------------------------

    def _places(self, known: Sequence[PropertyInfo], rows: Mapping[str, int]) -> dict[str, str]:
        return columns.chosen(rows, known, kind=self._kind, limit=self._limit)

    def _fill(self, made: Sequence[Column], condition: str = "true") -> None:
        layers = columns.layers([column for column in made if not column.mixed])
        values = {column.name: columns.value(column, "", 0) for column in made if column.mixed}
        for number, layer in enumerate(layers):
            for place, column in enumerate(layer, start=1):
                values[column.name] = columns.value(column, f"layer_{number}", place)
        keys = ", ".join(columns.KEYS[self._kind])
        structs = "".join(
            f", {columns.transform(layer)} AS layer_{number}" for number, layer in enumerate(layers)
        )
        with self._connection.limited(Limits(_MEMORY + _COLUMN * len(made))):
            self._connection.execute(
                f"INSERT INTO {self._to} "
                f"SELECT {keys}{''.join(', ' + values[column.name] for column in made)} "
                f"FROM (SELECT {keys}, properties{structs} FROM {self._from} WHERE {condition})"
            )

    def _unfit(self, made: Iterable[Column], counts: Counts) -> set[str]:
        """Properties with numbers that their column could not take."""
        numeric = [column for column in made if column.type in {"BIGINT", "DOUBLE"}]
        fitting = self._aggregate(
            f"count({quote(c.name)}) FILTER (isfinite({quote(c.name)}::DOUBLE))" for c in numeric
        )
        return {
            column.property
            for column, fit in zip(numeric, fitting, strict=True)
            if fit != _numbers(counts[column.property])
        }

    def _record(self, made: Sequence[Column], counts: Counts) -> list[PropertyInfo]:
        """Write the catalog: properties with a column in its order, then the others by use."""
        spellings = self._spellings(made, counts)
        listed = [
            PropertyInfo(
                **_facts(column.property, counts),
                column=column.name,
                type=column.type,
                spelling=spellings.get(column.property, "cast"),
            )
            for column in made
        ]
        listed += [
            PropertyInfo(**_facts(name, counts), column=column, type="VARCHAR", spelling="cast")
            for name, column in columns.GIVEN[self._kind].items()
            if name in counts
        ]
        rest = counts.keys() - {info.property for info in listed}
        listed += [
            PropertyInfo(**{**_facts(name, counts), "kinds": {}}, column=None, type=None)
            for name in sorted(rest, key=lambda name: (-counts[name].rows, name))
        ]
        catalog.write(self._connection, self._table, listed)
        return listed

    def _spellings(self, made: Iterable[Column], counts: Counts) -> dict[str, Spelling]:
        """How the text of `->>` comes back from each DOUBLE column."""
        doubles = [column for column in made if column.type == "DOUBLE"]
        sql = []
        for column in doubles:
            name = quote(column.name)
            sql.append(f"coalesce(bool_and({name} = 0 OR {_PLAIN.format(column=name)}), true)")
            sql.append(f"count(*) FILTER ({name} = trunc({name}))")
        answers = self._aggregate(sql)
        found: dict[str, Spelling] = {}
        for column, plain, whole in zip(doubles, answers[::2], answers[1::2], strict=True):
            integers = counts[column.property].kinds["integer"]
            if not plain:
                found[column.property] = None
            elif not integers:
                found[column.property] = "cast"
            else:
                # Every whole number came without a fraction, so none is spelled 5.0.
                found[column.property] = "integral" if whole == integers else None
        return found

    def _aggregate(self, sql: Iterable[str]) -> tuple[int, ...]:
        listed = list(sql)
        if not listed:
            return ()
        (row,) = self._connection.execute(f"SELECT {', '.join(listed)} FROM {self._to}").fetchall()
        return tuple(row)


def _columns(places: Mapping[str, str], counts: Counts, unfit: Collection[str]) -> list[Column]:
    return [
        columns.column(name, place, counts[name].kinds, unfit) for name, place in places.items()
    ]


def _changed(known: Iterable[PropertyInfo], added: Counts, removed: Counts) -> Counts:
    """The counts of all rows after some came and some went."""
    counts = {
        info.property: Count(info.rows, Counter(info.kinds), Counter(info.events)) for info in known
    }
    for part, sign in ((added, 1), (removed, -1)):
        for name, count in part.items():
            counts.setdefault(name, Count()).add(count, sign)
    return {name: count for name, count in counts.items() if count.rows}


def _with_kinds(known: Iterable[PropertyInfo]) -> set[str]:
    """Properties whose kinds are counted: those with a column."""
    return {info.property for info in known if info.column}


def _unfit_before(known: Iterable[PropertyInfo]) -> set[str]:
    """Properties that are text because a number among them fits no number type."""
    return {info.property for info in known if info.type == "VARCHAR" and _is_numeric(info.kinds)}


def _is_numeric(kinds: Iterable[str]) -> bool:
    return columns.type_of(kinds) in {"BIGINT", "DOUBLE"}


def _numbers(count: Count) -> int:
    return count.kinds["integer"] + count.kinds["number"]


def _facts(name: str, counts: Counts) -> dict[str, Any]:
    count = counts[name]
    return {
        "property": name,
        "rows": count.rows,
        "kinds": dict(count.kinds),
        "events": dict(count.events),
    }
