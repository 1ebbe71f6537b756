"""The rows of a statement as a query: described, cut down to an excerpt, copied to a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import duckdb

from mixpanel_data._internal.sql import literal, quote
from mixpanel_data._internal.storage.errors import one_line_up
from mixpanel_data._internal.storage.flat import changes
from mixpanel_data._internal.storage.session import Params
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data._internal.storage.tokens import tokens
from mixpanel_data.exceptions import QueryError, SessionLostError
from mixpanel_data.queries import Excerpt

Spell = Callable[[Mapping[str, str]], Mapping[str, str]]
"""From names and types of columns to the expressions of those that need one."""

_RESULT = "temp.main._result"
_PARKED = f"FROM {_RESULT}"


@dataclass(frozen=True)
class Select:
    """A query, its parameters, and what of it is wanted.

    Its rows may have been given an order. Keeping the one that others happen to have costs memory.
    """

    query: str
    params: Params
    is_ordered: bool
    listed: str
    bounds: str

    @property
    def is_parked(self) -> bool:
        """Its rows are in a temporary table, which the connection may lose."""
        return self.query == _PARKED

    @property
    def text(self) -> str:
        """SQL for the excerpt; the query begins on the second line."""
        return f"SELECT {self.listed} FROM (\n{self.query}\n){self.bounds}"

    def forget(self, connection: Connection) -> None:
        """Drop what was parked."""
        if self.is_parked:
            with suppress(SessionLostError):
                connection.execute(f"DROP TABLE IF EXISTS {_RESULT}")

    def copy(self, connection: Connection, target: str, options: str) -> int:
        """Copy the rows to a file and say how many they are."""
        options = f"{options}, USE_TMP_FILE false, PRESERVE_ORDER {self.is_ordered}"
        statement = f"COPY ({self.text}) TO {literal(target)} ({options})"
        try:
            return int(connection.execute(statement, self.params).fetchall()[0][0])
        except duckdb.Error as error:
            raise one_line_up(error) from error


def prepared(
    connection: Connection, sql: str, params: Params, excerpt: Excerpt, spell: Spell
) -> Select:
    """Run all statements but the last, and make a query of that one."""
    statements = connection.extract_statements(sql)
    if not statements:
        raise QueryError("there is no SQL statement here")
    for statement in statements[:-1]:
        with changes.noting(connection, statement.query):
            connection.execute(statement)
    query, params, is_ordered = _last(connection, statements[-1], params)
    select = Select(query, params, is_ordered, "*", _bounds(excerpt))
    try:
        columns = _columns(connection, query, params)
        spelled = spell(columns)
        listed = ", ".join(
            f"{spelled[name]} AS {quote(name)}" if name in spelled else quote(name)
            for name in excerpt.chosen(list(columns))
        )
    except BaseException:
        select.forget(connection)
        raise
    return replace(select, listed=listed)


def _last(
    connection: Connection, statement: duckdb.Statement, params: Params
) -> tuple[str, Params, bool]:
    """A query, its parameters, and whether its rows have an order.

    What can't be copied is run, and its rows are kept. Those of a PIVOT are parked in a temporary
    table: DuckDB makes several statements of it, and does not say how many rows it copied.
    """
    query = _unended(statement.query)
    with changes.noting(connection, statement.query):
        if statement.type == duckdb.StatementType.SELECT:
            is_ordered = re.search(r"\border\b", query, re.IGNORECASE) is not None
            return query, params, is_ordered
        if statement.type == duckdb.StatementType.MULTI:
            try:
                connection.execute(f"CREATE OR REPLACE TEMP TABLE _result AS\n{query}", params)
            except duckdb.Error as error:
                raise one_line_up(error) from error
            return _PARKED, None, True
        connection.execute(statement, params)
        return *_kept(connection), True


def _unended(sql: str) -> str:
    """A statement without its semicolon, behind which a comment may stand."""
    *_, last = tokens(sql)
    return sql.encode()[: last.start].decode() if last.text == b";" else sql.rstrip()


def _columns(connection: Connection, query: str, params: Params) -> dict[str, str]:
    """Names and types; columns of the same name are numbered, as DuckDB does it."""
    try:
        rows = connection.execute(f"DESCRIBE SELECT * FROM (\n{query}\n)", params).fetchall()
    except duckdb.Error as error:
        raise one_line_up(error) from error
    return {name: kind for name, kind, *_ in rows}


def _bounds(excerpt: Excerpt) -> str:
    limit, offset = excerpt.limit, excerpt.offset
    if excerpt.max_bytes is not None:
        # Every row takes a byte at least. DuckDB stops early then, and keeps the order of rows.
        most = excerpt.max_bytes + 1
        limit = most if limit is None else min(limit, most)
    return (f" LIMIT {limit}" if limit is not None else "") + (
        f" OFFSET {offset}" if offset else ""
    )


def _kept(connection: Connection) -> tuple[str, Params]:
    """The few rows that EXPLAIN, CALL or INSERT … RETURNING gave, as a query."""
    names = [(name, str(kind)) for name, kind, *_ in connection.description or ()]
    columns = list(zip(*connection.fetchall(), strict=True)) or [()] * len(names)
    listed = ", ".join(
        f"unnest(CAST(${number} AS {kind}[])) AS {quote(name)}"
        for number, (name, kind) in enumerate(names, start=1)
    )
    return f"SELECT {listed}", [list(column) for column in columns]
