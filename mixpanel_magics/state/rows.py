"""The rows of a table on screen: which ones, in what order, and one of them whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mixpanel_data.serialization import compact
from mixpanel_data.types.tables import MAX_PAGE_OFFSET
from mixpanel_magics.state.part import Part

if TYPE_CHECKING:
    from mixpanel_data import Page, Workspace

SIZES = (10, 25, 50, 100)
MAX_CHARS = 120
"""Characters of a cell: more would not be read in a table."""


@dataclass(frozen=True)
class Asked:
    """The rows that are wanted."""

    table: str
    start: int = 0
    size: int = SIZES[1]
    where: str = ""
    order_by: str | None = None
    descending: bool = False

    @property
    def wanted(self) -> dict[str, Any]:
        """What pages, rows and counts of them have in common."""
        return {
            "where": self.where or None,
            "order_by": self.order_by,
            "descending": self.descending,
        }

    @property
    def is_whole(self) -> bool:
        """Whether it is the table as it is."""
        return not self.where and self.order_by is None


class Rows(Part):
    """Pages through a table. A filter that fails leaves the rows on screen as they are."""

    def __init__(self, workspace: Workspace, told: Callable[[], None]) -> None:
        super().__init__(workspace, told)
        self._size = SIZES[1]
        self._next: Asked | None = None
        self._forget()

    def clear(self) -> None:
        """Nothing is on screen any more."""
        self.stop()
        self._forget()

    def stop(self) -> None:
        """Stop what runs; what is on screen stays."""
        self._next = self.asked or self._next
        super().stop()

    def _forget(self) -> None:
        self.asked: Asked | None = None
        self.page: Page | None = None
        self.total: int | None = None
        self.selected: int | None = None
        self.row = ""
        self.problem = None
        self._next = None

    # -- which rows -------------------------------------------------------------------------------

    def open(self, table: str) -> None:
        """The first rows of a table, as it is."""
        self._forget()
        self._show(Asked(table, size=self._size))

    def again(self) -> None:
        """The same rows, as they are now."""
        self._change(lambda asked: asked)

    def forward(self) -> None:
        """The next page."""
        if self.has_next:
            self._change(lambda asked: replace(asked, start=asked.start + asked.size))

    def back(self) -> None:
        """The page before."""
        self._change(lambda asked: replace(asked, start=max(0, asked.start - asked.size)))

    def first(self) -> None:
        """The first page."""
        self._change(lambda asked: replace(asked, start=0))

    def last(self) -> None:
        """The last page."""
        last = self.last_start
        if last is not None:
            self._change(lambda asked: replace(asked, start=last))

    def resize(self, size: int) -> None:
        """So many rows at once."""
        self._size = size
        self._change(lambda asked: replace(asked, start=asked.start // size * size, size=size))

    def sort(self, column: str | None, *, descending: bool) -> None:
        """From the first row on in this order; None is the table's own."""
        self._change(lambda asked: replace(asked, start=0, order_by=column, descending=descending))

    def filter(self, where: str) -> None:
        """Only the rows that meet this condition, from the first one on."""
        self._change(lambda asked: replace(asked, start=0, where=where.strip()))

    def narrow(self, name: str, value: Any) -> None:
        """Besides, only the rows with this value in a column or property."""
        if (asked := self._next) is not None:
            self._do(
                lambda: self._workspace.condition(asked.table, name, value, also=asked.where),
                self.filter,
            )

    # -- what is known of them ----------------------------------------------------------------------

    def count(self) -> None:
        """Count the rows that meet the filter: a scan."""
        if (asked := self.asked) is not None and asked == self._next:

            def counted(total: int) -> None:
                self.total = total

            self._do(lambda: self._workspace.count(asked.table, asked.where or None), counted)

    def select(self, number: int) -> None:
        """Show one row whole, as JSON."""
        if (asked := self.asked) is not None and asked == self._next:

            def read(row: dict[str, Any]) -> None:
                self.selected, self.row = number, pretty(row)

            self._do(lambda: self._workspace.row(asked.table, number, **asked.wanted), read)

    @property
    def where(self) -> str:
        """The filter that was asked for last."""
        return self._next.where if self._next else ""

    @property
    def order(self) -> tuple[str | None, bool]:
        """The column that was asked for last to sort by, and whether downwards."""
        return (self._next.order_by, self._next.descending) if self._next else (None, False)

    @property
    def size(self) -> int:
        """Rows on a page."""
        return self._size

    @property
    def start(self) -> int:
        """Where the rows on screen begin."""
        return self.page.start if self.page else 0

    @property
    def sql(self) -> str:
        """What gives the rows on screen."""
        return self.page.sql if self.page else ""

    @property
    def has_next(self) -> bool:
        """Whether there is a page after this one, within reach."""
        return bool(self.page and self.page.has_next and self._reaches(self.page.start))

    def _reaches(self, start: int) -> bool:
        asked = self._next
        return asked is not None and (asked.is_whole or start + 2 * asked.size <= MAX_PAGE_OFFSET)

    @property
    def last_start(self) -> int | None:
        """Where the last page begins, if that is known and within reach."""
        if self.total is None or self._next is None:
            return None
        size = self._next.size
        start = max(0, self.total - 1) // size * size
        return start if self._reaches(start - size) else None

    @property
    def where_it_is(self) -> str:
        """The place of the rows on screen, in words."""
        if self.page is None:
            return ""
        of = f" of {self.total:,}" if self.total is not None else ""
        if not self.page.rows:
            return f"no rows{of}"
        first, last = self.page.start + 1, self.page.start + len(self.page.rows)
        more = " and more" if self.total is None and self.page.has_next else ""
        return f"rows {first:,}\N{EN DASH}{last:,}{of}{more}"

    # -- work ---------------------------------------------------------------------------------------

    def _change(self, change: Callable[[Asked], Asked]) -> None:
        if self._next is not None:
            self._show(change(self._next))

    def _show(self, asked: Asked) -> None:
        self._next = asked

        def shown(page: Page) -> None:
            is_same = self.asked is not None and self.asked.where == asked.where
            self.total = self.total if page.total is None and is_same else page.total
            self.asked, self.page = asked, page
            self.selected, self.row = None, ""

        self._do(
            lambda: self._workspace.page(
                asked.table, asked.start, asked.size, max_chars=MAX_CHARS, **asked.wanted
            ),
            shown,
        )

    def _failed(self) -> None:
        self._next = self.asked or self._next


def pretty(row: dict[str, Any]) -> str:
    """A row as indented JSON."""
    finite = json.loads(compact(row))
    return json.dumps(finite, indent=2, ensure_ascii=False)
