"""A connection that does not care whose database it is, nor whether that changes."""

from __future__ import annotations

import os
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar, cast

import duckdb

from mixpanel_data._internal.storage.sharing import errors, materialize, rows
from mixpanel_data._internal.storage.sharing.answer import Answer
from mixpanel_data._internal.storage.sharing.budget import Limits
from mixpanel_data._internal.storage.sharing.channel import Channel
from mixpanel_data._internal.storage.sharing.database import DatabaseAccess, Link, leak_after_fork
from mixpanel_data._internal.storage.sharing.errors import OwnerLost, StatementNotStarted
from mixpanel_data._internal.storage.sharing.frames import (
    TABLES,
    Frames,
    Here,
    There,
    mentioned,
    take_all,
)
from mixpanel_data._internal.storage.sharing.paths import from_here
from mixpanel_data._internal.storage.sharing.protocol import Run
from mixpanel_data._internal.storage.sharing.result import NOTHING, RemoteRows, Result
from mixpanel_data._internal.storage.sharing.session_state import SessionState
from mixpanel_data._internal.storage.sharing.statements import Statement, split
from mixpanel_data.exceptions import QueryError, StorageError
from mixpanel_data.text import whole

if TYPE_CHECKING:
    import pandas as pd


Params = Sequence[Any] | Mapping[str, Any] | None
T = TypeVar("T")

_HUNG_SECONDS = 10.0
"""An owner that has not stopped a statement by then will not."""
_OWN_SECONDS = 5.0
_TIME_ZONE = re.compile(
    r"\s*(set|reset)\s+((session|local)\s+)?(timezone|time\s+zone)\b", re.IGNORECASE
)


class Connection:
    """One session of a database: its own transaction and temporary tables, one thread at a time.

    It behaves as DuckDB's own connection, and raises DuckDB's errors. When the database passes to
    another process, statements that were not run, or only read, run there; SessionLostError says
    that one may have changed data, or that a transaction or temporary tables are gone.
    """

    def __init__(self, source: DatabaseAccess) -> None:
        self._source = source
        self._link: Link | None = source.link(threading.Event())
        self._process = os.getpid()
        self._stop = threading.Event()
        self._asked_to_stop: float | None = None
        self._state = SessionState()
        self._lent: tuple[str, int] | None = None
        self._result: Result | None = None
        self._limits = Limits()

    # -- as DuckDB's ------------------------------------------------------------------------------

    def execute(self, query: str | duckdb.Statement, parameters: Params = None) -> Connection:
        """Run all statements of a text; `parameters` are those of the last one."""
        self._result = None
        self._result = self._execute(query, parameters)
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows that are left of the last result."""
        return self._last.fetchall()

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row of the last result."""
        return self._last.fetchone()

    def df(self) -> pd.DataFrame:
        """The last result as a DataFrame."""
        return self._last.df()

    @property
    def description(self) -> list[Any] | None:
        """Names and types of the last result's columns."""
        return self._last.description

    @property
    def _last(self) -> Result:
        if self._result is None:
            raise duckdb.InvalidInputException("No open result set")
        return self._result

    def extract_statements(self, query: str) -> list[duckdb.Statement]:
        """The statements of a text."""
        return _parser(self._linked()).extract_statements(whole(query, "SQL"))

    def cursor(self) -> Connection:
        """Another connection to the same database."""
        return Connection(self._source)

    def begin(self) -> None:
        """New work: an interrupt of the last one is none of it."""
        self._stop.clear()
        self._asked_to_stop = None

    def interrupt(self) -> None:
        """Stop what runs. Called again and again, it disconnects from an unresponsive owner."""
        self._stop.set()
        now = time.monotonic()
        self._asked_to_stop = self._asked_to_stop or now
        link = self._link
        if link is None:
            return
        if isinstance(link, Channel) and now - self._asked_to_stop > _HUNG_SECONDS:
            link.abandon()
        link.interrupt()

    def close(self) -> None:
        """Let go; closing twice is fine."""
        self._result = None
        if self._link is not None and self._process == os.getpid():
            self._link.close()
        self._link = None

    # -- and beyond -------------------------------------------------------------------------------

    def sql(self, query: str, params: Params = None) -> duckdb.DuckDBPyRelation:
        """The rows of a query as a relation; those of another process's database are all here."""
        link = self._linked()
        whole(query, "SQL")
        if self._state.is_after_a_loss:
            self._state.ends_the_lost(Statement(query))
        if isinstance(link, duckdb.DuckDBPyConnection):
            return _some(link.sql(query, params=params))
        with self.stream(query, params) as found:
            home = rows.scratch()
            home.from_arrow(found).create("result")
            return home.table("result")

    @contextmanager
    def stream(self, query: str, params: Params = None) -> Iterator[Any]:
        """The rows of a query as they come, for whoever reads Arrow streams."""
        link = self._linked()
        whole(query, "SQL")
        if self._state.is_after_a_loss:
            self._state.ends_the_lost(Statement(query))
        if isinstance(link, duckdb.DuckDBPyConnection):
            yield _some(link.sql(query, params=params))
            return
        statement = _some(next(iter(split(_parser(link), query)), None))
        try:
            answer = self._ask(link, statement, params, once=True)
        except (StatementNotStarted, OwnerLost) as end:
            self._recover(statement, end)
            with self.stream(query, params) as found:
                yield found
            return
        try:
            yield answer.stream()
        except Exception:
            if isinstance(answer.failure, StatementNotStarted | OwnerLost):
                raise errors.session_lost("rows") from None
            if answer.failure is not None:
                raise answer.failure from None
            raise

    def materialized(
        self, query: str, params: Params, max_rows: int | None
    ) -> duckdb.DuckDBPyConnection:
        """A database with the rows of a statement in a table, as `materialize` has them."""
        link = self._linked()
        types = (
            materialize.exact_types(link)
            if isinstance(link, duckdb.DuckDBPyConnection)
            else nullcontext()
        )
        with types, self.stream(query, params) as found:
            return materialize.materialize(found, max_rows)

    @contextmanager
    def showing(self, frames: Frames, sql: str) -> Iterator[None]:
        """Within the block, frames that `sql` names are tables, unless there is one of that name."""
        wanted = mentioned(sql, frames)
        if not wanted:
            yield
            return
        tables = {name.lower() for (name,) in self.execute(TABLES).fetchall()}
        shown = [name for name in wanted if name not in tables]
        self._state.shows_frames = bool(shown)
        try:
            for name in shown:
                self._place.put(name, wanted[name])
            yield
        finally:
            take_all(self._place, shown)
            self._state.shows_frames = False

    @contextmanager
    def limited(self, limits: Limits) -> Iterator[None]:
        """Keep to the limits within the block, whoever runs the statements in it."""
        before = self._limits
        self._limits = before & limits
        try:
            with self._source.budget.within(limits):
                yield
        finally:
            self._limits = before

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Within the block `progress` is known, where the database is ours."""
        link = self._linked()
        with (
            materialize.progress_enabled(link)
            if isinstance(link, duckdb.DuckDBPyConnection)
            else nullcontext()
        ):
            yield

    @property
    def progress(self) -> float | None:
        """How much of the running statement is done (0 to 1), asked from another thread."""
        link = self._link
        done = link.query_progress() if isinstance(link, duckdb.DuckDBPyConnection) else -1.0
        return None if done < 0 else done / 100

    @property
    def _place(self) -> Here | There:
        link = self._linked()
        if isinstance(link, duckdb.DuckDBPyConnection):
            return Here(link)
        return There(lambda sql: self._run(Statement(sql, undoable=True), None), self._send)

    def _send(self, table: str, stream: bytes) -> None:
        """Add rows to a table of another process's database."""
        is_open = self._state.is_open
        run = Run(
            sql="FROM range(0)",
            has_rows=True,
            into=table,
            undoable=not is_open,
            in_transaction=is_open,
        )
        try:
            # Who shows something keeps the link.
            cast("Channel", self._link).run(run, stream=stream)
        except (StatementNotStarted, OwnerLost) as end:
            self._recover(Statement("", undoable=True), end)

    @contextmanager
    def lending(self, descriptor: int) -> Iterator[str]:
        """A path that is this open file for the statements in the block, whoever runs them."""
        name = str(secrets.randbelow(9 * 10**17) + 10**17)
        self._lent = (name, descriptor)
        try:
            yield f"/dev/fd/{name}"
        finally:
            self._lent = None

    def native(self) -> duckdb.DuckDBPyConnection:
        """DuckDB's connection itself, which the owner of the database alone can have."""
        deadline = time.monotonic() + _OWN_SECONDS
        while True:
            if isinstance(self._link, Channel) and not self._link.is_open:
                self._drop()
                self._state.forget()
            link = self._linked()
            if isinstance(link, duckdb.DuckDBPyConnection):
                return link
            if time.monotonic() > deadline:
                owner, *_ = self._source.participants()
                raise StorageError(
                    f"the database belongs to {owner}, which has opened it first",
                    hint="end that one for a connection of your own; ws.sql() works meanwhile",
                )
            time.sleep(0.02)

    # -- running ----------------------------------------------------------------------------------

    def _execute(self, query: str | duckdb.Statement, parameters: Params) -> Result:
        if isinstance(query, str):
            whole(query, "SQL")
        link = self._linked()
        if isinstance(link, duckdb.DuckDBPyConnection) and self._state.is_plain:
            return _some(link.execute(self._here(query), parameters))
        statements = split(_parser(link), query)
        if not statements:
            return _some(None)
        for statement in statements[:-1]:
            self._run(statement, None)
        return self._run(statements[-1], parameters)

    def _run(self, statement: Statement, params: Params) -> Result:
        if self._state.is_after_a_loss and self._state.ends_the_lost(statement):
            return NOTHING
        while True:
            link = self._linked()
            if isinstance(link, duckdb.DuckDBPyConnection):
                return link.execute(self._here(statement.text), params)
            try:
                answer = self._ask(link, statement, params)
            except (StatementNotStarted, OwnerLost) as end:
                self._recover(statement, end)
            else:
                return RemoteRows(link, answer, lambda end: self._again(statement, params, end))

    def _ask(
        self, link: Channel, statement: Statement, params: Params, *, once: bool = False
    ) -> Answer:
        plain, values = rows.encoded(params)
        lent = self._lent if self._lent and self._lends_to(statement) else (None, None)
        name, descriptor = lent
        run = Run(
            sql=from_here(statement.text),
            params=plain,
            has_rows=values is not None,
            lent=name,
            once=once,
            reads=statement.reads,
            undoable=statement.undoable and self._state.is_plain,
            in_transaction=self._state.is_open_after(statement),
            commits=statement.transaction == "commits",
            memory=self._limits.memory,
            temp=self._limits.temp,
        )
        try:
            answer = link.run(run, values, descriptor)
        except duckdb.Error:
            self._state.failed(statement)
            raise
        self._state.ran(statement)
        if _TIME_ZONE.match(statement.text):
            # Values of TIMESTAMPTZ are spelled in it, and they are spelled here.
            link.scratch.execute(statement.text)
        return answer

    def _again(
        self, statement: Statement, params: Params, end: StatementNotStarted | OwnerLost
    ) -> Result:
        """Run a statement whose owner went away while its rows were read, if that may be."""
        self._recover(statement, end)
        return self._run(statement, params)

    def _recover(self, statement: Statement, end: StatementNotStarted | OwnerLost) -> None:
        """Find the next owner; raises SessionLostError where that is not all there is to do."""
        self._drop()
        failure = self._state.lose(statement, end, lends=self._lends_to(statement))
        if self._stop.is_set():
            raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")
        if failure is not None:
            raise failure

    def _linked(self) -> Link:
        if self._process != os.getpid():
            if isinstance(self._link, Channel):
                self._link.forget()
            leak_after_fork(self._link)
            self._link, self._process = None, os.getpid()
            self._state.forget()
        if isinstance(self._link, Channel) and not self._link.is_open and not self._state.is_bound:
            self._drop()
        if self._link is None:
            self._link = self._source.link(self._stop)
        return self._link

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
        self._link = None

    def _lends_to(self, statement: Statement) -> bool:
        return self._lent is not None and self._lent[0] in statement.text

    def _here(self, query: str | duckdb.Statement) -> str | duckdb.Statement:
        """A statement for our own database: what was lent has its own number here."""
        if self._lent is None:
            return query
        text = query if isinstance(query, str) else str(query.query)
        name, descriptor = self._lent
        return text.replace(name, str(descriptor)) if name in text else query


def _some(result: T | None) -> T:
    if result is None:
        raise QueryError("there is no SQL statement here")
    return result


def _parser(link: Link) -> duckdb.DuckDBPyConnection:
    return link.scratch if isinstance(link, Channel) else link
