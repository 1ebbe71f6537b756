"""Section of `Workspace`: what is in a local table, without SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mixpanel_data.queries.checks import check_number
from mixpanel_data.workspace.parts import Parts

if TYPE_CHECKING:
    import pandas as pd

    from mixpanel_data.types import EventBreakdown, PropertyStats, TableSummary

SAMPLE = 5
MAX_ROWS = 10_000
MAX_ITEMS = 1_000


class Looking(Parts):
    """Small answers about any table or view; every number counts all rows, times are UTC."""

    def sample(
        self, table: str, n: int = SAMPLE, *, event: str | None = None, seed: int = 0
    ) -> pd.DataFrame:
        """`n` rows from all over a table, or of an event in it: the same ones for the same seed."""
        from mixpanel_data._internal import storage

        check_number(n, "n", 1, MAX_ROWS)
        frame: pd.DataFrame = self._storage.look(
            table, lambda source: storage.sample(source, n, event, seed).df()
        )
        return frame

    def sample_rows(
        self, table: str, n: int = SAMPLE, *, event: str | None = None, seed: int = 0
    ) -> list[dict[str, Any]]:
        """The rows of `sample` as plain JSON values: properties are an object, times text."""
        from mixpanel_data._internal import storage

        check_number(n, "n", 1, MAX_ROWS)
        return self._storage.look(
            table, lambda source: storage.plain_rows(storage.sample(source, n, event, seed))
        )

    def summarize(self, table: str, *, top: int = 12) -> TableSummary:
        """Rows, users, events, days, and the `top` most used properties (else the first columns)."""
        from mixpanel_data._internal import storage

        check_number(top, "top", 1, MAX_ITEMS)
        return self._storage.look(table, lambda source: storage.summarize(source, top))

    def event_breakdown(self, table: str, *, top: int = 20) -> EventBreakdown:
        """Rows, users, first and last time of the `top` most frequent events."""
        from mixpanel_data._internal import storage

        check_number(top, "top", 1, MAX_ITEMS)
        return self._storage.look(table, lambda source: storage.event_breakdown(source, top))

    def property_stats(
        self,
        table: str,
        property: str,  # noqa: A002 (Mixpanel's word)
        event: str | None = None,
        top: int = 10,
    ) -> PropertyStats:
        """How many rows have a property, or a column, and what its values are.

        The flat table is read where it can tell, else the JSON: the answer is the same.
        """
        from mixpanel_data._internal import storage

        check_number(top, "top", 1, MAX_ITEMS)
        return self._storage.look(
            table, lambda source: storage.property_stats(source, property, event, top)
        )
