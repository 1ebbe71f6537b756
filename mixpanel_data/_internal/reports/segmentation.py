"""Segmentation: events, users, or events per user, by bucket and segment (contract, 16.1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from mixpanel_data._internal.reports.calendar import Calendar, key
from mixpanel_data._internal.reports.events import Events, labels, passing
from mixpanel_data._internal.reports.text import select, statement
from mixpanel_data.queries import CountType, Segmentation
from mixpanel_data.types import SegmentationResult

Row = tuple[datetime, str, float]

USERS = "count(DISTINCT nullif(distinct_id, ''))"
"""Nobody is no user: events without distinct_id count as events alone."""

FIGURES: dict[CountType, str] = {
    "general": "count(*)",
    "unique": USERS,
    "average": f"coalesce(count(*) / nullif({USERS}, 0), 0)",
}


def sql(query: Segmentation, events: Events, calendar: Calendar) -> str:
    """Rows of bucket, segment and value, largest segments first; without `on`, "" is the one."""
    bucket = calendar.bucket(_unit(query))
    found = events.select(
        ["event_time", "distinct_id"],
        {} if query.on is None else {"labels": labels(query.on)},
        names=[query.event],
        conditions=calendar.covers("e.event_time"),
        passes=passing(query.where),
    )
    if query.on is None:
        figures = select(f"{bucket} AS bucket", "'' AS segment", f"{FIGURES[query.type]} AS value")
        return statement(
            {"events AS": found}, f"{figures}\nFROM events\nGROUP BY ALL\nORDER BY ALL"
        )
    return statement(
        {
            "events AS": found,
            "segmented AS": select(
                f"{bucket} AS bucket", "unnest(labels) AS segment", "distinct_id"
            )
            + "\nFROM events",
            "figures AS": select(
                "bucket", "segment", f"{FIGURES[query.type]} AS value", "count(*) AS events"
            )
            + "\nFROM segmented\nGROUP BY ALL",
            "largest AS": select("segment", f"sum({_rank(query.type)}) AS total")
            + f"\nFROM figures\nGROUP BY ALL\nORDER BY total DESC, segment\nLIMIT {query.limit}",
        },
        select("bucket", "segment", "value")
        + "\nFROM figures\nJOIN largest USING (segment)\nORDER BY total DESC, segment, bucket",
    )


def answer(
    query: Segmentation, rows: Iterable[Row], calendar: Calendar, **origin: Any
) -> SegmentationResult:
    """The rows as an answer, with 0 where nothing happened."""
    unit = _unit(query)
    zeros = {key(bucket, unit): 0 for bucket in calendar.buckets(unit)}
    series: dict[str, dict[str, float]] = {} if query.on else {query.event: dict(zeros)}
    for bucket, segment, value in rows:
        name = segment if query.on else query.event
        series.setdefault(name, dict(zeros))[key(bucket, unit)] = value
    return SegmentationResult(query=query, series=series, **origin)


def _unit(query: Segmentation) -> str | int:
    return query.unit if query.interval is None else query.interval


def _rank(kind: CountType) -> str:
    """What the largest segments have most of: averages don't add up, their events do."""
    return "events" if kind == "average" else "value"
