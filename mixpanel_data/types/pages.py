"""Rows of a table, as many as fit on a screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mixpanel_data.types.answers import Answer
from mixpanel_data.types.tables import ColumnInfo

if TYPE_CHECKING:
    from mixpanel_data.types.display import View

MAX_PAGE_OFFSET = 10_000
"""Rows that can be paged through in another order than the table's own: all are sorted for each
page, and the deeper it lies, the more of them must be kept."""


@dataclass(frozen=True)
class Page(Answer):
    """Rows of a table from number `start` on, counted from 0, for eyes: plain values, short text.

    Numbers and booleans are themselves, all else is text, and long text ends in "…". `sql` gives
    the same rows, whole. `total` counts the rows that could be paged through, where that costs
    nothing: of a table as it is, or at the last page.
    """

    table: str
    start: int
    columns: tuple[ColumnInfo, ...]
    rows: tuple[tuple[Any, ...], ...]
    has_next: bool
    total: int | None
    sql: str

    def view(self) -> View:
        """What a notebook shows of it."""
        from mixpanel_data.types.display import Table, View

        facts = {"table": self.table, "start": self.start, "total": self.total}
        return View("Page", facts, Table.of([column.name for column in self.columns], self.rows))
