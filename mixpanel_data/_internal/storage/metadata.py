"""The `_metadata` table: where each fetched table came from, and whether SQL changed it since."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data.types import TableMetadata

NAME = "_metadata"

_CREATE = """
    CREATE TABLE IF NOT EXISTS main._metadata (
        table_name VARCHAR NOT NULL,
        type VARCHAR NOT NULL,
        fetched_at TIMESTAMP NOT NULL,
        from_date DATE,
        to_date DATE,
        row_count INTEGER NOT NULL,
        filter_events VARCHAR[],
        filter_where VARCHAR,
        source VARCHAR NOT NULL,
        job VARCHAR,
        filter_limit INTEGER,
        changed_at TIMESTAMP,
        left_out JSON
    )
"""

_LATER_COLUMNS = {"filter_limit": "INTEGER", "changed_at": "TIMESTAMP", "left_out": "JSON"}
"""A file of an earlier version lacks them, until something is written that needs them."""


class Mark(NamedTuple):
    """A note that a statement changed tables of a database, to be withdrawn where it failed."""

    database: str
    tables: tuple[str, ...]
    at: datetime


def exists(connection: Connection, table: str = NAME) -> bool:
    """Whether this database has a table of ours: `_metadata`, once anything was fetched into it."""
    row = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() "
        "AND schema_name = 'main' AND table_name = ?",
        [table],
    ).fetchone()
    return row is not None


def write(connection: Connection, table: str, metadata: TableMetadata, rows: int) -> None:
    """Record a table, in the caller's transaction; an orphan of the same name goes."""
    connection.execute(_CREATE)
    _add_columns(connection, "main._metadata")
    # DuckDB lets a row be deleted that another transaction is about to mark as changed, but not
    # updated: so one of the two fails, and no mark is lost.
    connection.execute(
        "UPDATE main._metadata SET changed_at = NULL WHERE lower(table_name) = lower(?)", [table]
    )
    delete(connection, table)
    connection.execute(
        """
        INSERT INTO main._metadata (
            table_name, type, fetched_at, from_date, to_date, row_count, filter_events,
            filter_where, source, job, filter_limit, changed_at,
            left_out
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            table,
            metadata.type,
            metadata.fetched_at,
            metadata.from_date,
            metadata.to_date,
            rows,
            metadata.filter_events,
            metadata.filter_where,
            metadata.source,
            metadata.job,
            metadata.filter_limit,
            metadata.changed_at,
            json.dumps(metadata.left_out) if metadata.left_out else None,
        ],
    )


def delete(connection: Connection, table: str) -> None:
    """Forget a table; names ignore case, as DuckDB's do."""
    connection.execute("DELETE FROM main._metadata WHERE lower(table_name) = lower(?)", [table])


def mark_changed(
    connection: Connection, database: str, names: Collection[str] | None, at: datetime
) -> Mark:
    """Note that tables of these lower-case names may change at `at` (UTC); None is all of them."""
    table = f"{quote(database)}.main._metadata"
    which = "($names IS NULL OR list_contains($names, lower(table_name)))"
    values: dict[str, Any] = {"names": None if names is None else list(names)}
    there = f"SELECT table_name FROM {table} WHERE {which}"
    if not connection.execute(there, values).fetchone():
        return Mark(database, (), at)
    _add_columns(connection, table)
    unchanged = connection.execute(f"{there} AND changed_at IS NULL", values).fetchall()
    connection.execute(f"UPDATE {table} SET changed_at = $at WHERE {which}", {**values, "at": at})
    return Mark(database, tuple(name for (name,) in unchanged), at)


def withdraw(connection: Connection, mark: Mark) -> None:
    """Take back a mark, unless another statement has marked the same table since."""
    connection.execute(
        f"UPDATE {quote(mark.database)}.main._metadata SET changed_at = NULL"
        " WHERE changed_at = $at AND list_contains($tables, table_name)",
        {"at": mark.at, "tables": list(mark.tables)},
    )


def read(connection: Connection) -> dict[str, TableMetadata]:
    """All records by lower-case table name."""
    if not exists(connection):
        return {}
    columns = _columns(connection)
    found = connection.execute("FROM main._metadata").fetchall()
    rows = [dict(zip(columns, row, strict=True)) for row in found]
    return {row["table_name"].lower(): _facts(row) for row in rows}


def _columns(connection: Connection, table: str = "main._metadata") -> list[str]:
    return [name for name, *_ in connection.execute(f"DESCRIBE {table}").fetchall()]


def _add_columns(connection: Connection, table: str) -> None:
    known = _columns(connection, table)
    for name, kind in _LATER_COLUMNS.items():
        if name not in known:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")


def _facts(row: dict[str, Any]) -> TableMetadata:
    days = {name: row[name] and str(row[name]) for name in ("from_date", "to_date")}
    return TableMetadata(
        type=row["type"],
        fetched_at=row["fetched_at"],
        **days,
        filter_events=row["filter_events"],
        filter_where=row["filter_where"],
        source=row["source"],
        job=row["job"],
        filter_limit=row.get("filter_limit"),
        row_count=row["row_count"],
        changed_at=row.get("changed_at"),
        left_out=json.loads(row.get("left_out") or "{}"),
    )
