"""Rows as an Arrow file. DuckDB hands them out in batches, arro3 writes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb

from mixpanel_data._internal.storage.errors import one_line_up
from mixpanel_data._internal.storage.output.select import Select
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data.exceptions import MissingExtraError

if TYPE_CHECKING:
    from arro3.core import RecordBatch, RecordBatchReader


def require() -> None:
    """Raise unless Arrow files can be written."""
    try:
        import arro3.io  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("arrow", "an Arrow file") from error


def write(connection: Connection, select: Select, path: str) -> int:
    """Write the rows in Arrow's file format and say how many they are.

    Only a relation hands out its rows as they come; what `execute` returns collects them first.
    """
    from arro3.core import RecordBatchReader
    from arro3.io import write_ipc

    try:
        with (
            connection.stream(select.text, select.params) as rows,
            closing(_Batches(rows)) as batches,
        ):
            counted = RecordBatchReader.from_batches(batches.schema, batches)
            write_ipc(counted, path, compression=None)
    except duckdb.Error as error:
        raise one_line_up(error) from error
    except Exception as error:
        if type(error) is not Exception:  # arro3 has no class of its own for errors
            raise
        raise _translated(str(error)) from error
    return batches.rows


class _Batches:
    """Counts rows on their way, and lets go of the connection whoever still refers to it."""

    def __init__(self, rows: Any) -> None:
        from arro3.core import RecordBatchReader

        self.rows = 0
        self._reader: RecordBatchReader | None = RecordBatchReader.from_stream(rows)
        self.schema = self._reader.schema

    def __iter__(self) -> Iterator[RecordBatch]:
        return self

    def __next__(self) -> RecordBatch:
        if self._reader is None:
            raise StopIteration
        batch = next(self._reader)
        self.rows += batch.num_rows
        return batch

    def close(self) -> None:
        """Until then, an unread result blocks the connection."""
        self._reader = None


def _translated(text: str) -> duckdb.Error:
    """What DuckDB said on the way, or trouble with the file: arro3 hands on but the text."""
    _, at_duckdb, said = text.rpartition("C Data interface error: ")
    return one_line_up(duckdb.DatabaseError(said)) if at_duckdb else duckdb.IOException(text)
