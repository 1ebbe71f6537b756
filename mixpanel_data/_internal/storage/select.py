"""The rows of a statement as a query that can be described, cut down and copied."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage.errors import one_line_up
from mixpanel_data._internal.storage.flat import changes
from mixpanel_data._internal.storage.session import Params
from mixpanel_data.exceptions import QueryError
from mixpanel_data.queries import Excerpt

_RESULT = "temp.main._result"


@dataclass(frozen=True)
class Select:
    """A query, its parameters, and the names and types of its columns.

    A PIVOT is several statements to DuckDB; a COPY of it does not say how many rows it copied.
    """

    query: str
    params: Params
    columns: Mapping[str, str]
    is_several: bool = False

    @property
    def is_ordered(self) -> bool:
        """Whether it may have asked for an order. Keeping another one costs memory."""
        return re.search(r"\border\b", self.query, re.IGNORECASE) is not None

    def text(self, excerpt: Excerpt, spelled: Mapping[str, str]) -> str:
        """The query with some columns spelled otherwise; it begins on the second line."""
        listed = [
            f"{spelled[name]} AS {quote(name)}" if name in spelled else quote(name)
            for name in excerpt.chosen(list(self.columns))
        ]
        return f"SELECT {', '.join(listed)} FROM (\n{self.query}\n){_bounds(excerpt)}"


def prepared(connection: duckdb.DuckDBPyConnection, sql: str, params: Params) -> Select:
    """Run all statements but the last, and make a query of that one."""
    statements = connection.extract_statements(sql)
    if not statements:
        raise QueryError("there is no SQL statement here")
    for statement in statements[:-1]:
        changes.note(connection, statement.query)
        connection.execute(statement)
    last = statements[-1]
    changes.note(connection, last.query)
    if last.type in {duckdb.StatementType.SELECT, duckdb.StatementType.MULTI}:
        select = described(connection, last.query.rstrip().removesuffix(";"), params)
        return replace(select, is_several=last.type == duckdb.StatementType.MULTI)
    connection.execute(last, params)
    _keep_result(connection)
    return described(connection, f"FROM {_RESULT}", None)


def described(connection: duckdb.DuckDBPyConnection, query: str, params: Params) -> Select:
    """A query with its columns; those of the same name are numbered, as DuckDB does it."""
    try:
        rows = connection.execute(f"DESCRIBE SELECT * FROM (\n{query}\n)", params).fetchall()
    except duckdb.Error as error:
        raise one_line_up(error) from error
    return Select(query, params, {name: kind for name, kind, *_ in rows})


def forget_result(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what `prepared` may have parked."""
    connection.execute(f"DROP TABLE IF EXISTS {_RESULT}")


def _bounds(excerpt: Excerpt) -> str:
    limit, offset = excerpt.limit, excerpt.offset
    if excerpt.max_bytes is not None:
        # Every row takes a byte at least. DuckDB stops early then, and keeps the order of rows.
        most = excerpt.max_bytes + 1
        limit = most if limit is None else min(limit, most)
    return (f" LIMIT {limit}" if limit is not None else "") + (
        f" OFFSET {offset}" if offset else ""
    )


def _keep_result(connection: duckdb.DuckDBPyConnection) -> None:
    """Park the few rows that EXPLAIN, CALL or INSERT … RETURNING gave in a temporary table."""
    names = [(name, str(kind)) for name, kind, *_ in connection.description or ()]
    rows = connection.fetchall()
    columns = ", ".join(f"{quote(name)} {kind}" for name, kind in names)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _result ({columns})")
    if rows:
        marks = ", ".join("?" for _ in names)
        connection.executemany(f"INSERT INTO {_RESULT} VALUES ({marks})", rows)
