"""Retention: who comes back, and after how many intervals (contract, 16.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from mixpanel_data._internal.reports.calendar import Calendar, key, timestamp
from mixpanel_data._internal.reports.events import KEYS, Events, Expression, labels, passing
from mixpanel_data._internal.reports.text import deeper, one_of, select, statement, where
from mixpanel_data.queries import LocalRetention
from mixpanel_data.types import CohortInfo, RetentionResult

Cohort = tuple[int, datetime, datetime]
Row = tuple[datetime, int, datetime, datetime, str | None, int | None, int | None]

_ANCHOR = "min({'at': event_time, 'row': row_id}) AS anchor"

_COHORTS = """SELECT
    bucket,
    count(*) AS size,
    min(anchor.at) AS first_born,
    max(anchor.at) AS last_born
FROM members
GROUP BY bucket"""

_ALL = """SELECT bucket, size, first_born, last_born, segment, number, users
FROM cohorts
LEFT JOIN counts USING (bucket)
ORDER BY bucket, number"""

_LARGEST = """SELECT bucket, size, first_born, last_born, segment, number, users
FROM cohorts
LEFT JOIN (FROM counts JOIN largest USING (segment)) USING (bucket)
ORDER BY total DESC NULLS LAST, segment, bucket, number"""


def sql(query: LocalRetention, events: Events, calendar: Calendar) -> str:
    """Rows of a cohort (bucket, size, first and last birth), segment, interval and users.

    A user is counted in each interval of a return; of the unbounded, only in that of the last.
    Without `on` the segment is NULL; else those with the most returns come first.
    """
    named = {
        events.several_times: _read(query, events, calendar),
        "members AS MATERIALIZED": _members(query, calendar),
        "returns AS": _returns(query),
        "came AS": _came(query),
        "cohorts AS": _COHORTS,
        "counts AS": "SELECT bucket, segment, number, count(*) AS users\nFROM came\nGROUP BY ALL",
    }
    if query.on is None:
        return statement(named, _ALL)
    times = "users * (number + 1)" if query.unbounded else "users"
    named["largest AS"] = (
        f"SELECT segment, sum({times}) AS total\nFROM counts\nGROUP BY ALL"
        f"\nORDER BY total DESC, segment\nLIMIT {query.limit}"
    )
    return statement(named, _LARGEST)


def _read(query: LocalRetention, events: Events, calendar: Calendar) -> str:
    more: dict[str, Expression] = {} if query.on is None else {"labels": labels(query.on)}
    birth = query.retention_type == "birth"
    born = query.born_event if birth else query.return_event
    names = None if query.return_event is None else [*filter(None, (born, query.return_event))]
    conditions = ["e.distinct_id <> ''", f"e.event_time >= {timestamp(calendar.start)}"]
    if not query.unbounded:
        late = timedelta(days=query.interval_days * (query.interval_count + 1))
        conditions.append(f"e.event_time < {timestamp(calendar.end + late)}")
    if query.as_of is not None:
        conditions.append(f"e.event_time <= {timestamp(query.as_of)}")
    filters = {
        "passes_born": passing(query.born_where, born, calendar.covers("e.event_time")),
        "passes_return": passing(query.where, query.return_event, conditions),
    }
    more |= {name: passes for name, passes in filters.items() if passes}
    return events.select(KEYS, more, names=names, conditions=conditions)


def _members(query: LocalRetention, calendar: Calendar) -> str:
    """Each user of each cohort, and the event that put him there."""
    born = [*_is_born(query), *calendar.covers("event_time")]
    if query.retention_type == "birth" and query.birth_rows == "first_in_range":
        first = f"{select('distinct_id', _ANCHOR)}\nFROM events{where(*born)}\nGROUP BY ALL"
        bucket = calendar.bucket(query.unit, "anchor.at")
        return f"SELECT *, {bucket} AS bucket\nFROM (\n{deeper(first)}\n)"
    bucket = calendar.bucket(query.unit)
    columns = select("distinct_id", f"{bucket} AS bucket", _ANCHOR)
    return f"{columns}\nFROM events{where(*born)}\nGROUP BY ALL"


def _is_born(query: LocalRetention) -> list[str]:
    passes = [] if query.born_where is None else ["passes_born"]
    if query.retention_type == "compounded":
        return [*_is_return(query), *passes]
    return [one_of("event_name", [str(query.born_event)]), *passes]


def _is_return(query: LocalRetention) -> list[str]:
    named = [] if query.return_event is None else [one_of("event_name", [query.return_event])]
    return [*named, *([] if query.where is None else ["passes_return"])]


def _returns(query: LocalRetention) -> str:
    """Each return of each member, by the time that has passed on the clock of UTC."""
    length = query.interval_days * 86_400_000_000
    columns = [
        "bucket",
        "distinct_id",
        "NULL AS segment" if query.on is None else "unnest(labels) AS segment",
        f"(epoch_us(event_time) - epoch_us(anchor.at)) // {length} AS number",
    ]
    conditions = [*_is_return(query), "event_time >= anchor.at"]
    if not query.anchor_returns:
        conditions.append("row_id <> anchor.row")
    if not query.unbounded:
        days = query.interval_days * (query.interval_count + 1)
        conditions.append(f"event_time < anchor.at + INTERVAL {days} DAY")
    return f"{select(*columns)}\nFROM members\nJOIN events USING (distinct_id){where(*conditions)}"


def _came(query: LocalRetention) -> str:
    if not query.unbounded:
        return "SELECT DISTINCT bucket, distinct_id, segment, number\nFROM returns"
    last = f"least(max(number), {query.interval_count}) AS number"
    return f"{select('bucket', 'distinct_id', 'segment', last)}\nFROM returns\nGROUP BY ALL"


def answer(
    query: LocalRetention, rows: Iterable[Row], calendar: Calendar, **origin: Any
) -> RetentionResult:
    """The rows as an answer; `query.as_of` decides which intervals have begun."""
    cohorts: dict[datetime, Cohort] = {}
    segments: dict[str | None, dict[datetime, list[int]]] = {} if query.on else {None: {}}
    for bucket, size, first, last, segment, number, users in rows:
        cohorts[bucket] = (size, first, last)
        if number is not None and users is not None:
            counts = segments.setdefault(segment, {})
            counts.setdefault(bucket, [0] * (query.interval_count + 1))[number] = users
    found = [
        _cohort(query, calendar, bucket, segment, cohorts.get(bucket), counts.get(bucket))
        for segment, counts in segments.items()
        for bucket in calendar.buckets(query.unit)
    ]
    return RetentionResult(query=query, cohorts=found, **origin)


def _cohort(
    query: LocalRetention,
    calendar: Calendar,
    bucket: datetime,
    segment: str | None,
    cohort: Cohort | None,
    users: Sequence[int] | None,
) -> CohortInfo:
    size, first, last = cohort or (0, calendar.begin(bucket), calendar.begin(bucket))
    length = timedelta(days=query.interval_days)
    counts = list(users or [0] * (query.interval_count + 1))
    if query.unbounded:
        counts = list(accumulate(reversed(counts)))[::-1]
    begun = sum(_has_come(query, first + number * length) for number in range(len(counts)))
    complete = sum(_has_come(query, last + (number + 1) * length) for number in range(begun))
    return CohortInfo(
        date=key(bucket, query.unit),
        size=size,
        counts=tuple(counts[:begun]),
        complete=complete,
        segment=segment,
    )


def _has_come(query: LocalRetention, at: datetime) -> bool:
    return query.as_of is None or at <= query.as_of
