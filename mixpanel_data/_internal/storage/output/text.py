"""The rows of a query as CSV or JSON text, written by DuckDB in flat memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from mixpanel_data._internal.storage.output.copying import COPY_OPTIONS, Rewritten, as_given, copied
from mixpanel_data._internal.storage.output.rows import Array, Cut, EnoughError, Held, Lines
from mixpanel_data._internal.storage.output.select import Select, prepared
from mixpanel_data._internal.storage.output.spelling import to_text
from mixpanel_data._internal.storage.session import Params, Session
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data.exceptions import SessionLostError
from mixpanel_data.formats import Format
from mixpanel_data.queries import Excerpt
from mixpanel_data.types import Writable, WriteResult

Copy = Callable[[Connection, str], int]
"""Copies rows to a path, and says how many."""

_CHUNK = 1 << 16
_DEVICES = Path("/dev/fd")


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
    select = session.run(
        lambda connection: prepared(connection, sql, params, excerpt, to_text(output))
    )

    def copy(connection: Connection, target: str) -> int:
        def write(select: Select, target: str) -> int:
            return select.copy(connection, target, COPY_OPTIONS[output])

        return copied(connection, select, target, write, rewritten)

    lines = Array(file) if output is Format.JSON else Lines(file)
    cut = None if excerpt.max_bytes is None else Cut(lines, output, excerpt.max_bytes)
    pump = _through_pipe if _DEVICES.exists() else _through_file
    try:
        rows = pump(session, copy, cut or lines, again=not select.is_parked)
        complete = True
    except EnoughError:
        complete = False
    lines.close()
    return WriteResult(cut.rows if cut else rows, lines.bytes, complete)


def _through_pipe(session: Session, copy: Copy, file: Writable, *, again: bool) -> int:
    """Copy through a pipe; `again`, if the database is lost before anything was passed on."""
    while True:
        held = Held(file)
        try:
            rows = _pump(session, copy, held)
        except SessionLostError:
            if held.is_open or not again:
                raise
        else:
            held.release()
            return rows


def _pump(session: Session, copy: Copy, file: Writable) -> int:
    reading, writing = os.pipe()

    def work(connection: Connection) -> int:
        try:
            with connection.lending(writing) as path:
                return copy(connection, path)
        finally:
            os.close(writing)

    future = session.start(work)
    future.add_done_callback(lambda done: os.close(writing) if done.cancelled() else None)
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


def _through_file(session: Session, copy: Copy, file: Writable, *, again: bool) -> int:
    with tempfile.TemporaryDirectory(prefix="mixpanel-data-") as folder:
        path = Path(folder, "result")
        run = session.run_whole if again else session.run
        rows = run(lambda connection: copy(connection, str(path)))
        with path.open("rb") as text:
            while chunk := text.read(_CHUNK):
                file.write(chunk)
    return rows
