"""Rows of a statement, materialized in a database of their own to be read many times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import duckdb

from mixpanel_data._internal.storage.sharing import protocol, rows

RESULT = "result"
"""The table that they are in."""


def materialize(stream: Any, max_rows: int | None) -> duckdb.DuckDBPyConnection:
    """Read rows to their end, or one more than `max_rows` of them, which tells that there are more."""
    home = rows.scratch()
    try:
        relation = home.from_arrow(rows.Stream(stream))
        (relation if max_rows is None else relation.limit(max_rows + 1)).create(RESULT)
    except duckdb.Error as error:
        home.close()
        raise protocol.in_stream(str(error)) from error
    return home


def exact_types(connection: duckdb.DuckDBPyConnection) -> AbstractContextManager[None]:
    """Rows that leave the connection within the block keep all their types."""
    return _set(connection, rows.EXACT, rows.INEXACT)


def progress_enabled(connection: duckdb.DuckDBPyConnection) -> AbstractContextManager[None]:
    """DuckDB knows within the block how far it is, and draws no bar of its own."""
    return _set(
        connection,
        "SET enable_progress_bar_print = false; SET enable_progress_bar = true",
        "SET enable_progress_bar = false; RESET enable_progress_bar_print",
    )


@contextmanager
def _set(connection: duckdb.DuckDBPyConnection, before: str, after: str) -> Iterator[None]:
    connection.execute(before)
    try:
        yield
    finally:
        with suppress(duckdb.TransactionException):  # one that failed takes no statement at all
            connection.execute(after)
