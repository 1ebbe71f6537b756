"""SQL that only reads what is in the database, told from its syntax tree; all else is refused.

A database that several processes share can't be told to refuse files and settings: that would be
for all of them. So whatever is not known to be harmless is refused here, before it runs. A view is
judged by its query; a macro is refused, as nobody sees from outside what it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import cached_property
from typing import Any

import duckdb

from mixpanel_data._internal.storage.acceleration.analysis import EXPRESSIONS, NotEligible
from mixpanel_data._internal.storage.acceleration.parser import Parser
from mixpanel_data._internal.storage.acceleration.syntax import Tree, fold
from mixpanel_data._internal.storage.sharing import Connection, Params
from mixpanel_data._internal.storage.tokens import tokens
from mixpanel_data.exceptions import InvalidArgumentError, TableNotFoundError

Names = frozenset[str]

_QUERIES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"}
_PARTS = {
    *("BASE_TABLE", "EMPTY", "EXPRESSION_LIST", "JOIN", "PIVOT", "SHOW_REF", "SUBQUERY"),
    *("TABLE_FUNCTION", "DISTINCT_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER"),
    *("ORDER_MODIFIER", "ORDER_DEFAULT", "ASCENDING", "DESCENDING"),
}
"""What stands in FROM, ORDER BY and LIMIT."""

_TABLE_FUNCTIONS = {"generate_series", "json_each", "json_tree", "range", "repeat", "unnest"}
_FUNCTIONS = {
    *("unnest", "grouping", "grouping_id"),
    *("gen_random_uuid", "random", "uuid", "uuidv4", "uuidv7"),
}
"""Harmless ones, though DuckDB does not list them, or says that they have effects."""

_TELLING = {"current_setting", "getvariable", "in_search_path"}
_HARMLESS = """
    SELECT function_name FROM duckdb_functions()
    WHERE function_type IN ('scalar', 'aggregate', 'window', 'macro')
    GROUP BY function_name HAVING NOT bool_or(coalesce(has_side_effects, false))
"""
_TYPES = "SELECT type_name FROM duckdb_types()"

_OWN_TYPES = "SELECT type_name FROM duckdb_types() WHERE NOT internal"
_MACROS = """
    SELECT function_name FROM duckdb_functions()
    WHERE NOT internal AND function_type IN ('macro', 'table_macro')
"""
_RELATIONS = """
    SELECT database_name, table_name, NULL FROM duckdb_tables()
    WHERE database_name IN (current_database(), 'temp') AND schema_name = 'main'
    UNION ALL
    SELECT database_name, view_name, sql FROM duckdb_views()
    WHERE database_name IN (current_database(), 'temp') AND schema_name = 'main' AND NOT internal
"""
_SCHEMAS = "SELECT unnest(current_schemas(false))"
_DATABASE = "SELECT current_database()"

_CATALOG = {"columns", "tables"}
"""Views of information_schema."""

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
"""Never that of a file: that has a dot."""


_EXPLAIN = re.compile(r"\s*EXPLAIN\s+(?!ANALYZE\b)(?=\w)", re.IGNORECASE)


def check(
    connection: Connection, sql: str, params: Params = None, frames: Iterable[str] = ()
) -> None:
    """Raise unless `sql` is one SELECT on tables and views of this database, and nothing else.

    `frames` are names that stand for DataFrames. The plan of such a SELECT (EXPLAIN) may be read.
    Temporary views of the session are judged as others are, for they hide tables of their names.
    """
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise _refused(f"one statement is run at a time, and these are {len(statements)}")
    if statements[0].type == duckdb.StatementType.EXPLAIN and (plan := _EXPLAIN.match(sql)):
        sql = sql[plan.end() :]
        statements = connection.extract_statements(sql)
    if statements[0].type != duckdb.StatementType.SELECT:
        raise _refused(f"only SELECT is run here, not {statements[0].type.name}")
    with closing(Parser()) as parser:
        names = params if isinstance(params, Mapping) else ()
        reader = _Reader(
            connection, parser, frozenset(map(fold, frames)), frozenset(map(fold, names))
        )
        reader.check_session()
        reader.query(sql)


class _Reader:
    """Looks at every part of a query, and of the views that it reads."""

    def __init__(
        self, connection: Connection, parser: Parser, frames: Names, params: Names
    ) -> None:
        self._connection = connection
        self._parser = parser
        self._frames = frames
        self._params = params
        self._seen: set[tuple[str, str]] = set()

    def check_session(self) -> None:
        """Names must mean what they mean here: main is the one schema that is searched."""
        if others := self._names(_SCHEMAS) - {"main"}:
            raise _refused(f"this session looks for tables in {', '.join(sorted(others))}")

    def query(self, sql: str) -> None:
        try:
            trees = self._parser.statements(sql)
        except NotEligible as reason:
            raise _refused(str(reason)) from reason
        try:
            for tree in trees:
                self._walk(tree["node"], frozenset())
        except RecursionError as error:
            raise _refused("the query is nested too deeply") from error

    def _walk(self, value: Any, ctes: Names) -> None:
        if isinstance(value, list):
            for item in value:
                self._walk(item, ctes)
        elif isinstance(value, dict):
            if "cte_map" in value:
                self._node(value, ctes)
                return
            if "class" in value:
                self._expression(value)
            elif isinstance(value.get("type"), str):
                self._part(value, ctes)
            self._walk(list(value.values()), ctes)

    def _node(self, node: Tree, ctes: Names) -> None:
        if node["type"] not in _QUERIES:
            raise _refused(f"only SELECT is run here, not {_said(node['type'])}")
        for entry in node["cte_map"]["map"]:
            if not _PLAIN_NAME.fullmatch(entry["key"]):
                raise _refused(f"a CTE has a plain name here, not {entry['key']!r}")
            ctes |= {fold(entry["key"])}
            self._walk(entry["value"], ctes)
        self._walk([part for name, part in node.items() if name != "cte_map"], ctes)

    def _expression(self, node: Tree) -> None:
        if node["class"] not in EXPRESSIONS:
            raise _refused(f"an expression is not known here: {node['class']}")
        if node["class"] in {"FUNCTION", "WINDOW"}:
            self._function(fold(node["function_name"]), self._functions)
        elif node["class"] == "PARAMETER":
            name = fold(node["identifier"])
            if not name.isdigit() and name not in self._params:
                raise _refused(f"${name} is none of the parameters")  # but a variable, perhaps
        elif node["class"] == "TYPE" and fold(node["type_name"]) not in self._types:
            raise _refused(f"the type {node['type_name']} is not one of DuckDB's own")

    def _part(self, part: Tree, ctes: Names) -> None:
        if part["type"] not in _PARTS:
            raise _refused(f"this is not known here: {_said(part['type'])}")
        if part["type"] == "BASE_TABLE":
            self._table(part, ctes)
        elif part["type"] == "SHOW_REF" and part["query"] is None:
            if part["table_name"] != '"tables"':
                raise _refused("of SHOW, only SHOW TABLES is run here")
        elif part["type"] == "TABLE_FUNCTION":
            function = part["function"]
            self._function(fold(function["function_name"]), _TABLE_FUNCTIONS)
            part["function"] = function["arguments"]  # a table function is no other function

    def _function(self, name: str, known: Iterable[str]) -> None:
        if name in self._macros:
            raise _refused(f"{name}() is a macro of this database")
        if name not in known:
            raise _refused(f"{name}() is not among the functions that only compute")

    def _table(self, ref: Tree, ctes: Names) -> None:
        name, schema, catalog = (
            fold(ref[key]) for key in ("table_name", "schema_name", "catalog_name")
        )
        if not schema and not catalog and name in ctes:
            return
        if not schema and not catalog and name in self._frames and not self._found(name, catalog):
            return
        if catalog not in {"", self._database}:
            raise _refused(f"{ref['catalog_name']} is another database")
        if schema == "information_schema" and name in _CATALOG:
            return
        place = self._found(name, catalog)
        if schema not in {"", "main"} or place is None:
            path = ".".join(filter(None, (schema, ref["table_name"])))
            raise TableNotFoundError(path, self._known)
        view = self._relations[place]
        if view is not None and place not in self._seen:
            self._seen.add(place)
            self.query(_body(view))

    def _found(self, name: str, catalog: str) -> tuple[str, str] | None:
        """Where DuckDB finds a table: what is temporary comes first, in views, too."""
        for database in (catalog,) if catalog else ("temp", self._database):
            if (database, name) in self._relations:
                return database, name
        return None

    # -- what is known ----------------------------------------------------------------------------

    def _names(self, sql: str) -> Names:
        return frozenset(fold(name) for (name,) in self._connection.execute(sql).fetchall())

    @cached_property
    def _functions(self) -> Names:
        return (self._parser.names(_HARMLESS) | _FUNCTIONS) - _TELLING

    @cached_property
    def _types(self) -> Names:
        return self._parser.names(_TYPES) | self._names(_OWN_TYPES)

    @cached_property
    def _macros(self) -> Names:
        return self._names(_MACROS)

    @cached_property
    def _database(self) -> str:
        (name,) = self._names(_DATABASE)
        return name

    @cached_property
    def _relations(self) -> dict[tuple[str, str], str | None]:
        """Tables, and views with the statement that makes them, by database and name."""
        rows = self._connection.execute(_RELATIONS).fetchall()
        return {(fold(database), fold(name)): view for database, name, view in rows}

    @property
    def _known(self) -> list[str]:
        return [name for _, name in self._relations if not name.startswith("_")]


def _body(view: str) -> str:
    """The query of a view, which DuckDB gives as the statement that makes it."""
    depth = 0
    for token in tokens(view):
        depth += token.text.count(b"(") - token.text.count(b")") if not token.is_string else 0
        if depth == 0 and token.text.lower() == b"as":
            return view.encode()[token.start + 2 :].decode()
    raise _refused("a view can't be read")


def _said(kind: str) -> str:
    return kind.removesuffix("_NODE").removesuffix("_QUERY").replace("_", " ")


def _refused(why: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        why, hint="one SELECT on fetched tables; a person may run anything else with mp sql"
    )
