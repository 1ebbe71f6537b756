"""Questions for coming back: retention and frequency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.checks import (
    check_choice,
    check_expressions,
    check_number,
    check_range,
)
from mixpanel_data.queries.written import ExpressionField

CohortUnit = Literal["day", "week", "month"]
SlotUnit = Literal["hour", "day"]
SegmentSizes = Literal["cohort", "returned"]
Slots = Literal["calendar", "elapsed"]
OnEvent = Literal["return", "born"]
RetentionType = Literal["birth", "compounded"]
UNIT_DAYS: dict[CohortUnit, int] = {"day": 1, "week": 7, "month": 30}
"""Intervals are elapsed time: a month is 30 days (contract, 16.3)."""

MOST_INTERVALS = 1000


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How many of those who did something come back later.

    "birth": cohorts by the first `born_event` in the range; `return_event` None is any event.
    "compounded": whoever does `return_event` in a bucket is in its cohort. `where` filters the
    return event, `born_where` the first. Each row has `interval_count` + 1 counts, one for each
    `interval` units after birth; `unbounded` counts who comes back then or later.
    """

    born_event: str | None = None
    return_event: str | None = None
    from_date: date
    to_date: date
    retention_type: RetentionType = "birth"
    born_where: ExpressionField = ExpressionField()
    where: ExpressionField = ExpressionField()
    unit: CohortUnit = "day"
    interval: int = 1
    interval_count: int = 7
    unbounded: bool = False
    on: ExpressionField = ExpressionField()
    limit: int = 255

    def __post_init__(self) -> None:
        check_range(self.from_date, self.to_date)
        check_expressions(on=self.on, where=self.where, born_where=self.born_where)
        check_choice(self.retention_type, "retention_type", RetentionType)
        check_choice(self.unit, "unit", CohortUnit)
        check_number(self.interval, "interval", 1, 90)
        check_number(self.interval_count, "interval_count", 1, MOST_INTERVALS)
        check_number(self.limit, "limit", 1, 10_000)
        if self.retention_type == "birth" and not self.born_event:
            raise InvalidArgumentError(
                "retention by birth needs a born_event",
                hint="or retention_type='compounded', where cohort and return event are the same",
            )
        if self.return_event is not None and not self.return_event:
            raise InvalidArgumentError(
                "return_event is empty", hint="leave it out to take any event"
            )

    @property
    def interval_days(self) -> int:
        """How long an interval lasts."""
        return self.interval * UNIT_DAYS[self.unit]


@dataclass(frozen=True, kw_only=True)
class LocalRetention(Retention):
    """The same of a table, with the choices where Mixpanel's rules are not written down.

    `birth_rows` "every_row" puts a user in each row in which he did `born_event`.
    `anchor_returns` counts the very event that made a user member of a cohort as a return.
    `on` may be a property of the user, or of an event: then `on_event` says of which one. The user
    and the "born" event divide a cohort: sizes are those of the segment, and rates within it. The
    "return" event only divides the returns: a row has the size of its whole cohort, or with
    `segment_sizes` "returned" that of those who came back with its value. An expression that reads
    both the user and an event is a property of the event.
    Events after `as_of` (UTC) are not seen, and intervals that begin later have no count; None is
    the end of the data.
    """

    birth_rows: Literal["first_in_range", "every_row"] = "first_in_range"
    anchor_returns: bool = False
    on_event: OnEvent = "return"
    segment_sizes: SegmentSizes = "cohort"
    as_of: datetime | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self.birth_rows, "birth_rows", Literal["first_in_range", "every_row"])
        check_choice(self.on_event, "on_event", OnEvent)
        check_choice(self.segment_sizes, "segment_sizes", SegmentSizes)
        if self.on is None and (self.on_event, self.segment_sizes) != ("return", "cohort"):
            name = "segment_sizes" if self.on_event == "return" else "on_event"
            raise InvalidArgumentError(
                f"{name} {getattr(self, name)!r} says nothing without on",
                hint='add a property to break down by: on="platform"',
            )
        if self.on_event == "born" and self.segment_sizes == "returned":
            raise InvalidArgumentError(
                "segment_sizes 'returned' is for values of the return event: with on_event 'born'"
                " segments have a size of their own",
                hint="leave out segment_sizes",
            )


@dataclass(frozen=True, kw_only=True)
class Frequency:
    """In how many slots of a period users are active: hours of a day, days of a month.

    `unit` is the period and `addiction_unit` the slot; `event` None is any event.
    """

    from_date: date
    to_date: date
    unit: CohortUnit = "day"
    addiction_unit: SlotUnit = "hour"
    event: str | None = None
    where: ExpressionField = ExpressionField()
    on: ExpressionField = ExpressionField()
    limit: int = 255

    def __post_init__(self) -> None:
        check_range(self.from_date, self.to_date)
        check_expressions(on=self.on, where=self.where)
        check_choice(self.unit, "unit", CohortUnit)
        check_choice(self.addiction_unit, "addiction_unit", SlotUnit)
        check_number(self.limit, "limit", 1, 10_000)
        if self.event is not None and not self.event:
            raise InvalidArgumentError("event is empty", hint="leave it out to take any event")


@dataclass(frozen=True, kw_only=True)
class LocalFrequency(Frequency):
    """The same of a table; `slots` are those of the clock, or run from a user's first event.

    "elapsed" is the first one in the period; hours and days of it pass on the clock of UTC.
    """

    slots: Slots = "calendar"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self.slots, "slots", Slots)
