"""The `_metadata` table: where each fetched table came from."""

from __future__ import annotations

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
        job VARCHAR
    )
"""
_COLUMNS = "type, fetched_at, from_date, to_date, filter_events, filter_where, source, job"


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
    delete(connection, table)
    connection.execute(
        "INSERT INTO main._metadata VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        ],
    )


def delete(connection: Connection, table: str) -> None:
    """Forget a table; names ignore case, as DuckDB's do."""
    connection.execute("DELETE FROM main._metadata WHERE lower(table_name) = lower(?)", [table])


def read(connection: Connection) -> dict[str, TableMetadata]:
    """All records by lower-case table name."""
    if not exists(connection):
        return {}
    rows = connection.execute(f"SELECT table_name, {_COLUMNS} FROM main._metadata").fetchall()
    return {
        name.lower(): TableMetadata(
            type=kind,
            fetched_at=fetched_at,
            from_date=None if first is None else str(first),
            to_date=None if last is None else str(last),
            filter_events=events,
            filter_where=where,
            source=source,
            job=job,
        )
        for name, kind, fetched_at, first, last, events, where, source, job in rows
    }
