"""Rows as DuckDB has them, with and without typed columns, to ask compiled SQL of."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import duckdb

from mixpanel_data._internal.expressions import Context, compiler
from mixpanel_data._internal.sql import literal, pointer, quote
from mixpanel_data.types import PropertyInfo

NAME, TIME, USER = "Purchase", 1_700_000_000, "u-1"
SYSTEM = {"time": TIME, "distinct_id": USER}


def connect():
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(
        "CREATE TABLE events (id INTEGER, event_name VARCHAR, event_time TIMESTAMP,"
        " distinct_id VARCHAR, properties JSON)"
    )
    return connection


def kind(value):
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def column_type(kinds):
    typed = {
        frozenset({"integer"}): "BIGINT",
        frozenset({"number"}): "DOUBLE",
        frozenset({"integer", "number"}): "DOUBLE",
        frozenset({"boolean"}): "BOOLEAN",
        frozenset({"array"}): "JSON",
        frozenset({"object"}): "JSON",
        frozenset({"array", "object"}): "JSON",
    }
    return typed.get(frozenset(kinds) - {"null"}, "VARCHAR")


def described(rows, columns=True):
    """What the catalog says of the rows: `PropertyInfo` by name."""
    known = {}
    for number, name in enumerate(sorted({name for row in rows for name in row})):
        values = [row[name] for row in rows if name in row]
        kinds = Counter(map(kind, values))
        column = f"c{number}" if columns else None
        known[name] = PropertyInfo(
            property=name,
            column=column,
            type=column_type(kinds) if columns else None,
            rows=len(values),
            kinds=dict(kinds),
            events={},
        )
    return known


def table(connection, rows):
    """Fill `events` and make `flat`, as fetching does; the columns of both."""
    connection.execute("DELETE FROM events")
    at = datetime.fromtimestamp(TIME, UTC).replace(tzinfo=None)
    texts = [json.dumps({**row, **SYSTEM}) for row in rows]
    connection.executemany(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
        [(number, NAME, at, USER, text) for number, text in enumerate(texts)],
    )
    known = described(rows)
    typed = "".join(
        f", CAST(properties ->> {literal(pointer(name))} AS {info.type}) AS {quote(info.column)}"
        for name, info in known.items()
    )
    connection.execute(f"CREATE OR REPLACE TABLE flat AS SELECT id{typed} FROM events ORDER BY id")
    return known


def asked(connection, select, condition="true"):
    """One value per row."""
    chosen = f"(FROM events WHERE {condition}) AS e"
    statement = f"SELECT {select} FROM {chosen} JOIN flat AS f USING (id) ORDER BY id"
    return [row[0] for row in connection.execute(statement).fetchall()]


def layouts(known):
    """The ways in which a row can offer its properties."""
    # Odd columns are beyond the limit of the flat table: of some even the kinds are not known.
    some = {
        name: info
        if place % 2
        else replace(info, column=None, kinds=info.kinds if place % 4 else {})
        for place, (name, info) in enumerate(known.items())
    }
    for fields in (
        compiler.Fields(json="e.properties"),
        compiler.Fields(json="e.properties", flat="f", known=known),
        compiler.Fields(json="e.properties", flat="f", known=some),
    ):
        yield compiler.Columns(
            properties=fields,
            user=fields,
            event_name="e.event_name",
            event_time="e.event_time",
            distinct_id="e.distinct_id",
            user_id="e.distinct_id",
        )


def context(row):
    """What the evaluator is asked of such a row."""
    user = {**row, "$distinct_id": USER}
    return Context(event=NAME, properties={**row, **SYSTEM}, user=user)
