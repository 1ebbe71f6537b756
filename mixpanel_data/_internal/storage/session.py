"""One connection and the one thread that talks to it.

DuckDB 2.0 refuses a second call on a busy connection, and Ctrl-C does not reach a running
`execute()`. So each connection has a worker thread: callers queue up for it, and an interrupted
caller interrupts the statement it waits for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from mixpanel_data._internal.storage.errors import statement_failed
from mixpanel_data._internal.storage.opening import connect
from mixpanel_data._internal.storage.sharing import (
    Connection,
    Database,
    DatabaseAccess,
    Limits,
    Params,
    Private,
    retry_on_conflict,
)
from mixpanel_data.exceptions import QueryInterruptedError, StorageError

__all__ = ["Connection", "Limits", "Params", "Session"]

T = TypeVar("T")
Progress = Callable[[float | None], None]

_PROGRESS_SECONDS = 0.2

# Files stay readable for people's other tools on DuckDB 1.4 and 1.5.
_CONFIG = {"storage_compatibility_version": "v1.4.0"}

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

    def __init__(self, source: DatabaseAccess, limits: Limits = Limits()) -> None:  # noqa: B008 - frozen
        self.connection = Connection(source)
        self.limits = limits
        """Those of all work on it."""
        self.source = source
        self._is_closed = False
        self._started: set[Future[Any]] = set()
        self._aside: set[Session] = set()
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="duckdb")

    def sibling(self) -> Session:
        """A second connection to the same database, with its own transaction and thread."""
        self._check_open()
        return Session(self.source, self.limits)

    @contextmanager
    def aside(self) -> Iterator[Session]:
        """A sibling for the block; what interrupts this session interrupts that one, too."""
        session = self.sibling()
        self._aside.add(session)
        try:
            yield session
        finally:
            self._aside.discard(session)
            session.close()

    @contextmanager
    def limited(self, limits: Limits) -> Iterator[None]:
        """Within the block, keep to these limits, too."""
        before = self.limits
        self.limits = before & limits
        try:
            yield
        finally:
            self.limits = before

    def run(self, work: Callable[[Connection], T], progress: Progress | None = None) -> T:
        """Do `work` on the connection's thread; Ctrl-C interrupts the statement and is raised.

        Meanwhile `progress` is told how much is done (0 to 1), or None where that is not known.
        """
        return self.result(self.start(work), progress)

    def run_whole(self, work: Callable[[Connection], T]) -> T:
        """Do `work` that only reads, or is one transaction: again, where a lost one is undone."""
        return retry_on_conflict(lambda: self.run(work))

    def start(self, work: Callable[[Connection], T]) -> Future[T]:
        """Queue `work` for the connection's thread."""
        self._check_open()
        if self._process != os.getpid():
            self._begin()  # threads do not go with a fork
        future = self._worker.submit(self._work, work)
        self._started.add(future)
        future.add_done_callback(self._started.discard)
        return future

    def _work(self, work: Callable[[Connection], T]) -> T:
        self.connection.begin()
        with self.connection.limited(self.limits):
            return work(self.connection)

    def result(self, future: Future[T], progress: Progress | None = None) -> T:
        """Wait for started work; its DuckDB errors come as ours."""
        try:
            while progress is not None and not wait([future], _PROGRESS_SECONDS).done:
                progress(self.connection.progress)
            return future.result()
        except duckdb.Error as error:
            raise statement_failed(error) from error
        except CancelledError:
            raise QueryInterruptedError from None
        except BaseException:
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

    def interrupt(self) -> None:
        """Stop what was started here and aside; who waits for it gets QueryInterruptedError."""
        started = tuple(self._started)
        for future in started:
            future.cancel()  # what has not begun need not
        for future in started:
            self.stop(future)
        for session in tuple(self._aside):
            session.interrupt()

    def _check_open(self) -> None:
        if self._is_closed:
            raise StorageError(
                "this workspace is closed",
                hint="make a new Workspace; in a notebook: %mp_use ACCOUNT",
            )

    def close(self) -> None:
        """Finish what runs and close the connection; closing twice is fine."""
        self._is_closed = True
        if self._process == os.getpid():
            self._worker.shutdown()
        self.connection.close()


def source(path: Path | None, *, private: bool = False) -> DatabaseAccess:
    """A database file, shared with other processes unless it is `private`; None is in memory."""
    if path is None or private:
        return Private(open_database(path))
    return Database.attach(path, open_database)


def open_database(path: Path | None, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open or create a database as we use it."""
    connection = connect(path, read_only=read_only, **({} if read_only else _CONFIG))
    for setting in _SETTINGS:
        connection.execute(setting)
    return connection
