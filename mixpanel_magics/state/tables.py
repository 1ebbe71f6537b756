"""The tables of a workspace, to choose from, look into and drop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mixpanel_data.exceptions import TableNotFoundError
from mixpanel_magics.state.columns import Columns
from mixpanel_magics.state.part import Part
from mixpanel_magics.state.places import shown
from mixpanel_magics.state.rows import Rows

if TYPE_CHECKING:
    from mixpanel_data import TableInfo, Workspace


class Tables(Part):
    """The tables, one of them open: its rows and its columns, each asked on its own connection.

    The connections are siblings of the workspace, which may be busy, or be closed before this.
    """

    def __init__(self, workspace: Workspace, told: Callable[[], None]) -> None:
        super().__init__(workspace.sibling(), told)
        self.listed: list[TableInfo] = []
        self.sizes: dict[str, int | None] = {}
        self.open_table: str | None = None
        self.to_drop: str | None = None
        self.is_closed = False
        self.rows = Rows(workspace.sibling(), told)
        self.columns = Columns(workspace.sibling(), told)

    @property
    def path(self) -> str:
        """The database file."""
        return shown(self._workspace.path) if self._workspace.path else "memory"

    @property
    def names(self) -> list[str]:
        """What can be opened: each table, and the flat one beside it."""
        return [
            name for table in self.listed for name in (table.name, table.flat) if name is not None
        ]

    @property
    def info(self) -> TableInfo | None:
        """The table that is open, or that a flat one which is open belongs to."""
        found = (t for t in self.listed if self.open_table in {t.name, t.flat})
        return next(found, None) if self.open_table else None

    @property
    def overview(self) -> list[tuple[Any, ...]]:
        """A row for each table: what it is, how large, of which days, fetched when and where."""
        return [
            (
                table.name,
                table.type,
                table.rows,
                size_of(self.sizes.get(table.name)),
                table.from_date or "",
                table.to_date or "",
                f"{table.fetched_at:%Y-%m-%d %H:%M}" if table.fetched_at else "",
                table.source or "",
                "changed" if table.changed else "",
            )
            for table in self.listed
        ]

    @property
    def facts(self) -> str:
        """How the open table came to be, in words."""
        schema, details = self.columns.schema, self.columns.details
        if schema is None or details is None or self.info is None:
            return ""
        told = [f"{schema.table}: {schema.rows:,} rows, {len(schema.columns)} columns"]
        if schema.changed:
            told.append("changed by SQL or another program after it was fetched")
        if schema.table == self.info.flat:
            told.append(f"the properties of {self.info.name} as typed columns")
        elif schema.flat:
            told.append(f"{len(schema.properties)} properties, as columns in {schema.flat}")
        if (fetched := details.fetched) is not None:
            only = [
                f"events {', '.join(fetched.filter_events)}" if fetched.filter_events else "",
                fetched.filter_where or "",
                f"a sample of {fetched.filter_limit:,}" if fetched.filter_limit else "",
            ]
            told += [f"fetched only: {text}" for text in only if text]
        return "; ".join(told)

    @property
    def question(self) -> str:
        """What to ask before a table is dropped."""
        if self.to_drop is None:
            return ""
        flat = next((t.flat for t in self.listed if t.name == self.to_drop and t.flat), None)
        return f"Drop {self.to_drop}{f' and {flat}' if flat else ''} for good?"

    @property
    def nothing(self) -> str:
        """What to do where there is no table."""
        if self.listed or self.is_busy or self.is_closed:
            return ""
        return "no tables yet: %mp_fetch events --from DATE --to DATE"

    def refresh(self, table: str | None = None) -> None:
        """Look which tables there are, and open one; else that which is open, else the first."""
        wanted = table or self.open_table

        def seen(tables: list[TableInfo]) -> None:
            self._list(tables)
            lower = {name.lower(): name for name in self.names}
            if wanted is not None and wanted.lower() in lower:
                self._open(lower[wanted.lower()])
            elif self.names:
                self.open(self.names[0])
            else:
                self._shut()

        self.to_drop = None
        self._do(self._workspace.tables, seen)

    def open(self, table: str) -> None:
        """Show a table from its first row on, as it is."""
        self.to_drop = None
        self.open_table = table
        self.rows.open(table)
        self.columns.open(table)

    def _open(self, table: str) -> None:
        """Show a table that may be open already, in which case the same rows."""
        if table != self.open_table:
            self.open(table)
            return
        self.rows.again()
        self.columns.open(table)

    def ask_to_drop(self) -> None:
        """Ask whether the open table is to go."""
        self.to_drop = self.open_table
        self._told()

    def keep(self) -> None:
        """It is to stay."""
        self.to_drop = None
        self._told()

    def drop(self) -> None:
        """Drop what was asked about."""
        if (table := self.to_drop) is None:
            return

        def dropped(tables: list[TableInfo]) -> None:
            self._list(tables)
            if self.names:
                self.open(self.names[0])
            else:
                self._shut()

        def work() -> list[TableInfo]:
            self._workspace.drop(table)
            return self._workspace.tables()

        self.to_drop = None
        self._do(work, dropped)

    def _list(self, tables: list[TableInfo]) -> None:
        """Show them, and then their sizes, for which all blocks of the file are looked up."""
        self.listed = tables
        stored = [table.name for table in tables if table.type != "view"]

        def measured(sizes: dict[str, int | None]) -> None:
            self.sizes = sizes

        self._do(lambda: {name: self._size(name) for name in stored}, measured)

    def _size(self, table: str) -> int | None:
        try:
            return self._workspace.details(table).size_bytes
        except TableNotFoundError:
            return None  # someone has dropped it in the meantime

    def _shut(self) -> None:
        self.open_table = None
        self.rows.clear()
        self.columns.clear()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs; False when that takes too long."""
        return super().wait(timeout) and self.rows.wait(timeout) and self.columns.wait(timeout)

    def close(self) -> None:
        """Stop what runs, forget what was seen, and let go of the database."""
        self.is_closed = True
        super().close()
        for part in (self.rows, self.columns):
            part.close()
            part.clear()
        self.listed, self.open_table, self.to_drop = [], None, None


def size_of(size: int | None) -> str:
    """Bytes as people read them.

    >>> size_of(262_144), size_of(3_000_000_000), size_of(None)
    ('0.3 MB', '3.0 GB', '')
    """
    if size is None:
        return ""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
