"""The `_metadata` table: where each fetched table came from."""

from __future__ import annotations

from typing import Any

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
        filter_limit INTEGER
    )
"""

# A file of an earlier version lacks it, until something is fetched into it.
_ADD_LIMIT = "ALTER TABLE main._metadata ADD COLUMN filter_limit INTEGER"


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
    if "filter_limit" not in _columns(connection):
        connection.execute(_ADD_LIMIT)
    delete(connection, table)
    connection.execute(
        "INSERT INTO main._metadata VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        ],
    )


def delete(connection: Connection, table: str) -> None:
    """Forget a table; names ignore case, as DuckDB's do."""
    connection.execute("DELETE FROM main._metadata WHERE lower(table_name) = lower(?)", [table])


def read(connection: Connection) -> dict[str, TableMetadata]:
    """All records by lower-case table name."""
    if not exists(connection):
        return {}
    columns = _columns(connection)
    found = connection.execute("FROM main._metadata").fetchall()
    rows = [dict(zip(columns, row, strict=True)) for row in found]
    return {row["table_name"].lower(): _facts(row) for row in rows}


def _columns(connection: Connection) -> list[str]:
    return [name for name, *_ in connection.execute("DESCRIBE main._metadata").fetchall()]


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
    )
