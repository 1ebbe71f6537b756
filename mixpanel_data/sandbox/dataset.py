"""The project's rows in a DuckDB of their own, asked and written by many threads at once."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mixpanel_data._internal.sql import literal
from mixpanel_data._internal.storage import StorageEngine, translated
from mixpanel_data.sandbox import shop, tables

if TYPE_CHECKING:
    import duckdb

FIRST_GROUP = int(shop.COMPANY_GROUP)
_IN_MEMORY = 150_000
"""Past so many events the data goes to a temporary file."""


class Dataset:
    """The tables of `tables`, filled with the shop when first asked.

    DuckDB refuses two calls on one connection, so the root runs nothing once the tables are
    there, and each request gets a cursor of its own. A shop that nobody writes to stays in
    memory; the first write moves it to a temporary file, so that memory stays flat after it.
    """

    def __init__(self, *, events: int, profiles: int, seed: int, now: datetime) -> None:
        self._size = (events, profiles, seed)
        self._now_ms = int(now.timestamp() * 1000)
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._engine: StorageEngine | None = None
        self._folder: Path | None = None
        self._groups = {"company": shop.COMPANY_GROUP} if events or profiles else {}

    def _root(self) -> duckdb.DuckDBPyConnection:
        if self._engine is None:
            engine = StorageEngine()
            if self._size[0] > _IN_MEMORY:
                self._attach(engine.connection)
            for statement in (*self._filling(), *tables.VIEWS):
                engine.connection.execute(statement)
            self._engine = engine
        return self._engine.connection

    def _filling(self) -> tuple[str, ...]:
        events, profiles, seed = self._size
        if events == profiles == 0:
            return tables.EMPTY
        return (
            shop.users(profiles, seed),
            shop.sessions(events, seed),
            shop.events(self._now_ms),
            shop.profiles(),
            "DROP TABLE users",
            "DROP TABLE sessions",
        )

    def _attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="mixpanel-data-"))
        connection.execute(f"ATTACH {literal(str(self._folder / 'sandbox.duckdb'))} AS disk")
        connection.execute("USE disk")

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for one request and one thread."""
        with self._lock:
            cursor = self._root().cursor()
            on_disk = self._folder is not None
        try:
            if on_disk:
                cursor.execute("USE disk")
            yield cursor
        finally:
            cursor.close()

    @contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A transaction, one at a time: all of the block is stored, or nothing."""
        with self._writing:
            with self._lock:
                root = self._root()
                if self._folder is None:
                    self._attach(root)
                    # What is in memory stays there for those who are reading it.
                    root.execute("COPY FROM DATABASE memory TO disk")
            with self.cursor() as cursor:
                cursor.execute("BEGIN")
                try:
                    yield cursor
                    cursor.execute("COMMIT")
                except BaseException:
                    cursor.execute("ROLLBACK")
                    raise

    def rows(
        self, sql: str, values: list[Any] | dict[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """All rows of a small answer."""
        with self.cursor() as cursor, translated():
            return cursor.execute(sql, values).fetchall()

    def stream(
        self, sql: str, values: list[Any], closing: ExitStack, size: int = 4096
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Batches of rows as DuckDB finds them; the cursor lives until `closing` is closed."""
        cursor = closing.enter_context(self.cursor())
        cursor.execute(sql, values)
        while batch := cursor.fetchmany(size):
            yield batch

    def group_keys(self) -> dict[str, str]:
        """The data_group_id of each group key that was seen."""
        with self._lock:
            return dict(self._groups)

    def group_id(self, key: str) -> str:
        """The data_group_id of a group key, which may be new."""
        with self._lock:
            return self._groups.setdefault(key, str(FIRST_GROUP + len(self._groups)))

    def close(self) -> None:
        """Forget the data."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
                self._engine = None
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None
