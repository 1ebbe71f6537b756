"""The shop's rows in a DuckDB of their own, asked by many threads at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.sandbox import shop

if TYPE_CHECKING:
    import duckdb

_IN_MEMORY = 150_000
"""Past so many events the data goes to a temporary file."""


class Dataset:
    """Tables `events` (event, time_ms, distinct_id, rest) and `profiles`, made when first asked.

    DuckDB refuses two calls on one connection, so the root runs nothing once the tables are
    there, and each request gets a cursor of its own.
    """

    def __init__(self, *, events: int, profiles: int, seed: int, now: datetime) -> None:
        self._size = (events, profiles, seed)
        self._now_ms = int(now.timestamp() * 1000)
        self._lock = threading.Lock()
        self._engine: StorageEngine | None = None

    def _root(self) -> duckdb.DuckDBPyConnection:
        if self._engine is None:
            events, profiles, seed = self._size
            engine = StorageEngine() if events <= _IN_MEMORY else StorageEngine.ephemeral()
            for statement in (
                shop.users(profiles, seed),
                shop.sessions(events, seed),
                shop.events(self._now_ms),
                shop.profiles(),
                "DROP TABLE users",
                "DROP TABLE sessions",
            ):
                engine.connection.execute(statement)
            self._engine = engine
        return self._engine.connection

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for one request and one thread."""
        with self._lock:
            cursor = self._root().cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def rows(
        self, sql: str, values: list[Any] | dict[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """All rows of a small answer."""
        with self.cursor() as cursor:
            return cursor.execute(sql, values).fetchall()

    def stream(
        self, sql: str, values: list[Any], closing: ExitStack, size: int = 4096
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Batches of rows as DuckDB finds them; the cursor lives until `closing` is closed."""
        cursor = closing.enter_context(self.cursor())
        cursor.execute(sql, values)
        while batch := cursor.fetchmany(size):
            yield batch

    def close(self) -> None:
        """Forget the data."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
                self._engine.cleanup()
                self._engine = None
