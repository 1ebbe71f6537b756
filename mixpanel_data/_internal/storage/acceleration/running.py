"""Queries, on flat tables where that gives the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import duckdb

from mixpanel_data._internal.storage.acceleration.parser import Parser
from mixpanel_data._internal.storage.acceleration.planning import Misfit, Plan, Planner
from mixpanel_data._internal.storage.errors import UNRELATED
from mixpanel_data._internal.storage.session import Params

T = TypeVar("T")

_PROMISING = re.compile(r"->>|json_extract_(string|path_text)", re.IGNORECASE)


class Acceleration:
    """Runs queries of one connection; on that connection's thread."""

    def __init__(self) -> None:
        self._parser = Parser()

    def run(
        self,
        connection: duckdb.DuckDBPyConnection,
        sql: str,
        params: Params,
        read: Callable[[str], T],
    ) -> T:
        """What `read` makes of the query, which it is given as the text to execute."""
        with self.rewritten(connection, sql, params) as text:
            if text is not None:
                try:
                    return read(text)
                except UNRELATED:
                    raise
                except duckdb.Error:
                    pass  # people see their own SQL in errors, so it is run as well
        return read(sql)

    @contextmanager
    def rewritten(
        self, connection: duckdb.DuckDBPyConnection, sql: str, params: Params
    ) -> Iterator[str | None]:
        """The text to run instead of a query, within the block; None for the query itself."""
        # A statement that fails would end a transaction that is not ours.
        if _PROMISING.search(sql) is None or _in_transaction(connection):
            yield None
            return
        for by_type in (True, False):
            with _snapshot(connection):
                try:
                    found = Planner(self._parser, connection).plan(sql, params, by_type=by_type)
                except Misfit:
                    continue
                except UNRELATED:
                    raise
                except duckdb.Error:
                    break  # the query itself fails, and says why
                if found.sql is None:
                    break
                yield found.sql
                return
        yield None

    def explain(self, connection: duckdb.DuckDBPyConnection, sql: str, params: Params) -> Plan:
        """What `run` would run."""
        if _PROMISING.search(sql) is None:
            return Plan(reasons=("it reads no property with ->> or json_extract_string",))
        if _in_transaction(connection):
            return Plan(reasons=("it is part of a transaction",))
        planner = Planner(self._parser, connection)
        with _snapshot(connection):
            try:
                return planner.plan(sql, params, by_type=True)
            except Misfit:
                pass
        with _snapshot(connection):
            return planner.plan(sql, params, by_type=False)

    def close(self) -> None:
        """Let go of what it holds; closing twice is fine."""
        self._parser.close()


@contextmanager
def _snapshot(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A transaction in which nothing is changed."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        _rollback(connection)


def _rollback(connection: duckdb.DuckDBPyConnection) -> None:
    while True:
        try:
            connection.execute("ROLLBACK")
        except duckdb.InterruptException:
            continue
        return


def _in_transaction(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a transaction is open: outside of one, each statement has its own."""
    first, second = (connection.execute("SELECT txid_current()").fetchone() for _ in "ab")
    return first == second
