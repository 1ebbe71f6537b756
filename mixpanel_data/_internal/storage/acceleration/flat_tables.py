"""The fetched tables that a query may mean, and what is known of their flat tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage.acceleration.analysis import NotEligible
from mixpanel_data._internal.storage.acceleration.scopes import Columns, Fetched, FromItem
from mixpanel_data._internal.storage.acceleration.syntax import fold
from mixpanel_data._internal.storage.flat import catalog
from mixpanel_data._internal.storage.flat.columns import KEYS
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data.exceptions import command
from mixpanel_data.types import PropertyInfo

_RELATIONS = """
    SELECT table_name, temporary, column_count
    FROM duckdb_tables()
    WHERE temporary OR (database_name = current_database() AND schema_name = 'main')
    UNION ALL
    SELECT view_name, true, 0
    FROM duckdb_views()
    WHERE temporary AND NOT internal
"""

_CIRCUMSTANCES = """
    SELECT
        current_database(),
        current_schema(),
        '{"a": "B"}'::JSON ->> '$.a',
        json_extract_string('{"a": 1}'::JSON, '$.a'),
        json_extract_path_text('{"A": 1}'::JSON, '$.a')
"""


@dataclass(frozen=True)
class FlatTables:
    """Fetched tables of `database` with a flat table of as many rows, by folded name."""

    connection: Connection
    database: str
    tables: Mapping[str, Fetched]

    @classmethod
    def mentioned(cls, connection: Connection, sql: str) -> FlatTables:
        """Those whose name is in a text, and can mean nothing else."""
        database, schema, *answers = _row(connection, _CIRCUMSTANCES)
        if schema != "main":
            raise NotEligible(f"the current schema is {schema}")
        if answers != ["B", "1", None]:
            raise NotEligible("a macro stands in the place of ->>")
        relations = connection.execute(_RELATIONS).fetchall()
        here = {fold(name): columns for name, temporary, columns in relations if not temporary}
        shadows = {fold(name) for name, temporary, _ in relations if temporary}
        text = fold(sql)
        found = {
            name: table
            for table in _in_step(connection, here)
            if (name := fold(table.name)) in text and name not in shadows
        }
        changed = {
            name: reason
            for name, table in found.items()
            if (reason := _changed(connection, database, table, here))
        }
        tables = {name: table for name, table in found.items() if name not in changed}
        if not tables:
            none = "it names no fetched table that has a flat table in step with it"
            raise NotEligible(next(iter(changed.values()), none))
        return cls(connection, database, tables)

    def columns_of(self, name: str) -> Columns:
        """All columns that a table or view of this name may have; None where it is unknown."""
        rows = self.connection.execute(
            "SELECT column_name FROM duckdb_columns() WHERE lower(table_name) = lower(?)", [name]
        ).fetchall()
        return frozenset(fold(column) for (column,) in rows) or None

    def known(self, sources: Iterable[FromItem]) -> dict[str, dict[str, PropertyInfo]]:
        """What the catalog knows of the properties that are used, by table."""
        wanted: dict[str, set[str]] = {}
        for source in sources:
            if source.table is not None:
                names = {use.property for use in source.uses}
                wanted.setdefault(source.table.name, set()).update(names)
        return {
            table: catalog.look_up(self.connection, table, names) for table, names in wanted.items()
        }


def _in_step(connection: Connection, here: Mapping[str, int]) -> list[Fetched]:
    rows = catalog.in_step(connection) if catalog.FLAT in here else []
    return [Fetched(*row) for row in rows if fold(row[1]) in here]


def _changed(
    connection: Connection,
    database: str,
    table: Fetched,
    here: Mapping[str, int],
) -> str | None:
    """How a table was changed past us, as far as that shows at a glance."""
    if here.get(fold(table.name)) != len(KEYS[table.type]) + 1:
        return f"{table.name} does not have the columns of a fetched table"
    of, flat = (f"{quote(database)}.main.{quote(name)}" for name in (table.name, table.flat))
    (same,) = _row(
        connection, f"SELECT (SELECT count(*) FROM {of}) = (SELECT count(*) FROM {flat})"
    )
    if not same:
        remedy = command("flatten", table.name)
        return f"{table.flat} has other rows than {table.name}: {remedy}"
    return None


def _row(connection: Connection, sql: str) -> tuple[Any, ...]:
    (row,) = connection.execute(sql).fetchall()
    return tuple(row)
