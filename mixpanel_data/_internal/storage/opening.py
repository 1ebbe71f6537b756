"""Where DuckDB is opened: no other module connects to it, so these options hold everywhere."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import duckdb

from mixpanel_data.text import whole

_EXTENSIONS = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
"""Only INSTALL and LOAD fetch or run an extension, never a file name or a function in a query."""

_MAGIC = b"DUCK"
_MAGIC_OFFSET = 8


class NotADatabaseError(Exception):
    """The file holds something else; DuckDB would look for an extension that reads it."""


def connect(
    path: Path | None = None, *, read_only: bool = False, **options: str | int
) -> duckdb.DuckDBPyConnection:
    """Open a database file, created where there is none, or a database in memory.

    Raises NotADatabaseError for another kind of file, and DuckDB's errors.
    """
    name = ":memory:"
    if path is not None:
        name = whole(str(path), "the name of the database file")
        _check_header(path)
    return duckdb.connect(name, read_only=read_only, config={**_EXTENSIONS, **options})


def _check_header(path: Path) -> None:
    # A file that can't be read is left to DuckDB, whose error says why.
    with suppress(OSError), path.open("rb") as file:
        header = file.read(_MAGIC_OFFSET + len(_MAGIC))
        if header[_MAGIC_OFFSET:] != _MAGIC:
            raise NotADatabaseError
