"""How much memory and disk a database takes while work runs that has a limit.

DuckDB has these limits for the database as a whole, so they hold for all that runs meanwhile; what
does not fit in memory goes to its temporary files. By default memory is four fifths of the
machine's, and disk nine tenths of what is free.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass

import duckdb

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_NAMES = ("memory_limit", "max_temp_directory_size")
_USED = {
    "memory_limit": "SELECT sum(memory_usage_bytes) FROM duckdb_memory()",
    "max_temp_directory_size": "SELECT coalesce(sum(size), 0) FROM duckdb_temporary_files()",
}
_NOW = "SELECT current_setting('memory_limit'), current_setting('max_temp_directory_size')"


@dataclass(frozen=True)
class Limits:
    """Bytes of memory and of temporary files; None leaves one as it is."""

    memory: int | None = None
    temp: int | None = None

    def __and__(self, other: Limits) -> Limits:
        return Limits(_least(self.memory, other.memory), _least(self.temp, other.temp))


class Budget:
    """The least of the limits of all work that runs now on one database of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cursor: Callable[[], duckdb.DuckDBPyConnection] | None = None
        self._asked: list[Limits] = []
        self._set = _Settings()

    def serve(self, cursor: Callable[[], duckdb.DuckDBPyConnection] | None) -> None:
        """Limit the database that `cursor` opens; None when it is another process's, or closed."""
        with self._lock:
            self._cursor, self._set = cursor, _Settings()
            self._apply()

    @contextmanager
    def within(self, limits: Limits) -> Iterator[None]:
        """Keep to the limits within the block."""
        if limits == Limits():
            yield
            return
        with self._lock:
            self._asked.append(limits)
            self._apply()
        try:
            yield
        finally:
            with self._lock:
                self._asked.remove(limits)
                self._apply()

    def _apply(self) -> None:
        least = Limits()
        for limits in self._asked:
            least &= limits
        if self._cursor is None or self._set.are(least):
            return
        # A statement that fails would end the transaction of the connection that works.
        with suppress(duckdb.Error):  # it is being closed
            aside = self._cursor()
            try:
                self._set.change(aside, least)
            finally:
                aside.close()


class _Settings:
    """DuckDB's two, and what they were before."""

    def __init__(self) -> None:
        self._wanted = astuple(Limits())
        self._before = ["", ""]
        self._ours = ("", "")

    def are(self, wanted: Limits) -> bool:
        """Whether they are as wanted already."""
        return self._wanted == astuple(wanted)

    def change(self, connection: duckdb.DuckDBPyConnection, wanted: Limits) -> None:
        """Set them, unless they are lower; None puts one back, unless it was set meanwhile."""
        now = _now(connection)
        changes: dict[str, tuple[int | None, int | None]] = {}
        for place, (most, last) in enumerate(zip(astuple(wanted), self._wanted, strict=True)):
            if last is None or now[place] != self._ours[place]:
                self._before[place] = now[place]
            if most != last:
                before = _in_bytes(self._before[place])
                changes[_NAMES[place]] = _least(most, before), before
        self._wanted = astuple(wanted)
        try:
            connection.execute("; ".join(_set(name, to) for name, (to, _) in changes.items()))
        except duckdb.OutOfMemoryException:
            for name, (to, before) in changes.items():
                _lower(connection, name, to, before)
        self._ours = _now(connection)


def _lower(
    connection: duckdb.DuckDBPyConnection, name: str, to: int | None, before: int | None
) -> None:
    try:
        connection.execute(_set(name, to))
    except duckdb.OutOfMemoryException:
        # Others hold more, which stays theirs.
        (used,) = connection.execute(_USED[name]).fetchall()[0]
        with suppress(duckdb.OutOfMemoryException):
            connection.execute(_set(name, _least((to or 0) + int(used), before)))


def _set(name: str, to: int | None) -> str:
    return f"RESET GLOBAL {name}" if to is None else f"SET GLOBAL {name} = '{to}B'"


def _now(connection: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    memory, temp = connection.execute(_NOW).fetchall()[0]
    return str(memory), str(temp)


def _least(one: int | None, other: int | None) -> int | None:
    return min((it for it in (one, other) if it is not None), default=None)


def _in_bytes(text: str) -> int | None:
    """DuckDB's spelling of a size, which it cuts after one digit: in the middle of what it may be.

    >>> _in_bytes("18.8 GiB") == int(18.85 * 2**30)
    True
    >>> _in_bytes("90% of available disk space") is None
    True
    """
    number, _, unit = text.partition(" ")
    if unit not in _UNITS:
        return None
    return int((float(number) + 0.05) * 1024 ** _UNITS.index(unit))
