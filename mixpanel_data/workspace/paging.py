"""Section of `Workspace`: the rows of a table, a screen at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mixpanel_data.queries.checks import check_number
from mixpanel_data.workspace.parts import Parts

if TYPE_CHECKING:
    from mixpanel_data.types import Page

MOST_ROWS = 1_000
LAST = 2**62
LONGEST = 200
MOST_TEXT = 1_000_000


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
        longest: int = LONGEST,
    ) -> Page:
        """`size` rows from number `start` on; text in them has at most `longest` characters."""
        from mixpanel_data._internal.storage.looks import paging, quick

        check_number(start, "start", 0, LAST)
        check_number(size, "size", 1, MOST_ROWS)
        check_number(longest, "longest", 1, MOST_TEXT)
        wanted = paging.Wanted(_condition(where), order_by, descending)
        return quick.else_slowly(
            lambda how: self._storage.look(table, how),
            lambda source, quickly: paging.page(
                source, wanted, start, size, longest, quickly=quickly
            ),
        )

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
        from mixpanel_data._internal.storage.looks import paging, quick

        check_number(number, "number", 0, LAST)
        wanted = paging.Wanted(_condition(where), order_by, descending)
        return quick.else_slowly(
            lambda how: self._storage.look(table, how),
            lambda source, quickly: paging.row(source, wanted, number, quickly=quickly),
        )

    def count(self, table: str, where: str | None = None) -> int:
        """All rows, or those that meet a condition; then properties come from the flat table."""
        from mixpanel_data._internal.storage.looks import paging

        condition = _condition(where)
        sql = self._storage.look(table, lambda source: paging.counting(source, condition))
        return int(self._storage.execute_scalar(sql, accelerate=True))

    def condition(self, table: str, name: str, value: Any, *, also: str | None = None) -> str:
        """SQL of the rows that have a value in a column or property, and meet another condition.

        None finds rows without one. Numbers are compared as numbers, text as `->>` gives it.
        """
        from mixpanel_data._internal.storage.looks import condition

        return self._storage.look(
            table, lambda source: condition.matching(source, name, value, _condition(also) or "")
        )


def _condition(where: str | None) -> str | None:
    return where if where is not None and where.strip() else None
