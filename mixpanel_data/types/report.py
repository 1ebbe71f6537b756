"""What all reports can do: rows in long format, a DataFrame of documented columns, a preview."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mixpanel_data.types.answers import Answer

if TYPE_CHECKING:
    import pandas as pd

    from mixpanel_data.types.display import View

OVERALL = "$overall"
"""Mixpanel's name for all segments together."""

DAY = "datetime64[us]"
"""Dates and hours are local to the project, without a zone."""


@dataclass(frozen=True, kw_only=True)
class Report(Answer):
    """An answer in long format: one row per number.

    `source` is "sandbox" where the data is invented. `tables` are those that a local report read;
    it is empty when Mixpanel counted. `computed_at` (UTC) tells how old Mixpanel's answer is,
    where it says so: answers come from a cache. `warnings` is what the call warned of: days that
    are missing, names that may be misspelt, numbers that are zero by mistake.
    """

    source: str = "mixpanel"
    tables: tuple[str, ...] = ()
    computed_at: datetime | None = None
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def columns(self) -> dict[str, str]:
        """The columns of `df` and their dtypes."""
        raise NotImplementedError

    def records(self) -> Iterator[tuple[Any, ...]]:
        """One tuple per row of `df`, in its order; dates as text."""
        raise NotImplementedError

    @property
    def is_zero(self) -> bool:
        """Whether nothing was counted: no number is there, or each is 0."""
        return not any(self.records())

    def rows(self) -> list[dict[str, Any]]:
        """The rows of `df` as plain values, dates as text; without pandas."""
        return [dict(zip(self.columns, record, strict=True)) for record in self.records()]

    @cached_property
    def df(self) -> pd.DataFrame:
        """The rows as a DataFrame, built once; `columns` names its columns and their dtypes."""
        import pandas as pd

        frame = pd.DataFrame(self.records(), columns=list(self.columns))
        for name, dtype in self.columns.items():
            if dtype == DAY:
                frame[name] = pd.to_datetime(frame[name], format="ISO8601")
        return frame.astype(self.columns)

    def facts(self) -> dict[str, Any]:
        """What was asked and the figures that sum the answer up."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The facts, where they come from, and the numbers; plain JSON values."""
        computed = self.computed_at and self.computed_at.isoformat(sep=" ")
        origin: dict[str, Any] = {"source": self.source}
        if self.tables:
            origin["tables"] = list(self.tables)
        if computed:
            origin["computed_at"] = computed
        if self.warnings:
            origin["warnings"] = list(self.warnings)
        return {**self.facts(), **origin, **self.numbers()}

    def numbers(self) -> dict[str, Any]:
        """All numbers, compactly."""
        return {"rows": self.rows()}

    def __repr__(self) -> str:
        told = ", ".join(f"{k}={v!r}" for k, v in self.facts().items() if _is_short(v))
        return f"<{type(self).__name__} {told}>"

    def view(self) -> View:
        """What a notebook shows of it: what was asked, and the first rows."""
        from mixpanel_data.types.display import Table, View

        facts = {name: value for name, value in self.facts().items() if _is_short(value)}
        if self.warnings:
            facts["warnings"] = "; ".join(self.warnings)
        return View(
            type(self).__name__,
            facts,
            Table.of(list(self.columns), self.records(), where=".df has all"),
        )


def day(value: date) -> str:
    """A date as answers spell it.

    >>> day(date(2024, 1, 31))
    '2024-01-31'
    """
    return value.isoformat()


def ratio(part: float, whole: float) -> float:
    """A share; of nothing it is 0.

    >>> ratio(1, 4), ratio(0, 0)
    (0.25, 0.0)
    """
    return part / whole if whole else 0.0


def _is_short(value: Any) -> bool:
    return value is not None and not isinstance(value, list | dict)
