"""The life of a storage engine: what it opens, lends and closes."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mixpanel_data._internal.storage.errors import file_failed
from mixpanel_data._internal.storage.session import Limits, Session, source
from mixpanel_data.exceptions import DatabaseNotFoundError
from mixpanel_data.types import Process

if TYPE_CHECKING:
    import duckdb


class Opened:
    """A database that is open on a connection of its own, in a file or in memory."""

    read_only_limits = Limits()

    def __init__(
        self,
        path: Path | None = None,
        *,
        private: bool = False,
        _beside: Session | None = None,
        _temporary: Path | None = None,
    ) -> None:
        self._path = None if path is None else Path(path)
        self._temporary = _temporary
        if _beside is not None:
            self._source = _beside.source
            self._source.use()
        else:
            if self._path is not None:
                _make_home(self._path.parent)
            self._source = source(self._path, private=private)
        # The garbage collector works in any thread, and this may wait for some of them.
        self._forgotten = weakref.finalize(self, run_in_thread, self._source.detach)
        self._forgotten.atexit = False
        try:
            self._session = _beside.sibling() if _beside else Session(self._source)
        except BaseException:
            self._release()
            raise

    @classmethod
    def ephemeral(cls) -> Self:
        """A database in a temporary folder, deleted by `cleanup`; it may outgrow the memory."""
        folder = Path(tempfile.mkdtemp(prefix="mixpanel-data-"))
        return cls(folder / "ephemeral.duckdb", private=True, _temporary=folder)

    @classmethod
    def open_existing(cls, path: Path) -> Self:
        """A database that must be there already."""
        if not Path(path).is_file():
            raise DatabaseNotFoundError(Path(path))
        return cls(path)

    def sibling(self) -> Self:
        """The same database on a connection of its own; each is closed for itself."""
        other = type(self)(self._path, _beside=self._session, _temporary=self._temporary)
        other.read_only_limits = self.read_only_limits
        return other

    def limit(self, memory: float, temp: float, *, always: bool) -> None:
        """Keep read-only SQL, or `always` all work, within so many bytes of memory and disk."""
        self.read_only_limits = Limits(int(memory), int(temp))
        if always:
            self._session.limits = self.read_only_limits

    def _release(self) -> None:
        if self._forgotten.detach():
            self._source.detach()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Another connection to this database, for a thread of its own."""
        return self._session.run(lambda connection: connection.native().cursor())

    def interrupt(self) -> None:
        """Stop what runs, from another thread; its caller gets QueryInterruptedError."""
        self._session.interrupt()

    def close(self) -> None:
        """Let go of the database; closing twice is fine."""
        self._session.close()
        self._release()

    def cleanup(self) -> None:
        """Close, and delete the files of an ephemeral database that nobody else has open."""
        self.close()
        if self._temporary is not None and not self._source.users:
            shutil.rmtree(self._temporary, ignore_errors=True)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """DuckDB's connection itself, for one thread at a time; the owner of the file has it."""
        return self._session.connection.native()

    def participants(self) -> list[Process]:
        """The process that owns the database file, then the others that have it open."""
        return self._source.participants()

    @property
    def path(self) -> Path | None:
        """The database file; None in memory."""
        return self._path


def run_in_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="mp leaving").start()


def _make_home(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise file_failed(error) from error
