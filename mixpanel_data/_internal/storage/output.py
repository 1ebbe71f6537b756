"""The rows of a query as CSV or JSON text, written by DuckDB in flat memory."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from mixpanel_data._internal.sql import literal, quote
from mixpanel_data._internal.storage.errors import one_line_up
from mixpanel_data._internal.storage.session import Session
from mixpanel_data.exceptions import QueryError
from mixpanel_data.types import Format, Writable

Params = Sequence[Any] | Mapping[str, Any] | None

_OPTIONS: dict[Format, str] = {
    "csv": "FORMAT csv, HEADER true",
    "json": "FORMAT json, ARRAY true",
    "jsonl": "FORMAT json, ARRAY false",
}
_RESULT = "temp.main._result"
_CHUNK = 1 << 20
_DEVICES = Path("/dev/fd")


def write(session: Session, sql: str, params: Params, file: Writable, output: Format) -> None:
    """Run `sql` and write the rows of its last statement to `file`.

    DuckDB writes into a pipe on its own thread while this one reads, so that nothing piles up and
    a reader that goes away ends the query.
    """
    select, bound = session.run(lambda connection: _prepare(connection, sql, params, output))

    # Keeping the order of rows that nobody ordered would hold many of them in memory.
    ordered = re.search(r"\border\b", select, re.IGNORECASE) is not None
    options = f"{_OPTIONS[output]}, USE_TMP_FILE false, PRESERVE_ORDER {ordered}"

    def copy(connection: duckdb.DuckDBPyConnection, target: str) -> None:
        try:
            connection.execute(f"COPY (\n{select}\n) TO {literal(target)} ({options})", bound)
        except duckdb.Error as error:
            raise one_line_up(error) from error
        finally:
            connection.execute(f"DROP TABLE IF EXISTS {_RESULT}")

    if _DEVICES.exists():
        _through_pipe(session, copy, file)
    else:
        _through_file(session, copy, file)


def _through_pipe(session: Session, copy: Any, file: Writable) -> None:
    reading, writing = os.pipe()

    def work(connection: duckdb.DuckDBPyConnection) -> None:
        try:
            copy(connection, str(_DEVICES / str(writing)))
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
    session.result(future)


def _through_file(session: Session, copy: Any, file: Writable) -> None:
    with tempfile.TemporaryDirectory(prefix="mixpanel-data-") as folder:
        path = Path(folder, "result")
        session.run(lambda connection: copy(connection, str(path)))
        with path.open("rb") as text:
            while chunk := text.read(_CHUNK):
                file.write(chunk)


def _prepare(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Params, output: Format
) -> tuple[str, Params]:
    """Run all but the last statement, and turn that one into a SELECT that COPY takes."""
    statements = connection.extract_statements(sql)
    if not statements:
        raise QueryError("there is no SQL statement here")
    for statement in statements[:-1]:
        connection.execute(statement)
    last = statements[-1]
    if last.type in {duckdb.StatementType.SELECT, duckdb.StatementType.MULTI}:
        query = last.query.rstrip().removesuffix(";")
        return _presentable(connection, query, params, output), params
    connection.execute(last, params)
    _keep_result(connection)
    return f"FROM {_RESULT}", None


def _presentable(
    connection: duckdb.DuckDBPyConnection, query: str, params: Params, output: Format
) -> str:
    """The query, with what the format can't spell replaced: NaN in JSON, nested values in CSV."""
    try:
        columns = connection.execute(f"DESCRIBE\n{query}", params).fetchall()
    except duckdb.Error as error:
        raise one_line_up(error) from error
    replaced = []
    for name, kind, *_ in columns:
        column = quote(name)
        if output == "csv" and ("(" in kind or kind.endswith("]")) and not kind.startswith("DEC"):
            replaced.append(f"to_json({column}) AS {column}")
        elif output != "csv" and kind in {"DOUBLE", "FLOAT"}:
            replaced.append(f"CASE WHEN isfinite({column}) THEN {column} END AS {column}")
    if not replaced:
        return query
    return f"SELECT * REPLACE ({', '.join(replaced)}) FROM (\n{query}\n)"


def _keep_result(connection: duckdb.DuckDBPyConnection) -> None:
    """Park the few rows that EXPLAIN, CALL or INSERT … RETURNING gave in a temporary table."""
    names = [(name, str(kind)) for name, kind, *_ in connection.description or ()]
    rows = connection.fetchall()
    columns = ", ".join(f"{quote(name)} {kind}" for name, kind in names)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _result ({columns})")
    if rows:
        marks = ", ".join("?" for _ in names)
        connection.executemany(f"INSERT INTO {_RESULT} VALUES ({marks})", rows)
