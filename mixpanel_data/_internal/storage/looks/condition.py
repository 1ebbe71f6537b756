"""What a user types after WHERE: a condition, and nothing but a condition."""

from __future__ import annotations

from contextlib import closing

import duckdb

from mixpanel_data._internal.storage.acceleration.analysis import Leave
from mixpanel_data._internal.storage.acceleration.parser import Parser
from mixpanel_data._internal.storage.acceleration.syntax import Tree, bare
from mixpanel_data._internal.storage.errors import one_line_up
from mixpanel_data._internal.storage.looks.source import Source
from mixpanel_data.exceptions import InvalidArgumentError


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
