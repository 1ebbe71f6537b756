"""DuckDB's exceptions, translated once."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from mixpanel_data._internal.locking import Untrusted
from mixpanel_data._internal.storage.opening import NotADatabaseError
from mixpanel_data.exceptions import (
    ConflictError,
    InvalidArgumentError,
    MixpanelDataError,
    QueryError,
    QueryInterruptedError,
    StorageError,
)

_LOCKED = re.compile(r"Conflicting lock is held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")
_FULL = re.compile(r"No space left|Disk quota exceeded|File too large|disk is full", re.IGNORECASE)
_DAMAGED = re.compile(r"not a valid DuckDB database|orrupt|checksum|enough bytes from file")
_EXTENSION = re.compile(r"\bINSTALL (?P<name>\w+)[;\"]")
_USED = re.compile(r"\([\d.]+ \w+/([\d.]+ \w+) used\)")
_HALF = re.compile(r"cannot encode str as UTF-8, surrogate ('.+?')")
_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)

NEEDS_MORE = "the query needs more"
"""How the message begins where a limit of memory or disk ended a statement."""

UNRELATED = (duckdb.InterruptException, duckdb.IOException)
"""Failures that the same question put in other words would not mend."""


def is_locked(error: Exception) -> bool:
    """Whether another program has the database file open."""
    return _LOCKED.search(str(error)) is not None


def opening_failed(path: Path, error: Exception) -> StorageError:
    """Why a database file can't be opened, and what to do about it."""
    text = str(error)
    if isinstance(error, NotADatabaseError):
        return StorageError(
            f"{path} is not a DuckDB database",
            hint="choose another file (--db PATH), or move this one away; it was not changed",
        )
    if "different configuration" in text:
        return StorageError(
            f"{path} is open in this process already, by a duckdb.connect() of its own",
            hint="close that connection, or use Workspace.connection in its place",
        )
    if lock := _LOCKED.search(text):
        program = Path(lock["program"]).name
        return StorageError(
            f"{path} is in use by {program} (PID {lock['pid']})",
            hint="it does not share the file: close it there, then try again",
        )
    if "storage version number" in text:
        age = "a newer" if "newer version" in text else "another"
        return StorageError(
            f"{path} was written by {age} DuckDB than this one ({duckdb.__version__})",
            hint="pip install --upgrade duckdb",
        )
    if _DAMAGED.search(text):
        return StorageError(
            f"{path} is a damaged DuckDB database",
            hint="restore a copy, or move the file away and fetch again; it was not changed",
        )
    return StorageError(f"can't open {path}: {_first_line(text)}", hint=_folder_hint(path))


def _folder_hint(path: Path) -> str:
    return f"check that the folder {path.parent} exists and is writable, or set MP_DATA_DIR"


def statement_failed(error: duckdb.Error) -> MixpanelDataError:
    """A failed statement: the user's SQL with DuckDB's pointer, or trouble with file and disk."""
    from mixpanel_data._internal.expressions.errors import raised_by_sql

    text = str(error).strip()
    for known in (raised_by_sql, _extension_missing, _out_of_memory, _half_a_character):
        if found := known(text):
            return found
    if _FULL.search(text):
        return disk_full(error)
    if isinstance(error, duckdb.IOException | duckdb.FatalException | duckdb.InternalException):
        return StorageError(_first_line(text))
    if isinstance(error, duckdb.InterruptException):
        return QueryInterruptedError()
    if isinstance(error, duckdb.TransactionException) and "onflict" in text:
        return ConflictError(_first_line(text))
    hint = "mp tables lists the tables of this workspace" if "Table with name" in text else None
    return QueryError(text, hint=hint)


def _half_a_character(text: str) -> InvalidArgumentError | None:
    half = _HALF.search(text)
    return InvalidArgumentError(f"a value is not UTF-8 text: it has {half[1]}") if half else None


def _out_of_memory(text: str) -> QueryError | None:
    if not text.startswith("Out of Memory Error"):
        return None
    on_disk = "max_temp_directory_size" in text
    what, setting = ("temporary files", "temp") if on_disk else ("memory", "memory")
    used = _USED.search(text)
    return QueryError(
        f"{NEEDS_MORE} {what} than it may take" + (f" ({used[1]})" if used else ""),
        hint="ask for less at once: fewer days, rows or columns; mp mcp and read-only SQL may take"
        f" {setting}_limit_gb of the settings, or MP_{setting.upper()}_LIMIT_GB",
    )


def _extension_missing(text: str) -> QueryError | None:
    needed = _EXTENSION.search(text)
    if needed is None:
        return None
    name = needed["name"]
    return QueryError(
        f"this needs DuckDB's extension {name}, which is not loaded",
        hint=f'mp sql "INSTALL {name}" downloads it once; then put LOAD {name}; before the query',
    )


@contextmanager
def translated() -> Iterator[None]:
    """DuckDB's errors within the block come as ours."""
    try:
        yield
    except duckdb.Error as error:
        raise statement_failed(error) from error


def disk_full(error: Exception) -> StorageError:
    """No room for the data; nothing was changed."""
    return StorageError(
        f"the disk is full: {_first_line(str(error))}",
        hint="free some space, or set MP_DATA_DIR to another disk; nothing was changed",
    )


def file_failed(error: OSError) -> StorageError:
    """A file of ours could not be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return disk_full(error)
    if isinstance(error, Untrusted):
        return StorageError(
            f"{error}, so it is not trusted",
            hint="remove it, or keep the database in a folder of your own (MP_DATA_DIR)",
        )
    return StorageError(_first_line(str(error)))


def one_line_up(error: duckdb.Error) -> duckdb.Error:
    """The same error for a statement that we had put one line of our own in front of."""
    text = _LINE.sub(lambda m: f"LINE {max(1, int(m[1]) - 1)}:", str(error))
    return type(error)(text)


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "unknown error"
