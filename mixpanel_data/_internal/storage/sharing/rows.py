"""Rows on their way from one DuckDB to another, as an Arrow IPC stream.

Both ends are DuckDB, so every value and every DataFrame comes out as it would have at home. What
Arrow has no type for, or nanoarrow can't write, travels as something near and is cast back.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage.opening import connect

if TYPE_CHECKING:
    from nanoarrow.c_array_stream import CArrayStream

EXACT = "SET SESSION arrow_lossless_conversion = true"
"""For the cursor whose rows travel: JSON, HUGEINT and UUID keep their types."""

INEXACT = "RESET SESSION arrow_lossless_conversion"

NO_PYTHON = "SET python_enable_replacements = false"
"""Names in SQL must not find the variables of our own functions."""

_PLAIN = {str, int, float, bool, type(None)}
_ENUM = re.compile(r"ENUM\((?:'(?:[^']|'')*'(?:, )?)+\)")
_FOREIGN = re.compile(r"ENUM\(|TUPLE\(")


def scratch() -> duckdb.DuckDBPyConnection:
    """An empty database in memory, in which a borrower reads what comes as the owner would."""
    connection = connect()
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


class Readable(Protocol):
    """Where a stream comes from."""

    def readinto(self, buffer: Any, /) -> int:
        """Fill as much of the buffer as there is; 0 at the end."""


def packed(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The same rows, with columns that Arrow can carry."""
    columns = [(name, str(k)) for name, k in zip(relation.columns, relation.types, strict=True)]
    if not any(_FOREIGN.search(kind) for _, kind in columns):
        return relation
    return relation.project(
        ", ".join(
            f"CAST(#{number} AS {_ENUM.sub('VARCHAR', kind)}) AS {quote(name)}"
            if "ENUM(" in kind
            else f"#{number} AS {quote(name)}"
            for number, (name, kind) in enumerate(columns, start=1)
        )
    )


def write(relation: duckdb.DuckDBPyRelation, file: Any) -> None:
    """Write rows to `file` as they come."""
    from nanoarrow.ipc import StreamWriter

    with StreamWriter.from_writable(file) as writer:
        writer.write_stream(relation)


def unpacked(
    scratch: duckdb.DuckDBPyConnection, stream: Stream, names: Sequence[str], types: Sequence[str]
) -> duckdb.DuckDBPyRelation:
    """The rows of a stream, to be read once."""
    relation = scratch.from_arrow(stream)
    if not any(_FOREIGN.search(kind) for kind in types):
        return relation
    return relation.project(
        ", ".join(
            f"CAST(#{number} AS {kind}) AS {quote(name)}"
            if _FOREIGN.search(kind)
            else f"#{number} AS {quote(name)}"
            for number, (name, kind) in enumerate(zip(names, types, strict=True), start=1)
        )
    )


class Stream:
    """An Arrow stream, read once; its schema may be asked for as often as one likes."""

    def __init__(self, rows: Any) -> None:
        from nanoarrow.c_array_stream import c_array_stream

        self._rows: CArrayStream = c_array_stream(rows)
        self._schema = self._rows.get_schema()

    @classmethod
    def read(cls, source: Readable) -> Stream:
        """What is written there."""
        from nanoarrow.ipc import InputStream

        return cls(InputStream.from_readable(source))

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._rows.__arrow_c_stream__(requested_schema)


def encoded(params: Sequence[Any] | Mapping[str, Any] | None) -> tuple[Any, list[Any] | None]:
    """Parameters as JSON; or their names, and values that JSON has no spelling for."""
    if params is None:
        return None, None
    names = list(params) if isinstance(params, Mapping) else None
    values = list(params.values()) if isinstance(params, Mapping) else list(params)
    if all(type(value) in _PLAIN for value in values):
        return (dict(zip(names, values, strict=True)) if names is not None else values), None
    return names, values


def parameters(scratch: duckdb.DuckDBPyConnection, values: Sequence[Any]) -> bytes:
    """Values that JSON has no spelling for, as DuckDB takes them."""
    marks = ", ".join(f"? AS p{number}" for number in range(len(values)))
    cursor = scratch.cursor()
    try:
        cursor.execute(EXACT)
        file = io.BytesIO()
        write(packed(cursor.sql(f"SELECT {marks}", params=list(values))), file)
        return file.getvalue()
    finally:
        cursor.close()


def values(scratch: duckdb.DuckDBPyConnection, stream: bytes) -> list[Any]:
    """What `parameters` took."""
    (row,) = scratch.from_arrow(Stream.read(io.BytesIO(stream))).fetchall()
    return list(row)


def frame(relation: duckdb.DuckDBPyRelation) -> bytes:
    """All rows, for `insert`."""
    file = io.BytesIO()
    write(packed(relation), file)
    return file.getvalue()


def insert(cursor: duckdb.DuckDBPyConnection, stream: bytes, table: str) -> None:
    """Add what `frame` took to a table."""
    cursor.from_arrow(Stream.read(io.BytesIO(stream))).insert_into(table)


class Pieces:
    """A file whose content is sent in pieces of a good size, each with the same first byte."""

    SIZE = 1 << 18

    def __init__(self, first: bytes, send: Callable[[bytes | bytearray], None]) -> None:
        self._first = first
        self._send = send
        self._piece = bytearray(first)

    def write(self, data: Any) -> int:
        """Take in, and send what has come together."""
        view = memoryview(data).cast("B")
        self._piece += view
        if len(self._piece) >= self.SIZE:
            self.flush()
        return len(view)

    def flush(self) -> None:
        """Send the rest."""
        if len(self._piece) > len(self._first):
            self._send(self._piece)
            self._piece = bytearray(self._first)
