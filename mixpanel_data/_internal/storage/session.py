"""One DuckDB connection and the one thread that talks to it.

DuckDB 2.0 refuses a second call on a busy connection, and Ctrl-C does not reach a running
`execute()`. So each connection has a worker thread: callers queue up for it, and an interrupted
caller interrupts the statement it waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from mixpanel_data._internal.storage.errors import opening_failed, statement_failed

Params = Sequence[Any] | Mapping[str, Any] | None
T = TypeVar("T")

# Files stay readable for people's other tools on DuckDB 1.4 and 1.5.
_CONFIG: dict[str, Any] = {"storage_compatibility_version": "v1.4.0"}


class Session:
    """A connection that any thread may use, one statement at a time."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="duckdb")

    @classmethod
    def open(cls, path: Path | None) -> Session:
        """Open or create a database file; None lives in memory."""
        try:
            connection = duckdb.connect(":memory:" if path is None else str(path), config=_CONFIG)
            # event_time is UTC without a zone: comparing it with now() must not shift it.
            connection.execute("SET GLOBAL TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            # A slow reader of results would let asynchronous writes pile up, 16 MB each.
            connection.execute("SET GLOBAL async_threads = 0")
            # By default a bulk load holds back a gigabyte before it writes any of it.
            connection.execute("SET GLOBAL write_buffer_row_group_memory_limit = '64MB'")
            # The windows of a fetch end in half-filled row groups, and a checkpoint would merge
            # them: a third of the load's CPU time again, and as much space left empty in the file.
            connection.execute("SET GLOBAL max_vacuum_tasks = 0")
        except (duckdb.Error, OSError) as error:
            if path is None:
                raise statement_failed(error) from error  # type: ignore[arg-type]
            raise opening_failed(path, error) from error
        return cls(connection)

    def sibling(self) -> Session:
        """A second connection to the same database, with its own transaction and thread."""
        return Session(self.run(lambda connection: connection.cursor()))

    def run(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Do `work` on the connection's thread; Ctrl-C interrupts the statement and is raised."""
        return self.result(self.start(work))

    def start(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> Future[T]:
        """Queue `work` for the connection's thread."""
        return self._worker.submit(work, self.connection)

    def result(self, future: Future[T]) -> T:
        """Wait for started work; its DuckDB errors come as ours."""
        try:
            return future.result()
        except duckdb.Error as error:
            raise statement_failed(error) from error
        except KeyboardInterrupt:
            self.stop(future)
            raise

    def stop(self, future: Future[T]) -> None:
        """Interrupt started work and wait until the connection is idle again."""
        # One interrupt would be lost between two statements of the same work.
        while not future.cancel() and not future.done():
            self.connection.interrupt()
            wait([future], timeout=0.05)

    def close(self) -> None:
        """Finish what runs and close the connection; closing twice is fine."""
        self._worker.shutdown()
        self.connection.close()
