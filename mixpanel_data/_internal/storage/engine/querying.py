"""Section of `StorageEngine`: SQL, read, written and explained."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage import inventory
from mixpanel_data._internal.storage.engine.opened import Opened
from mixpanel_data._internal.storage.flat import changes
from mixpanel_data._internal.storage.output import export, text
from mixpanel_data._internal.storage.output.copying import Rewritten, as_given
from mixpanel_data._internal.storage.output.destination import Destination
from mixpanel_data._internal.storage.output.result import SqlResult
from mixpanel_data._internal.storage.session import Params, Progress
from mixpanel_data._internal.storage.sharing import Connection, Frames, Limits
from mixpanel_data.exceptions import InvalidArgumentError, TableNotFoundError
from mixpanel_data.formats import FileFormat, Format, TextFormat
from mixpanel_data.queries import Excerpt
from mixpanel_data.types import (
    ExportResult,
    SqlExplanation,
    Writable,
    WriteResult,
)

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from mixpanel_data._internal.storage.acceleration import Acceleration
    from mixpanel_data._internal.storage.acceleration.planning import Plan

T = TypeVar("T")


class How(TypedDict, total=False):
    """How SQL is run: with frames as tables, telling its progress, on flat tables where it may.

    `read_only` refuses all but one SELECT on tables and views of this database.
    """

    frames: Frames | None
    progress: Progress | None
    accelerate: bool
    read_only: bool


class Querying(Opened):
    """Statements; with `accelerate`, flat tables answer where that is the same."""

    def execute(self, sql: str, params: Params = None) -> duckdb.DuckDBPyRelation:
        """Run SQL; a query gives a relation that has not been read yet."""

        def work(connection: Connection) -> duckdb.DuckDBPyRelation:
            with changes.noted(connection, sql) as last:
                return connection.sql(last, params)

        return self._session.run(work)

    def execute_df(self, sql: str, params: Params = None, **how: Unpack[How]) -> pd.DataFrame:
        """Run SQL; all rows as a DataFrame."""
        return self._run(sql, params, lambda done: done.df(), **how)

    def execute_scalar(self, sql: str, params: Params = None, **how: Unpack[How]) -> Any:
        """Run SQL; the first value of the first row, None when there is no row."""
        rows = self.execute_rows(sql, params, **how)
        return rows[0][0] if rows else None

    def execute_rows(
        self, sql: str, params: Params = None, **how: Unpack[How]
    ) -> list[tuple[Any, ...]]:
        """Run SQL; all rows."""
        return self._run(sql, params, lambda done: done.fetchall(), **how)

    def result(
        self, sql: str, params: Params = None, *, max_rows: int | None = None, **how: Unpack[How]
    ) -> SqlResult:
        """Run SQL once and keep its rows, the first `max_rows` of them."""

        def keep(connection: Connection, statement: str) -> SqlResult:
            return SqlResult(connection.materialized(statement, params, max_rows), max_rows)

        return self._read(sql, params, keep, **how)

    def _run(
        self, sql: str, params: Params, read: Callable[[Connection], T], **how: Unpack[How]
    ) -> T:
        def run(connection: Connection, statement: str) -> T:
            return read(connection.execute(statement, params))

        return self._read(sql, params, run, **how)

    def _read(
        self,
        sql: str,
        params: Params,
        run: Callable[[Connection, str], T],
        *,
        frames: Frames | None = None,
        progress: Progress | None = None,
        accelerate: bool = False,
        read_only: bool = False,
    ) -> T:
        def work(connection: Connection) -> T:
            if read_only:
                _check_reads(connection, sql, params, frames or {})
            limited = connection.limited(self.read_only_limits if read_only else Limits())
            counting = nullcontext() if progress is None else connection.counting()
            shown = connection.showing(frames or {}, sql)
            with limited, shown, counting, changes.noted(connection, sql) as last:
                if accelerate:
                    own = partial(run, connection)
                    return self._acceleration.run(connection, last, params, own)
                return run(connection, last)

        return self._session.run(work, progress)

    def write(
        self,
        sql: str,
        file: Writable,
        *,
        format: TextFormat | Format,  # noqa: A002
        params: Params = None,
        excerpt: Excerpt | None = None,
        accelerate: bool = False,
        read_only: bool = False,
    ) -> WriteResult:
        """Run SQL and write its rows, or an excerpt of them, to `file` as text, in flat memory."""
        if read_only:
            self._session.run_whole(lambda connection: _check_reads(connection, sql, params, {}))
        with self._session.limited(self.read_only_limits if read_only else Limits()):
            return text.write(
                self._session,
                sql,
                params,
                file,
                Format.of_text(format),
                excerpt or Excerpt(),
                self._rewritten(accelerate),
            )

    def explain(
        self, sql: str, params: Params = None, *, frames: Frames | None = None
    ) -> SqlExplanation:
        """What is run for a query, and why."""

        def work(connection: Connection) -> Plan:
            with connection.showing(frames or {}, sql):
                return self._acceleration.explain(connection, sql, params)

        plan = self._session.run(work)
        return SqlExplanation(
            query=sql, runs=plan.sql or sql, tables=plan.tables, reasons=plan.reasons
        )

    def export(
        self,
        what: str,
        path: str | Path,
        *,
        format: FileFormat | None = None,  # noqa: A002
        overwrite: bool = False,
        excerpt: Excerpt | None = None,
        accelerate: bool = False,
    ) -> ExportResult:
        """Write a table, a view or the rows of a query to a file: all of it, or nothing."""
        destination = Destination.of(path, format)
        if self._path is not None and destination.path == self._path.resolve():
            raise InvalidArgumentError(f"{path} is the database itself")
        return export.export(
            self._session,
            self._query(what),
            destination,
            excerpt or Excerpt(),
            overwrite=overwrite,
            rewritten=self._rewritten(accelerate),
        )

    def _rewritten(self, accelerate: bool) -> Rewritten:
        return self._acceleration.rewritten if accelerate else as_given

    def _query(self, what: str) -> str:
        """Any name of a table or view means that; another single word is a slip, not SQL."""
        known = {name.lower(): name for name, _ in self._session.run(inventory.relations)}
        if what.lower() in known:
            return f"FROM main.{quote(known[what.lower()])}"
        if re.fullmatch(r"\w+", what):
            raise TableNotFoundError(what, known.values())
        return what

    @cached_property
    def _acceleration(self) -> Acceleration:
        from mixpanel_data._internal.storage.acceleration import Acceleration

        return Acceleration()

    def close(self) -> None:
        """Let go of the parser of queries, too."""
        super().close()
        if "_acceleration" in self.__dict__:
            self._acceleration.close()


def _check_reads(connection: Connection, sql: str, params: Params, frames: Frames) -> None:
    from mixpanel_data._internal.storage.read_only import check

    check(connection, sql, params, frames)
