"""From what a property is in all rows to the name and type of its column."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mixpanel_data._internal.sql import literal, pointer
from mixpanel_data.types import PropertyInfo, TableType

Type = Literal["BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR", "JSON"]

KEYS: Mapping[TableType, Mapping[str, str]] = {
    "events": {
        "event_name": "VARCHAR",
        "event_time": "TIMESTAMP",
        "distinct_id": "VARCHAR",
        "insert_id": "VARCHAR",
    },
    "profiles": {"distinct_id": "VARCHAR", "last_seen": "TIMESTAMP"},
}
"""The columns that every flat table begins with, and their types."""

GIVEN: Mapping[TableType, Mapping[str, str]] = {
    "events": {"distinct_id": "distinct_id", "$insert_id": "insert_id"},
    "profiles": {},
}
"""Properties that are a key column already, text as `->>` gives it."""

_TYPES: Sequence[tuple[set[str], Type]] = (
    (set(), "VARCHAR"),
    ({"integer"}, "BIGINT"),
    ({"integer", "number"}, "DOUBLE"),
    ({"boolean"}, "BOOLEAN"),
    ({"string"}, "VARCHAR"),
    ({"array", "object"}, "JSON"),
)


@dataclass(frozen=True)
class Column:
    """A property with a column of its own; `mixed` values are text of several kinds."""

    property: str
    name: str
    type: Type
    mixed: bool = False


def type_of(kinds: Iterable[str]) -> Type:
    """The type that holds values of all these kinds; text where no other does.

    >>> type_of(["integer", "null"]), type_of(["integer", "number"]), type_of(["integer", "string"])
    ('BIGINT', 'DOUBLE', 'VARCHAR')
    """
    real = set(kinds) - {"null"}
    return next((type_ for fitting, type_ in _TYPES if real <= fitting), "VARCHAR")


def has_column(name: str) -> bool:
    """DuckDB reads every property into a column but the one with the empty name."""
    return name != ""


def chosen(
    rows: Mapping[str, int],
    known: Sequence[PropertyInfo],
    *,
    kind: TableType,
    limit: int,
) -> dict[str, str]:
    """Properties that get a column, and its name: those that have one, then the most used.

    A name that another column has (names ignore case) is followed by _2, _3, …
    """
    given = GIVEN[kind]
    places = {
        info.property: info.column
        for info in known
        if info.column and info.property in rows and info.property not in given
    }
    taken = {name.lower() for name in [*KEYS[kind], *places.values()]}
    for name in sorted(rows, key=lambda name: (-rows[name], name)):
        if name not in places and name not in given and has_column(name):
            column, number = name, 1
            while column.lower() in taken:
                number += 1
                column = f"{name}_{number}"
            taken.add(column.lower())
            places[name] = column
    return dict(list(places.items())[:limit])


def column(name: str, place: str, kinds: Collection[str], unfit: Collection[str]) -> Column:
    """The column of a property; `unfit` ones have numbers that no number type holds exactly."""
    type_ = "VARCHAR" if name in unfit else type_of(kinds)
    mixed = type_ == "VARCHAR" and not set(kinds) <= {"string", "null"}
    return Column(name, place, type_, mixed)


def layers(columns: Sequence[Column]) -> list[list[Column]]:
    """Columns that one json_transform reads together: it refuses names that differ by case only."""
    found: list[dict[str, Column]] = []
    for wanted in columns:
        key = wanted.property.lower()
        layer = next((layer for layer in found if key not in layer), None)
        if layer is None:
            found.append(layer := {})
        layer[key] = wanted
    return [list(layer.values()) for layer in found]


def transform(layer: Sequence[Column]) -> str:
    """SQL that reads the properties of a layer into a STRUCT, in one pass over the JSON."""
    # DOUBLE comes as text first: json_transform would round integers without a word.
    structure = {c.property: "VARCHAR" if c.type == "DOUBLE" else c.type for c in layer}
    return f"json_transform(properties, {literal(json.dumps(structure))})"


def value(column: Column, struct: str, place: int) -> str:
    """SQL of a column's value: the field at `place` of its layer's STRUCT."""
    if column.mixed:
        return f"properties ->> {literal(pointer(column.property))}"
    text = f"struct_extract_at({struct}, {place})"
    return double(text) if column.type == "DOUBLE" else text


def double(text: str) -> str:
    """SQL of the number that a text is, NULL where a DOUBLE would not hold it exactly."""
    # A whole number of up to 15 digits is a DOUBLE exactly; a longer one would lose some.
    return (
        f"CASE WHEN length({text}) < 16 OR contains({text}, '.') OR contains({text}, 'e') "
        f"THEN TRY_CAST({text} AS DOUBLE) END"
    )
