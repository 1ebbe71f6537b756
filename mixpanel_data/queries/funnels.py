"""Questions for funnels: one that Mixpanel has saved, or steps of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from mixpanel_data._keywords import checked_keywords
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.checks import (
    check_choice,
    check_expressions,
    check_name,
    check_number,
    check_range,
)
from mixpanel_data.queries.written import Expression, ExpressionField

FunnelUnit = Literal["day", "week", "month", "range"]
"""Each bucket is a funnel of its own; "range" is one bucket for all days."""

FunnelBuckets = Literal["separate", "split"]
WhereApplies = Literal["every_step", "first_step"]
WindowUnit = Literal["second", "minute", "hour", "day"]
WINDOW_SECONDS: dict[WindowUnit, int] = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
MOST_WINDOW_DAYS = 366
MOST_SEGMENTS = 10_000


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """How many go through the steps of a saved funnel that they enter in from_date..to_date.

    `interval` makes buckets of so many days instead of `unit`. `length` and `length_unit` are
    the time to convert; left out, the saved one counts.
    """

    funnel_id: int
    from_date: date
    to_date: date
    unit: FunnelUnit = "range"
    on: ExpressionField = ExpressionField()
    where: ExpressionField = ExpressionField()
    interval: int | None = None
    length: int | None = None
    length_unit: WindowUnit | None = None
    limit: int = 255

    def __post_init__(self) -> None:
        check_range(self.from_date, self.to_date)
        check_expressions(on=self.on, where=self.where)
        check_buckets(self)
        check_number(self.limit, "limit", 1, MOST_SEGMENTS)
        if (self.length is None) != (self.length_unit is None):
            raise InvalidArgumentError(
                "length and length_unit go together", hint="length=7, length_unit='day'"
            )
        if self.length is not None and self.length_unit is not None:
            check_window(self.length, self.length_unit, 90)


@checked_keywords()
@dataclass(frozen=True)
class Step:
    """An event that counts as a step of a funnel; `where` narrows it, `label` renames it."""

    event: str
    where: ExpressionField = ExpressionField()
    label: str | None = None

    @classmethod
    def of(cls, value: str | tuple[str, Expression] | Step) -> Step:
        """A step as people write it: a name, or a name and a filter.

        >>> Step.of(("Purchase", 'properties["amount"] > 9')).event
        'Purchase'
        """
        if isinstance(value, Step):
            return value
        return cls(value) if isinstance(value, str) else cls(*value)

    def __post_init__(self) -> None:
        check_name(self.event, "event of a step")
        check_expressions(where=self.where)


@checked_keywords()
@dataclass(frozen=True)
class Exclusion:
    """An event that throws a user out between two steps, counted from 1; None is the last."""

    event: str
    where: ExpressionField = ExpressionField()
    after_step: int = 1
    before_step: int | None = None

    @classmethod
    def of(cls, value: str | tuple[str, Expression] | Exclusion) -> Exclusion:
        """An exclusion as people write it: a name, or a name and a filter."""
        if isinstance(value, Exclusion):
            return value
        return cls(value) if isinstance(value, str) else cls(*value)

    def __post_init__(self) -> None:
        check_name(self.event, "event of an exclusion")
        check_expressions(where=self.where)


@dataclass(frozen=True, kw_only=True)
class LocalFunnel:
    """How many go through these steps, entering in from_date..to_date (contract, 16.2).

    `count` "unique" lets a user enter once a bucket, "total" again after each exit. Consecutive
    steps within `grace_seconds` of each other are interchangeable. `attribution` says which of a
    user's steps gives the value of `on`.

    The other options are choices where Mixpanel's rules are not written down: `window_end` says
    whether a step at the very end of the window counts, `reuse_events` lets one event be several
    steps, `clamp_times` counts no time from a step to one that came before it, `where_applies`
    says whether `where` filters all steps and exclusions, or only entries. `buckets` "split" makes
    one funnel of all days, which a user enters once, and shows it by the days of entry.
    """

    steps: tuple[Step, ...]
    from_date: date
    to_date: date
    unit: FunnelUnit = "range"
    on: ExpressionField = ExpressionField()
    where: ExpressionField = ExpressionField()
    interval: int | None = None
    length: int = 7
    length_unit: WindowUnit = "day"
    limit: int = 255
    count: Literal["unique", "total"] = "unique"
    exclusions: tuple[Exclusion, ...] = ()
    grace_seconds: float = 2
    attribution: Literal["first", "last"] = "first"
    window_end: Literal["inclusive", "exclusive"] = "inclusive"
    reuse_events: bool = False
    clamp_times: bool = True
    where_applies: WhereApplies = "every_step"
    buckets: FunnelBuckets = "separate"

    def __post_init__(self) -> None:
        if not self.steps:
            raise InvalidArgumentError("a funnel needs steps", hint="steps=['Sign Up', 'Purchase']")
        check_range(self.from_date, self.to_date)
        check_expressions(on=self.on, where=self.where)
        check_buckets(self)
        check_choice(self.count, "count", Literal["unique", "total"])
        check_choice(self.attribution, "attribution", Literal["first", "last"])
        check_choice(self.window_end, "window_end", Literal["inclusive", "exclusive"])
        check_choice(self.where_applies, "where_applies", WhereApplies)
        check_choice(self.buckets, "buckets", FunnelBuckets)
        check_number(self.limit, "limit", 1, MOST_SEGMENTS)
        check_window(self.length, self.length_unit, MOST_WINDOW_DAYS)
        if self.grace_seconds < 0:
            raise InvalidArgumentError(f"grace_seconds {self.grace_seconds} is negative")
        for exclusion in self.exclusions:
            last = exclusion.before_step or len(self.steps)
            if not 1 <= exclusion.after_step < last <= len(self.steps):
                raise InvalidArgumentError(
                    f"exclusion {exclusion.event!r} is not between two steps of the funnel",
                    hint=f"the steps are 1..{len(self.steps)}",
                )

    @property
    def window_seconds(self) -> int:
        """The time to convert."""
        return self.length * WINDOW_SECONDS[self.length_unit]


def check_buckets(query: Funnel | LocalFunnel) -> None:
    """Buckets are a unit, or so many days."""
    check_choice(query.unit, "unit", FunnelUnit)
    if query.interval is None:
        return
    check_number(query.interval, "interval", 1, (query.to_date - query.from_date).days + 1)
    if query.unit != "range":
        raise InvalidArgumentError(
            "unit and interval can't be combined", hint="leave one of them out"
        )


def check_window(length: int, unit: WindowUnit, most_days: int) -> None:
    """A time to convert that Mixpanel would take."""
    check_choice(unit, "length_unit", WindowUnit)
    check_number(length, "length", 1, most_days * WINDOW_SECONDS["day"] // WINDOW_SECONDS[unit])
