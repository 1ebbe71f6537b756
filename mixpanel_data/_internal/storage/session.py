"""One connection and the one thread that talks to it.

DuckDB 2.0 refuses a second call on a busy connection, and Ctrl-C does not reach a running
`execute()`. So each connection has a worker thread: callers queue up for it, and an interrupted
caller interrupts the statement it waits for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from mixpanel_data._internal.storage.errors import statement_failed
from mixpanel_data._internal.storage.sharing import (
    Connection,
    Database,
    Params,
    Private,
    Source,
    until_done,
)
from mixpanel_data.exceptions import StorageError

__all__ = ["Connection", "Params", "Session"]

T = TypeVar("T")

# Files stay readable for people's other tools on DuckDB 1.4 and 1.5.
_CONFIG: dict[str, Any] = {"storage_compatibility_version": "v1.4.0"}

_SETTINGS = (
    # event_time is UTC without a zone: comparing it with now() must not shift it.
    "SET GLOBAL TimeZone = 'UTC'",
    "SET enable_progress_bar = false",
    # A slow reader of results would let asynchronous writes pile up, 16 MB each.
    "SET GLOBAL async_threads = 0",
    # By default a bulk load holds back a gigabyte before it writes any of it.
    "SET GLOBAL write_buffer_row_group_memory_limit = '64MB'",
    # The windows of a fetch end in half-filled row groups, and a checkpoint would merge them: a
    # third of the load's CPU time again, and as much space left empty in the file.
    "SET GLOBAL max_vacuum_tasks = 0",
)


class Session:
    """A connection that any thread may use, one statement at a time."""

    def __init__(self, source: Source) -> None:
        self.connection = Connection(source)
        self._source = source
        self._is_closed = False
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="duckdb")

    def sibling(self) -> Session:
        """A second connection to the same database, with its own transaction and thread."""
        return Session(self._source)

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do `work` on the connection's thread; Ctrl-C interrupts the statement and is raised."""
        return self.result(self.start(work))

    def run_whole(self, work: Callable[[Connection], T]) -> T:
        """Do `work` that only reads, or is one transaction: again, where a lost one is undone."""
        return until_done(lambda: self.run(work))

    def start(self, work: Callable[[Connection], T]) -> Future[T]:
        """Queue `work` for the connection's thread."""
        if self._is_closed:
            raise StorageError(
                "this workspace is closed",
                hint="make a new Workspace; in a notebook: %mp_use ACCOUNT",
            )
        if self._process != os.getpid():
            self._begin()  # threads do not go with a fork
        return self._worker.submit(self._work, work)

    def _work(self, work: Callable[[Connection], T]) -> T:
        self.connection.begin()
        return work(self.connection)

    def result(self, future: Future[T]) -> T:
        """Wait for started work; its DuckDB errors come as ours."""
        try:
            return future.result()
        except duckdb.Error as error:
            raise statement_failed(error) from error
        except KeyboardInterrupt:
            self.stop(future)
            raise
        finally:
            del future  # its exception refers to this frame: only the garbage collector parts them

    def stop(self, future: Future[T]) -> None:
        """Interrupt started work and wait until the connection is idle again."""
        # One interrupt would be lost between two statements of the same work.
        while not future.cancel() and not future.done():
            self.connection.interrupt()
            wait([future], timeout=0.05)

    def close(self) -> None:
        """Finish what runs and close the connection; closing twice is fine."""
        self._is_closed = True
        if self._process == os.getpid():
            self._worker.shutdown()
        self.connection.close()


def source(path: Path | None, *, private: bool = False) -> Source:
    """A database file, shared with other processes unless it is `private`; None is in memory."""
    if path is None or private:
        return Private(open_database(path))
    return Database.attach(path, open_database)


def open_database(path: Path | None, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open or create a database as we use it."""
    config = {} if read_only else _CONFIG
    name = ":memory:" if path is None else str(path)
    connection = duckdb.connect(name, read_only=read_only, config=config)
    for setting in _SETTINGS:
        connection.execute(setting)
    return connection
