"""Queries, on flat tables where that gives the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import duckdb

from mixpanel_data._internal.storage.acceleration.parser import Parser
from mixpanel_data._internal.storage.acceleration.planning import Plan, Planner, PlanRejected
from mixpanel_data._internal.storage.errors import UNRELATED
from mixpanel_data._internal.storage.session import Params
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data._internal.storage.transactions import in_transaction, snapshot
from mixpanel_data.exceptions import SessionLostError

T = TypeVar("T")

_PROMISING = re.compile(r"->>|json_extract_(string|path_text)", re.IGNORECASE)


class Acceleration:
    """Runs queries of one connection; on that connection's thread."""

    def __init__(self) -> None:
        self._parser = Parser()

    def run(
        self,
        connection: Connection,
        sql: str,
        params: Params,
        read: Callable[[str], T],
    ) -> T:
        """What `read` makes of the query, which it is given as the text to execute."""
        try:
            with self.rewritten(connection, sql, params) as text:
                if text is not None:
                    return read(text)
        except UNRELATED:
            raise
        except SessionLostError as lost:
            if not lost.undone:
                raise
        except duckdb.Error:
            pass  # people see their own SQL in errors, so it is run as well
        return read(sql)

    @contextmanager
    def rewritten(self, connection: Connection, sql: str, params: Params) -> Iterator[str | None]:
        """The text to run instead of a query, within the block; None for the query itself."""
        # A statement that fails would end a transaction that is not ours.
        if _PROMISING.search(sql) is None or in_transaction(connection):
            yield None
            return
        for by_type in (True, False):
            with snapshot(connection):
                try:
                    found = Planner(self._parser, connection).plan(sql, params, by_type=by_type)
                except PlanRejected:
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

    def explain(self, connection: Connection, sql: str, params: Params) -> Plan:
        """What `run` would run."""
        if _PROMISING.search(sql) is None:
            return Plan(reasons=("it reads no property with ->> or json_extract_string",))
        if in_transaction(connection):
            return Plan(reasons=("it is part of a transaction",))
        planner = Planner(self._parser, connection)
        with snapshot(connection):
            try:
                return planner.plan(sql, params, by_type=True)
            except PlanRejected:
                pass
        with snapshot(connection):
            return planner.plan(sql, params, by_type=False)

    def close(self) -> None:
        """Let go of what it holds; closing twice is fine."""
        self._parser.close()
