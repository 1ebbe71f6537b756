"""What to run in the place of a query: the decision, checked against the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb

from mixpanel_data._internal.storage.acceleration.analysis import Analysis, NotEligible
from mixpanel_data._internal.storage.acceleration.flat_tables import FlatTables
from mixpanel_data._internal.storage.acceleration.parser import Parser
from mixpanel_data._internal.storage.acceleration.rewriting import Rewriting
from mixpanel_data._internal.storage.acceleration.scopes import FromItem
from mixpanel_data._internal.storage.acceleration.syntax import Tree, bare
from mixpanel_data._internal.storage.errors import one_line_up
from mixpanel_data._internal.storage.session import Params
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data.types import AcceleratedTable


@dataclass(frozen=True)
class Plan:
    """What to run; `sql` is None where that is the query as it was given.

    `tables` are those that flat tables stand for, `reasons` say why others stay as they are.
    """

    sql: str | None = None
    tables: tuple[AcceleratedTable, ...] = ()
    reasons: tuple[str, ...] = ()


class PlanRejected(Exception):  # noqa: N818 - no error: the query runs otherwise
    """What was planned is no valid query, or not the same one."""


class Planner:
    """Plans in a transaction of `connection`; a plan must be run in that same one."""

    def __init__(self, parser: Parser, connection: Connection) -> None:
        self._parser = parser
        self._connection = connection

    def plan(self, sql: str, params: Params, *, by_type: bool) -> Plan:
        """The same query on flat tables, as far as that is certainly the same.

        Raises PlanRejected when it is worth another try, in another transaction and without `by_type`.
        """
        try:
            return self._plan(sql, params, by_type=by_type)
        except NotEligible as reason:
            return Plan(reasons=(str(reason),))
        except KeyError as error:
            return Plan(reasons=(f"DuckDB's syntax tree lacks {error}",))
        except RecursionError:
            return Plan(reasons=("it is nested too deeply",))

    def _plan(self, sql: str, params: Params, *, by_type: bool) -> Plan:
        flat_tables = FlatTables.mentioned(self._connection, sql)
        tree, *more = self._parser.statements(sql)
        if more:
            raise NotEligible("of several statements only the last is looked at, when it is run")
        analysis = Analysis(tree, flat_tables.tables, flat_tables.columns_of)
        if analysis.table_functions:
            self._check_functions(analysis.table_functions)
        known = flat_tables.known(analysis.sources)
        rewriting = Rewriting(tree, analysis, known, by_type=by_type)
        reasons = _reasons(analysis)
        if not rewriting.accelerated:
            return Plan(reasons=reasons or ("it reads no property of a table that it names",))
        columns = self._describe(sql, params)
        rewriting.name([name for name, _ in columns], self._parser.name)
        rewriting.apply(flat_tables.database, self._parser.statements)
        text = self._parser.text(tree)
        try:
            self._check(tree, text, params, columns)
        except PlanRejected as misfit:
            if by_type and rewriting.reads_types:
                raise
            raise NotEligible(str(misfit)) from misfit
        return Plan(text, tuple(map(_named, rewriting.accelerated)), reasons)

    def _check_functions(self, names: Collection[str]) -> None:
        # A macro that is a table takes the names in its arguments for names in its own query.
        for name in sorted(names):
            if name not in self._parser.functions:
                raise NotEligible(f"{name}() may be a macro")

    def _check(
        self, tree: Tree, text: str, params: Params, columns: Sequence[tuple[str, str]]
    ) -> None:
        """The text must say what the tree says, and give the same columns as the query."""
        if [bare(statement) for statement in self._parser.statements(text)] != [bare(tree)]:
            raise PlanRejected("DuckDB can't print it the way it reads it")
        try:
            described = self._describe(text, params)
        except duckdb.BinderException as error:
            raise PlanRejected(f"it would be invalid: {error}") from error
        if described != columns:
            raise PlanRejected("its columns would have other names or types")

    def _describe(self, sql: str, params: Params) -> list[tuple[str, str]]:
        try:
            rows = self._connection.execute(f"DESCRIBE\n{sql}", params).fetchall()
        except duckdb.Error as error:
            raise one_line_up(error) from error
        return [(name, kind) for name, kind, *_ in rows]


def _named(source: FromItem) -> AcceleratedTable:
    table = source.uses[0].table
    properties = dict.fromkeys(use.property for use in source.uses)
    return AcceleratedTable(source.alias, table.name, table.flat, tuple(properties))


def _reasons(analysis: Analysis) -> tuple[str, ...]:
    left = [source for source in analysis.sources if source.reason]
    return tuple(f"{source.alias}: {source.reason}" for source in left)
