"""What stands after WHERE: a condition, and nothing but a condition."""

from __future__ import annotations

import re
from contextlib import closing
from typing import Any

import duckdb

from mixpanel_data._internal.sql import literal, pointer
from mixpanel_data._internal.storage.acceleration.analysis import Leave
from mixpanel_data._internal.storage.acceleration.parser import Parser
from mixpanel_data._internal.storage.acceleration.syntax import Tree, bare
from mixpanel_data._internal.storage.errors import one_line_up
from mixpanel_data._internal.storage.looks.source import Source
from mixpanel_data.exceptions import ColumnNotFoundError, InvalidArgumentError

_KEY = re.compile(r"[^\W\d]\w*")
_OR_OR_COMMENT = re.compile(r"\bor\b|--|/\*", re.IGNORECASE)


def checked(source: Source, condition: str) -> str:
    """The condition, if it is one on the rows of this table; else DuckDB's error, or ours.

    It is compared with the syntax tree of another condition: a text that ends the WHERE clause
    and goes on with LIMIT, UNION or a second statement has other things beside it.
    """
    before = f"SELECT * FROM {source.sql} WHERE\n"
    sql = f"{before}{condition}"
    try:
        source.connection.extract_statements(sql)
        if not _is_like(sql, f"{before}true"):
            raise InvalidArgumentError(
                f"this is more than a condition: {condition.strip()}",
                hint="what SQL has between WHERE and ORDER BY, such as event_name = 'Purchase'",
            )
        source.rows(f"DESCRIBE {sql}")
    except duckdb.Error as error:
        raise one_line_up(error) from error
    return condition.strip()


def matching(source: Source, name: str, value: Any, also: str) -> str:
    """The condition of rows with this value in a column, else in a property, and of another one."""
    sought = _sought(source, name)
    if value is None:
        condition = f"{sought} IS NULL"
    elif isinstance(value, bool | str):
        condition = f"{sought} = {literal(value if isinstance(value, str) else str(value).lower())}"
    else:
        number = sought if "->>" not in sought else f"TRY_CAST({sought} AS DOUBLE)"
        condition = f"{number} = {value!r}"
    return f"{_whole(also)} AND {condition}" if also else condition


def _is_like(sql: str, model: str) -> bool:
    with closing(Parser()) as parser:
        try:
            found, other = parser.statements(sql), parser.statements(model)
        except Leave:
            return False
        return list(map(_without_condition, found)) == list(map(_without_condition, other))


def _without_condition(tree: Tree) -> Tree:
    node = {key: value for key, value in tree["node"].items() if key != "where_clause"}
    return {**bare(tree), "node": bare(node)}


def _sought(source: Source, name: str) -> str:
    """A column as it is, a property as its text in the JSON."""
    if (column := source.spelled(name)) is not None:
        return source.named(column)
    if not source.has_json:
        raise ColumnNotFoundError(name, source.columns)
    return f"properties->>{literal(name if _KEY.fullmatch(name) else pointer(name))}"


def _whole(condition: str) -> str:
    """A condition that AND leaves as it is."""
    is_plain = _OR_OR_COMMENT.search(condition) is None
    return condition if is_plain else f"({condition}\n)"
