"""Frequency: in how many slots of a period users are active (contract, 16.4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from mixpanel_data._internal.reports.calendar import Calendar, key
from mixpanel_data._internal.reports.events import Events, Expression, labels, passing
from mixpanel_data._internal.reports.text import select, statement
from mixpanel_data.queries import LocalFrequency, SlotUnit
from mixpanel_data.types import FrequencyPeriod, FrequencyResult

Row = tuple[datetime, str | None, int, int]

_SLOTS = """SELECT bucket, segment, distinct_id, count(*) AS slots
FROM active
GROUP BY ALL"""

_COUNTS = """SELECT bucket, segment, slots, count(*) AS users
FROM per_user
GROUP BY ALL"""

_LARGEST = """SELECT counts.*
FROM counts
JOIN largest USING (segment)
ORDER BY total DESC, segment, bucket, slots"""

_MICROSECONDS: dict[SlotUnit, int] = {"hour": 3_600_000_000, "day": 86_400_000_000}


def sql(query: LocalFrequency, events: Events, calendar: Calendar) -> str:
    """Rows of bucket, segment, a number of slots, and the users that were active in so many.

    Without `on` the segment is NULL; else those with the most users come first.
    """
    more: dict[str, Expression] = {} if query.on is None else {"labels": labels(query.on)}
    read = events.select(
        ["event_time", "distinct_id"],
        more,
        names=None if query.event is None else [query.event],
        conditions=["e.distinct_id <> ''", *calendar.covers("e.event_time")],
        passes=passing(query.where),
    )
    active = select(
        f"{calendar.bucket(query.unit)} AS bucket",
        f"{_slot(query, calendar)} AS slot",
        "NULL AS segment" if query.on is None else "unnest(labels) AS segment",
        "distinct_id",
    )
    named = {
        "events AS": read,
        "active AS": f"{active.replace('SELECT', 'SELECT DISTINCT', 1)}\nFROM events",
        "per_user AS": _SLOTS,
        "counts AS": _COUNTS,
    }
    if query.on is None:
        return statement(named, "SELECT *\nFROM counts\nORDER BY bucket, slots")
    named["largest AS"] = (
        "SELECT segment, sum(users) AS total\nFROM counts\nGROUP BY ALL"
        f"\nORDER BY total DESC, segment\nLIMIT {query.limit}"
    )
    return statement(named, _LARGEST)


def _slot(query: LocalFrequency, calendar: Calendar) -> str:
    """SQL of what tells the slots of a user's period apart."""
    if query.slots == "calendar":
        return calendar.bucket(query.addiction_unit)
    period = f"PARTITION BY {calendar.bucket(query.unit)}, distinct_id"
    since = f"epoch_us(event_time) - min(epoch_us(event_time)) OVER ({period})"
    return f"({since}) // {_MICROSECONDS[query.addiction_unit]}"


def answer(
    query: LocalFrequency, rows: Iterable[Row], calendar: Calendar, **origin: Any
) -> FrequencyResult:
    """The rows as an answer: how many users were active in at least 1, 2, … slots."""
    segments: dict[str | None, dict[datetime, dict[int, int]]] = {} if query.on else {None: {}}
    for bucket, segment, slots, users in rows:
        segments.setdefault(segment, {}).setdefault(bucket, {})[slots] = users
    periods = [
        FrequencyPeriod(
            date=key(bucket, query.unit),
            counts=_at_least(counts.get(bucket, {}), _slots(query, bucket)),
            segment=segment,
        )
        for segment, counts in segments.items()
        for bucket in calendar.buckets(query.unit)
    ]
    return FrequencyResult(query=query, periods=periods, **origin)


def _at_least(users: dict[int, int], slots: int) -> tuple[int, ...]:
    return tuple(
        sum(number for active, number in users.items() if active >= least)
        for least in range(1, slots + 1)
    )


def _slots(query: LocalFrequency, bucket: datetime) -> int:
    """How many slots a whole period has; hours are those of the clock, 24 a day."""
    days = {"day": 1, "week": 7}.get(query.unit) or _days_of_month(bucket)
    return days * 24 if query.addiction_unit == "hour" else days


def _days_of_month(first: datetime) -> int:
    return ((first + timedelta(days=31)).replace(day=1) - first).days
