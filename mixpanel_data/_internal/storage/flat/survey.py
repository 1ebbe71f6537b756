"""Which properties the rows of a table have, and of which JSON kinds: all rows, no sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mixpanel_data._internal.sql import literal, pointer
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data.types import TableType

KINDS = {
    "VARCHAR": "string",
    "UBIGINT": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "NULL": "null",
    "ARRAY": "array",
    "OBJECT": "object",
}
"""DuckDB's names for the kinds of JSON values, and ours."""

_AT_ONCE = 100
"""Properties looked up in one pass: each lookup walks through the row's object."""

_NAMES_SQL = """
    SELECT event, property, count(*)
    FROM (
        SELECT {event} AS event, unnest(json_keys(properties)) AS property
        FROM {table}
        WHERE {condition}
    )
    GROUP BY ALL
"""

_KINDS_SQL = """
    SELECT event, place, kind, count(*)
    FROM (
        SELECT event, unnest(kinds) AS kind, generate_subscripts(kinds, 1) AS place
        FROM (
            SELECT {event} AS event, json_type(properties, [{pointers}]) AS kinds
            FROM {table}
            WHERE {condition} AND {event} IN ({events})
        )
    )
    WHERE kind IS NOT NULL
    GROUP BY ALL
"""


@dataclass(frozen=True)
class Rows:
    """Some rows of a fetched table; `condition` is SQL."""

    table: str
    type: TableType
    condition: str = "true"

    @property
    def event(self) -> str:
        """SQL of the event's name; profiles have none."""
        return "coalesce(event_name, '')" if self.type == "events" else "''"


@dataclass
class Count:
    """How often a property comes: rows that carry it, by kind and by event name."""

    rows: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)

    def add(self, other: Count, sign: int = 1) -> None:
        """Count other rows too, or (`sign` -1) no longer."""
        self.rows += sign * other.rows
        for mine, theirs in ((self.kinds, other.kinds), (self.events, other.events)):
            for key, rows in theirs.items():
                mine[key] += sign * rows
                if not mine[key]:
                    del mine[key]


Counts = dict[str, Count]
Names = Mapping[str, Mapping[str, int]]
"""Event name → property → rows. An object that repeats a key counts it as often."""


def names(connection: Connection, rows: Rows) -> Names:
    """All properties of these rows, by event."""
    sql = _NAMES_SQL.format(event=rows.event, table=rows.table, condition=rows.condition)
    found: dict[str, dict[str, int]] = {}
    for event, name, number in connection.execute(sql).fetchall():
        found.setdefault(event, {})[name] = number
    return found


def totals(found: Names) -> Counter[str]:
    """How often each property comes in all."""
    in_all: Counter[str] = Counter()
    for properties in found.values():
        in_all.update(properties)
    return in_all


def counts(connection: Connection, rows: Rows, found: Names, wanted: Iterable[str]) -> Counts:
    """How often each property comes; kinds of the `wanted` ones alone."""
    asked = set(wanted)
    result: Counts = {}
    for event, properties in found.items():
        for name, number in properties.items():
            if name not in asked:
                _note(result, name, event, number, rows)
    asking = {event: asked.intersection(properties) for event, properties in found.items()}
    for events, together in _batches(asking):
        listed = sorted(together)
        sql = _KINDS_SQL.format(
            event=rows.event,
            table=rows.table,
            condition=rows.condition,
            pointers=", ".join(literal(pointer(name)) for name in listed),
            events=", ".join(map(literal, events)),
        )
        for event, place, kind, number in connection.execute(sql).fetchall():
            count = _note(result, listed[place - 1], event, number, rows)
            count.kinds[KINDS[kind]] += number
    return result


def _note(result: Counts, name: str, event: str, number: int, rows: Rows) -> Count:
    count = result.setdefault(name, Count())
    count.rows += number
    if rows.type == "events":
        count.events[event] += number
    return count


def _batches(asking: Mapping[str, set[str]]) -> Iterator[tuple[list[str], set[str]]]:
    """Events put together as long as they have few properties in all."""
    events: list[str] = []
    together: set[str] = set()
    for event in sorted(asking):
        if events and len(together | asking[event]) > _AT_ONCE:
            yield events, together
            events, together = [], set()
        events.append(event)
        together = together | asking[event]
    if together:
        yield events, together
