"""What a fetch would cost, how far it is, what it stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Self

from mixpanel_data.types.answers import Answer, without_empty
from mixpanel_data.types.tables import TableType


class FetchProgress(int):
    """How far a fetch is: the number of rows received so far, and the facts around it.

    `bytes` counts the uncompressed body; a window is one request for some days (for profiles,
    a page); `phase` is "download" until everything is here, then "store".
    """

    bytes: int
    windows_done: int
    windows: int | None
    phase: Literal["download", "store"]

    def __new__(
        cls,
        rows: int,
        *,
        size: int = 0,
        windows_done: int = 0,
        windows: int | None = None,
        phase: Literal["download", "store"] = "download",
    ) -> Self:
        """An int subclass takes its value here."""
        self = super().__new__(cls, rows)
        self.bytes = size
        self.windows_done = windows_done
        self.windows = windows
        self.phase = phase
        return self

    @property
    def fraction(self) -> float | None:
        """The part that is downloaded, 0 to 1; None while it is not known how much there will be."""
        return self.windows_done / self.windows if self.windows else None

    def describe(self, seconds: float) -> str:
        """Rows, size, rate and windows after so many seconds, in one short text."""
        windows = f", {self.windows_done} of {self.windows} requests" if self.windows else ""
        rate = f", {int(self) / seconds:,.0f}/s" if seconds > 0 else ""
        phase = ", storing" if self.phase == "store" else ""
        return f"{int(self):,} rows, {self.bytes / 1e6:,.1f} MB{rate}{windows}{phase}"


@dataclass(frozen=True)
class FetchResult(Answer):
    """What a fetch stored. `source` is "sandbox" where the data is invented.

    `duplicates` are copies that were left out; `replaced` are rows of days fetched again.
    `nulls` counts the rows that are stored with NULL in a column because nothing came for it
    that could be read: `event_time` of events, `distinct_id` and `last_seen` of profiles.
    `left_out` counts by day the lines that could not be read and were skipped; None is a day that was
    left out. `complete_until` is the last day asked for, where
    the table had all of them and nothing was fetched. `warnings` is what the fetch warned of, such as a name that no event has.
    """

    table: str
    rows: int
    type: TableType
    duration_seconds: float
    date_range: tuple[str, str] | None
    fetched_at: datetime
    source: str = "mixpanel"
    duplicates: int = 0
    replaced: int = 0
    nulls: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int | None] = field(default_factory=dict)
    complete_until: str | None = None
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Every field by name; those that are mostly empty only where they are not."""
        return without_empty(super().to_dict(), "nulls", "left_out", "complete_until", "warnings")


@dataclass(frozen=True)
class FetchPlan(Answer):
    """What a fetch would cost, before it begins.

    Without dates there is nothing to fetch: the table has every day until `complete_until`. A window is one request for some days; `spooled` ones are on this disk already. The quota
    makes the fetch last `wait_seconds` longer than the downloads themselves take.
    """

    table: str
    from_date: str | None
    to_date: str | None
    windows: int
    spooled: int
    requests: int
    quota_per_hour: int
    quota_left: int
    wait_seconds: float
    complete_until: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Every field by name; `complete_until` only where there is nothing to fetch."""
        return without_empty(super().to_dict(), "complete_until")


@dataclass(frozen=True)
class FetchStatus(Answer):
    """A fetch that began and did not end: what is in the spool, to be continued.

    `done` and `missing` are stretches of days, as `first..last`.
    """

    table: str
    from_date: str
    to_date: str
    done: tuple[str, ...]
    missing: tuple[str, ...]
    rows: int
    bytes: int
    started_at: str
    running: bool
