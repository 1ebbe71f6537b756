"""DataFrames as tables of a connection, for the length of a statement.

At home DuckDB reads the frame where it is. To another process it is sent, as rows of a temporary
table; what stands under the frame's name is a view in both cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import duckdb

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage.sharing import rows
from mixpanel_data._internal.storage.sharing.rows import EXACT, scratch
from mixpanel_data._internal.storage.tokens import tokens
from mixpanel_data.exceptions import InvalidArgumentError, SessionLostError

Frames = Mapping[str, Any]

_CHUNK = 100_000

TABLES = """
SELECT table_name FROM duckdb_tables()
WHERE temporary OR (database_name = current_database() AND schema_name = current_schema())
UNION ALL
SELECT view_name FROM duckdb_views()
WHERE CASE WHEN temporary THEN NOT regexp_matches(sql, ' AS SELECT \\* FROM (pandas_scan\\(|main\\."?_frame_)')
    ELSE database_name = current_database() AND schema_name = current_schema() END
"""
"""Names that frames can't have. A frame that a ROLLBACK has brought back is put there anew."""


class Place(Protocol):
    """Where frames are shown: each can be put there, and taken away again."""

    def put(self, name: str, frame: Any) -> None:
        """Show it."""

    def take(self, name: str) -> None:
        """Take it away; there may be nothing."""


def mentioned(sql: str, frames: Frames) -> dict[str, Any]:
    """Those that the text names, under the names that it uses; SQL does not tell `a` from `A`."""
    if not frames:
        return {}
    by_name = {name.lower(): name for name in frames}
    found = {}
    for token in tokens(sql):
        word = token.text.decode()
        name = word[1:-1].replace('""', '"') if word.startswith('"') else word
        key = by_name.get(name.lower())
        if key is not None and name.lower() not in found:
            found[name.lower()] = frames[name if name in frames else key]
    return found


class Here:
    """DuckDB's own connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def put(self, name: str, frame: Any) -> None:
        """DuckDB reads it where it is."""
        try:
            self._connection.register(name, frame)
        except duckdb.InvalidInputException as error:
            raise _refused(name, error) from error

    def take(self, name: str) -> None:
        """Forget it."""
        self._connection.unregister(name)


class There:
    """A connection to the database of another process.

    `execute` runs a statement on it, `send` adds the rows of an Arrow stream to a table.
    """

    def __init__(
        self, execute: Callable[[str], object], send: Callable[[str, bytes], object]
    ) -> None:
        self._execute = execute
        self._send = send

    def put(self, name: str, frame: Any) -> None:
        """Send all of its rows."""
        home = scratch()
        try:
            Here(home).put(name, frame)
            source = home.view(name)
            columns = zip(source.columns, source.types, strict=True)
            listed = ", ".join(f"{quote(column)} {kind}" for column, kind in columns)
            table = f"temp.main.{quote('_frame_' + name)}"
            self._execute(f"CREATE OR REPLACE TEMP TABLE {table} ({listed})")
            home.execute(EXACT)
            for start in range(0, len(frame), _CHUNK):
                self._send(table, rows.frame(source.limit(_CHUNK, start)))
            self._execute(f"CREATE OR REPLACE TEMP VIEW {quote(name)} AS FROM {table}")
        finally:
            home.close()

    def take(self, name: str) -> None:
        """Drop its rows."""
        self._execute(f"DROP VIEW IF EXISTS temp.main.{quote(name)}")
        self._execute(f"DROP TABLE IF EXISTS temp.main.{quote('_frame_' + name)}")


def take_all(place: Place, names: Sequence[str]) -> None:
    """Take them away, unless they went with a transaction or a session."""
    for name in names:
        while True:
            try:
                place.take(name)
            except duckdb.InterruptException:
                continue
            except (duckdb.TransactionException, SessionLostError):
                pass
            break


def _refused(name: str, error: duckdb.Error) -> InvalidArgumentError:
    first, *_ = str(error).removeprefix("Invalid Input Error: ").splitlines()
    return InvalidArgumentError(f"{name} can't be used as a table: {first}")
