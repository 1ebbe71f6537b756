"""What is known of flat tables: `_flat`, one row a table, and `_properties`, one row a property."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage import metadata
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data.types import PropertyInfo, TableType

FLAT = "_flat"
SUFFIX = "_flat"
"""What the name of a flat table has after that of its table."""

OURS = {FLAT, "_properties", metadata.NAME}
_INFO = "property, column_name, type, row_count, kinds, events, spelling"
"""The columns of `_properties`, in the order of PropertyInfo's fields."""

_CREATE = """
    CREATE TABLE IF NOT EXISTS main._flat (
        table_name VARCHAR NOT NULL,
        flat_name VARCHAR NOT NULL,
        in_step BOOLEAN NOT NULL
    );
    CREATE TABLE IF NOT EXISTS main._properties (
        table_name VARCHAR NOT NULL,
        property VARCHAR NOT NULL,
        column_name VARCHAR,
        type VARCHAR,
        row_count BIGINT NOT NULL,
        kinds MAP(VARCHAR, BIGINT) NOT NULL,
        events MAP(VARCHAR, BIGINT) NOT NULL,
        spelling VARCHAR,
        position INTEGER NOT NULL
    )
"""

_INSERT = """
    INSERT INTO main._properties
    SELECT $table, p.property, p.column, p.type, p.rows, p.kinds, p.events, p.spelling, p.position
    FROM (
        SELECT unnest(from_json($properties::JSON, '[{
            "property": "VARCHAR",
            "column": "VARCHAR",
            "type": "VARCHAR",
            "rows": "BIGINT",
            "kinds": "MAP(VARCHAR, BIGINT)",
            "events": "MAP(VARCHAR, BIGINT)",
            "spelling": "VARCHAR",
            "position": "INTEGER"
        }]')) AS p
    )
"""


def flat_name(table: str) -> str:
    """What the flat table beside a table is called."""
    return f"{table}{SUFFIX}"


def write(
    connection: Connection,
    table: str,
    properties: Sequence[PropertyInfo],
) -> None:
    """Record the flat table of a table as it is now, in the caller's transaction."""
    connection.execute(_CREATE)
    delete(connection, table)
    connection.execute("INSERT INTO main._flat VALUES (?, ?, true)", [table, flat_name(table)])
    listed = [{**info.to_dict(), "position": position} for position, info in enumerate(properties)]
    connection.execute(_INSERT, {"table": table, "properties": json.dumps(listed)})


def delete(connection: Connection, table: str) -> None:
    """Forget the flat table of a table; names ignore case, as DuckDB's do."""
    # DuckDB lets a row be deleted that another transaction is about to change, but not updated:
    # nobody puts in step what is being changed.
    connection.execute(
        "UPDATE main._flat SET in_step = false WHERE lower(table_name) = lower(?)", [table]
    )
    for name in ("_flat", "_properties"):
        connection.execute(f"DELETE FROM main.{name} WHERE lower(table_name) = lower(?)", [table])


def exists(connection: Connection) -> bool:
    """Whether there ever was a flat table here."""
    return metadata.exists(connection, FLAT)


def out_of_step(connection: Connection, database: str, names: Collection[str] | None) -> None:
    """Note that tables or flat tables of these lower-case names may change; None is all of them."""
    flat = f"{quote(database)}.main._flat"
    which = (
        "$names IS NULL OR list_contains($names, lower(table_name))"
        " OR list_contains($names, lower(flat_name))"
    )
    values = {"names": None if names is None else list(names)}
    if connection.execute(f"SELECT 1 FROM {flat} WHERE {which}", values).fetchone():
        # What is out of step already is written as well, so that nobody puts it in step
        # before the transaction ends.
        connection.execute(f"UPDATE {flat} SET in_step = false WHERE {which}", values)


def flat_tables(connection: Connection) -> dict[str, tuple[str, bool]]:
    """Lower-case table name → its flat table that is there, and whether that is in step.

    The table itself may be gone, dropped by SQL.
    """
    if not exists(connection):
        return {}
    rows = connection.execute("""
        SELECT lower(f.table_name), f.flat_name, f.in_step
        FROM main._flat AS f
        JOIN duckdb_tables() AS t ON lower(t.table_name) = lower(f.flat_name)
        WHERE t.database_name = current_database() AND t.schema_name = 'main'
    """).fetchall()
    return {table: (flat, in_step) for table, flat, in_step in rows}


def flattened_tables(connection: Connection) -> dict[str, str]:
    """Lower-case flat table that is there → the lower-case name of its table."""
    return {flat.lower(): table for table, (flat, _) in flat_tables(connection).items()}


def in_step(connection: Connection) -> list[tuple[str, str, TableType]]:
    """Tables, their flat tables and what they hold, where these are in step and `_flat` exists."""
    return connection.execute("""
        SELECT f.table_name, f.flat_name, m.type
        FROM main._flat AS f
        JOIN main._metadata AS m ON lower(m.table_name) = lower(f.table_name)
        WHERE f.in_step
    """).fetchall()


def look_up(
    connection: Connection, table: str, properties: Iterable[str]
) -> dict[str, PropertyInfo]:
    """Some properties of a table by name; one that is not there is in no row."""
    rows = connection.execute(
        f"SELECT {_INFO} FROM main._properties WHERE table_name = ? AND list_contains(?, property)",
        [table, list(properties)],
    ).fetchall()
    return {row[0]: PropertyInfo(*row) for row in rows}


def read(connection: Connection, table: str) -> list[PropertyInfo]:
    """All properties of a table: those with a column in its order, then the others by use."""
    if not exists(connection):
        return []
    rows = connection.execute(
        f"SELECT {_INFO} FROM main._properties "
        "WHERE lower(table_name) = lower(?) ORDER BY position",
        [table],
    ).fetchall()
    return [PropertyInfo(*row) for row in rows]
