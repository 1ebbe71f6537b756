"""How much of what it read DuckDB keeps in memory: by default up to four fifths of the machine's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from mixpanel_data._internal.storage.sharing import Connection

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


@contextmanager
def bounded(connection: Connection, megabytes: int) -> Iterator[None]:
    """Keep no more than this within the block, so that a large table needs no more than a small one.

    The limit is the database's: other statements that run meanwhile may spill to disk.
    """
    # A statement that fails would end the transaction of the connection itself.
    aside = connection.cursor()
    try:
        before = _in_bytes(aside.execute("SELECT current_setting('memory_limit')").fetchall()[0][0])
        # One that can't be met now, because others hold more, is not worth an error.
        with suppress(duckdb.OutOfMemoryException):
            aside.execute(f"SET GLOBAL memory_limit = '{min(megabytes << 20, before)}B'")
        try:
            yield
        finally:
            # Where it was just this already, another load had set it, which may have ended since.
            is_bound = before == _in_bytes(f"{megabytes} MiB")
            back = "RESET" if is_bound else "SET"
            to = "" if is_bound else f" = '{before}B'"
            aside.execute(f"{back} GLOBAL memory_limit{to}")
    finally:
        aside.close()


def _in_bytes(text: str) -> int:
    """DuckDB's spelling of a size, which it cuts after one digit: in the middle of what it may be.

    >>> _in_bytes("18.8 GiB") == int(18.85 * 2**30)
    True
    """
    number, unit = text.split()
    return int((float(number) + 0.05) * 1024 ** _UNITS.index(unit))
