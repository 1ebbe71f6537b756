"""DuckDB's parser and printer."""

from __future__ import annotations

import json
from functools import cached_property

import duckdb

from mixpanel_data._internal.storage.acceleration.analysis import NotEligible
from mixpanel_data._internal.storage.acceleration.syntax import Tree, fold
from mixpanel_data._internal.storage.opening import connect


class Parser:
    """Turns SQL into trees and back.

    A database whose files older versions can read gives trees of an older shape, so this is a
    database of its own, empty and in memory. One thread at a time may use it.
    """

    def statements(self, sql: str) -> list[Tree]:
        """The trees of SELECT statements; raises NotEligible for others and for what is no SQL."""
        answer = json.loads(self._ask("SELECT json_serialize_sql($1::VARCHAR)", sql))
        if answer["error"]:
            raise NotEligible(f"DuckDB gives no syntax tree: {answer['error_message']}")
        statements: list[Tree] = answer["statements"]
        return statements

    def text(self, tree: Tree) -> str:
        """SQL for the tree of a statement."""
        whole = json.dumps({"error": False, "statements": [tree]})
        return self._ask("SELECT json_deserialize_sql($1::JSON)", whole)

    def name(self, expression: Tree) -> str:
        """How DuckDB names a column without an alias: by the text of its expression."""
        (one,) = self.statements("SELECT 1")
        one["node"]["select_list"] = [expression]
        return self.text(one).removeprefix("SELECT ")

    @cached_property
    def functions(self) -> frozenset[str]:
        """All functions that DuckDB comes with."""
        return self.names("SELECT function_name FROM duckdb_functions()")

    def names(self, question: str) -> frozenset[str]:
        """Folded names that a query of DuckDB's own catalog gives."""
        return frozenset(fold(name) for (name,) in self._connection.execute(question).fetchall())

    def _ask(self, question: str, value: str) -> str:
        ((answer,),) = self._connection.execute(question, [value]).fetchall()
        return str(answer)

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return connect(threads=1)

    def close(self) -> None:
        """Let go of the database; closing twice is fine."""
        if "_connection" in self.__dict__:
            self._connection.close()
