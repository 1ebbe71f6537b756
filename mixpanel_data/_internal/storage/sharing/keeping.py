"""The rows of a statement in a database of their own, to be read as often as one likes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import duckdb

from mixpanel_data._internal.storage.sharing import protocol, rows

RESULT = "result"
"""The table that they are in."""


def keep(stream: Any, most: int | None) -> duckdb.DuckDBPyConnection:
    """Read rows to their end, or one more than `most` of them, which tells that there are more."""
    home = rows.scratch()
    try:
        relation = home.from_arrow(rows.Stream(stream))
        (relation if most is None else relation.limit(most + 1)).create(RESULT)
    except duckdb.Error as error:
        home.close()
        raise protocol.in_stream(str(error)) from error
    return home


@contextmanager
def exact(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Rows that leave the connection within the block keep all their types."""
    connection.execute(rows.EXACT)
    try:
        yield
    finally:
        with suppress(duckdb.TransactionException):  # one that failed takes no statement at all
            connection.execute(rows.INEXACT)
