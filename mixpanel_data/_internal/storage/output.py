"""The rows of a query as CSV or JSON text, written by DuckDB in flat memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from mixpanel_data._internal.sql import literal
from mixpanel_data._internal.storage.errors import UNRELATED, one_line_up
from mixpanel_data._internal.storage.rows import Array, Cut, EnoughError, Lines
from mixpanel_data._internal.storage.select import Select, forget_result, prepared
from mixpanel_data._internal.storage.session import Params, Session
from mixpanel_data._internal.storage.spelling import spelled
from mixpanel_data.queries import Excerpt
from mixpanel_data.types import Format, Writable, WriteResult

# An array, too, is written as lines: `rows` puts the commas.
_OPTIONS: dict[Format, str] = {
    "csv": "FORMAT csv, HEADER true",
    "json": "FORMAT json, ARRAY false",
    "jsonl": "FORMAT json, ARRAY false",
}
Copy = Callable[[duckdb.DuckDBPyConnection, str], list[tuple[int]]]
"""Copies rows to a path, and says how many, unless DuckDB does not."""

Rewritten = Callable[[duckdb.DuckDBPyConnection, str, Params], AbstractContextManager[str | None]]
"""Gives, for the length of a block, the text to run in the place of a query; None for its own."""

_CHUNK = 1 << 16
_DEVICES = Path("/dev/fd")


@contextmanager
def as_given(
    _connection: duckdb.DuckDBPyConnection, _sql: str, _params: Params
) -> Iterator[str | None]:
    """Every query runs as it was given."""
    yield None


def write(
    session: Session,
    sql: str,
    params: Params,
    file: Writable,
    output: Format,
    excerpt: Excerpt,
    rewritten: Rewritten = as_given,
) -> WriteResult:
    """Run `sql` and write the rows of its last statement, or an excerpt of them, to `file`.

    DuckDB writes into a pipe on its own thread while this one reads, so that nothing piles up and
    a reader that goes away, or has had enough, ends the query.
    """
    select = session.run(lambda connection: _prepare(connection, sql, params, output, excerpt))

    def copy(connection: duckdb.DuckDBPyConnection, target: str) -> list[tuple[int]]:
        failure = None
        try:
            with rewritten(connection, select.query, select.params) as text:
                if text is not None:
                    try:
                        return _copy(
                            connection, replace(select, query=text), target, output, excerpt
                        )
                    except UNRELATED:
                        raise
                    except duckdb.Error as error:
                        failure = error
            if failure is None:
                return _copy(connection, select, target, output, excerpt)
            # People see their own SQL in errors; rows that went out already must not come again.
            _copy(connection, select, os.devnull, output, excerpt)
            raise failure
        finally:
            forget_result(connection)

    lines = Array(file) if output == "json" else Lines(file)
    cut = Cut(lines, output, excerpt.max_bytes)
    is_cut = excerpt.max_bytes is not None or select.is_several
    pump = _through_pipe if _DEVICES.exists() else _through_file
    try:
        told = pump(session, copy, cut if is_cut else lines)
        complete = True
    except EnoughError:
        complete = False
    lines.close()
    return WriteResult(cut.rows if is_cut else told[0][0], lines.bytes, complete)


def _prepare(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    params: Params,
    output: Format,
    excerpt: Excerpt,
) -> Select:
    """Run all but the last statement; that one, checked to have what is asked for."""
    try:
        select = prepared(connection, sql, params)
        select.text(excerpt, spelled(select.columns, output))
    except BaseException:
        forget_result(connection)
        raise
    return select


def _copy(
    connection: duckdb.DuckDBPyConnection,
    select: Select,
    target: str,
    output: Format,
    excerpt: Excerpt,
) -> list[tuple[int]]:
    text = select.text(excerpt, spelled(select.columns, output))
    options = f"{_OPTIONS[output]}, USE_TMP_FILE false, PRESERVE_ORDER {select.is_ordered}"
    try:
        return connection.execute(
            f"COPY ({text}) TO {literal(target)} ({options})", select.params
        ).fetchall()
    except duckdb.Error as error:
        raise one_line_up(error) from error


def _through_pipe(session: Session, copy: Copy, file: Writable) -> list[tuple[int]]:
    reading, writing = os.pipe()

    def work(connection: duckdb.DuckDBPyConnection) -> list[tuple[int]]:
        try:
            return copy(connection, str(_DEVICES / str(writing)))
        finally:
            os.close(writing)

    future = session.start(work)
    try:
        while chunk := os.read(reading, _CHUNK):
            file.write(chunk)
    except BaseException:
        # Reader first: a writer that waits for room in the pipe hears of it at once.
        os.close(reading)
        session.stop(future)
        raise
    os.close(reading)
    return session.result(future)


def _through_file(session: Session, copy: Copy, file: Writable) -> list[tuple[int]]:
    with tempfile.TemporaryDirectory(prefix="mixpanel-data-") as folder:
        path = Path(folder, "result")
        rows = session.run(lambda connection: copy(connection, str(path)))
        with path.open("rb") as text:
            while chunk := text.read(_CHUNK):
                file.write(chunk)
    return rows
