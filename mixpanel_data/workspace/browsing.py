"""Section of `Workspace`: the rows of a table, a screen at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mixpanel_data.queries.checks import check_number
from mixpanel_data.workspace.parts import Parts

if TYPE_CHECKING:
    from mixpanel_data.types import Page

MAX_ROWS = 1_000
LAST = 2**62
MAX_CHARS = 200
MAX_TEXT = 1_000_000


class Paging(Parts):
    """Pages of any table or view. `where` is a condition in SQL, and nothing but a condition.

    Rows come in the table's own order, at any depth; filtered or sorted ones, and those of a view,
    up to number 10,000. No row is shown twice or left out, as long as nobody changes the table.
    """

    def page(
        self,
        table: str,
        start: int = 0,
        size: int = 50,
        *,
        where: str | None = None,
        order_by: str | None = None,
        descending: bool = False,
        max_chars: int = MAX_CHARS,
    ) -> Page:
        """`size` rows from number `start` on; text in them has at most `max_chars` characters."""
        from mixpanel_data._internal import storage

        check_number(start, "start", 0, LAST)
        check_number(size, "size", 1, MAX_ROWS)
        check_number(max_chars, "max_chars", 1, MAX_TEXT)
        selection = storage.RowSelection(_condition(where), order_by, descending)
        return storage.page(self._storage, table, selection, start, size, max_chars)

    def row(
        self,
        table: str,
        number: int,
        *,
        where: str | None = None,
        order_by: str | None = None,
        descending: bool = False,
    ) -> dict[str, Any]:
        """One row of a page, whole, as plain JSON values: properties are an object, times text."""
        from mixpanel_data._internal import storage

        check_number(number, "number", 0, LAST)
        selection = storage.RowSelection(_condition(where), order_by, descending)
        return storage.row(self._storage, table, selection, number)

    def count(self, table: str, where: str | None = None) -> int:
        """All rows, or those that meet a condition; then properties come from the flat table."""
        from mixpanel_data._internal import storage

        condition = _condition(where)
        sql = self._storage.look(table, lambda source: storage.count_sql(source, condition))
        return int(self._storage.execute_scalar(sql, accelerate=True))

    def condition(self, table: str, name: str, value: Any, *, also: str | None = None) -> str:
        """SQL of the rows that have a value in a column or property, and meet another condition.

        None finds rows without one. Numbers are compared as numbers, text as `->>` gives it.
        """
        from mixpanel_data._internal import storage

        return self._storage.look(
            table, lambda source: storage.condition_for(source, name, value, _condition(also) or "")
        )


def _condition(where: str | None) -> str | None:
    return where if where is not None and where.strip() else None
