"""Section of `Workspace`: the tables here."""

from __future__ import annotations

import time

from mixpanel_data.types import (
    FlattenResult,
    TableDetails,
    TableInfo,
    TableSchema,
    TableType,
    WorkspaceInfo,
)
from mixpanel_data.types.answers import Answers
from mixpanel_data.workspace.parts import Parts


class Tables(Parts):
    """Looks at the local tables, and drops them."""

    def info(self) -> WorkspaceInfo:
        """Whose data this is, where it lies and which tables it has."""
        tables = tuple(self.tables())
        path = self._storage.path
        who = self._credentials
        owner, *borrowers = self._storage.participants()
        return WorkspaceInfo(
            path=path,
            size_bytes=path.stat().st_size if path is not None else None,
            account=who.account if who else None,
            project_id=who.project_id if who else None,
            region=who.region if who else None,
            source=self.source,
            tables=tables,
            owner=owner,
            borrowers=tuple(borrowers),
        )

    def tables(self) -> list[TableInfo]:
        """All local tables, by name."""
        return Answers(self._storage.list_tables())

    def schema(self, table: str) -> TableSchema:
        """The columns of a local table."""
        return self._storage.get_schema(table)

    def details(self, table: str) -> TableDetails:
        """How a local table was fetched, and roughly how much of the file it takes."""
        return self._storage.details(table)

    def flatten(self, table: str, *, columns: int | None = None) -> FlattenResult:
        """Build the flat table of a fetched table anew: `<table>_flat`, typed columns for its JSON.

        Columns that are there stay, then the most used properties get one, up to `columns` (the
        setting flat_columns when left out); the others stay in the JSON alone.
        """
        self._check_can_change("builds no tables")
        started = time.monotonic()
        limit = self._settings.flat_columns if columns is None else columns
        properties = self._storage.flatten(table, flat_columns=limit)
        info = self._storage.get_schema(table)
        return FlattenResult(
            table=info.table,
            flat=str(info.flat),
            rows=info.rows,
            columns=sum(found.column is not None for found in properties),
            left_in_json=sum(found.column is None for found in properties),
            duration_seconds=round(time.monotonic() - started, 3),
        )

    def drop(self, *names: str) -> None:
        """Drop tables: all of them, or none when one is unknown."""
        self._check_can_change("drops no tables")
        for name in names:
            self._storage.get_schema(name)
        for name in dict.fromkeys(names):
            self._storage.drop_table(name)

    def drop_all(self, type: TableType | None = None) -> list[str]:  # noqa: A002 - spec.md
        """Drop all tables, or those of one type, and say which."""
        names = [table.name for table in self.tables() if type in {None, table.type}]
        self.drop(*names)
        return names
