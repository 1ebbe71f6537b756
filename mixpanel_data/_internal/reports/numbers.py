"""Segmentation by a number: its sum, its average, and how it is spread (contract, 6.2 to 6.4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from mixpanel_data._internal.reports.calendar import Calendar, key
from mixpanel_data._internal.reports.events import Events, number, passing
from mixpanel_data._internal.reports.segmentation import FIGURES
from mixpanel_data._internal.reports.text import select, statement
from mixpanel_data.queries import (
    LocalNumericSegmentation,
    LocalSegmentationAverage,
    LocalSegmentationSum,
    RangeIncludes,
)
from mixpanel_data.types import NumericBucketsResult, NumericSeriesResult

Question = LocalNumericSegmentation | LocalSegmentationSum | LocalSegmentationAverage
RangeRow = tuple[datetime, float, float, int, int]

# 1, 2 or 5 times a power of ten: the least width of which ten reach over all numbers.
_WIDTH = """SELECT
    digit,
    power,
    CAST(digit || 'e' || power AS DOUBLE) AS width,
    CAST('1e' || abs(power) AS DOUBLE) AS scale
FROM (SELECT max(number) - min(number) AS span FROM events)
CROSS JOIN unnest([1, 2, 5]) AS digits(digit)
CROSS JOIN unnest([-2, -1, 0, 1]) AS steps(step)
CROSS JOIN LATERAL (
    SELECT CASE WHEN span > 0 THEN CAST(floor(log10(span)) AS INTEGER) + step ELSE 0 END AS power
)
WHERE width * 10 >= span
ORDER BY width
LIMIT 1"""

# The quotient may be off by a hair: the ends of a range decide, as they are written.
_PLACED = """SELECT events.*, digit, power, CASE
    WHEN number {below} {low} THEN guess - 1
    WHEN number {above} {high} THEN guess + 1
    ELSE guess
END AS place
FROM (SELECT *, {guess} AS guess FROM events CROSS JOIN width) AS events"""

_ENDS: dict[RangeIncludes, dict[str, str]] = {
    "lower": {"below": "<", "above": ">=", "guess": "floor(number / width)"},
    "upper": {"below": "<=", "above": ">", "guess": "ceil(number / width) - 1"},
}


def series_sql(
    query: LocalSegmentationSum | LocalSegmentationAverage, events: Events, calendar: Calendar
) -> str:
    """Rows of bucket and value. What is no number counts as 0, and as one event, or not at all."""
    # fsum and favg: rounding errors are made up for, so threads don't change the last digits.
    figure = "fsum" if isinstance(query, LocalSegmentationSum) else "favg"
    leaves_out = isinstance(query, LocalSegmentationAverage) and query.non_numbers == "left_out"
    counted = "number" if leaves_out else "coalesce(number, 0)"
    figures = select(f"{calendar.bucket(query.unit)} AS bucket", f"{figure}({counted}) AS value")
    return statement(
        {"events AS": _numbered(query, events, calendar)},
        f"{figures}\nFROM events\nGROUP BY ALL\nORDER BY ALL",
    )


def series_answer(
    query: LocalSegmentationSum | LocalSegmentationAverage,
    rows: Iterable[tuple[datetime, float]],
    calendar: Calendar,
    **origin: Any,
) -> NumericSeriesResult:
    """The rows as an answer: of no events the sum is 0, and there is no average."""
    nothing = 0.0 if isinstance(query, LocalSegmentationSum) else None
    values = {key(bucket, query.unit): nothing for bucket in calendar.buckets(query.unit)}
    values.update({key(bucket, query.unit): value for bucket, value in rows})
    return NumericSeriesResult(query=query, values=values, **origin)


def ranges_sql(query: LocalNumericSegmentation, events: Events, calendar: Calendar) -> str:
    """Rows of bucket, place, value, and the width of all ranges: a digit and a power of ten.

    The range at a place has the numbers from that many widths on, up to the next; which of the
    two belongs to it, the question says.
    """
    ends = {"low": _begin("guess"), "high": _begin("guess + 1")} | _ENDS[query.range_includes]
    return statement(
        {
            "numbered AS": _numbered(query, events, calendar),
            "events AS MATERIALIZED": "SELECT * FROM numbered WHERE number IS NOT NULL",
            "width AS MATERIALIZED": _WIDTH,
            "placed AS": _PLACED.format(**ends),
        },
        select(
            f"{calendar.bucket(query.unit)} AS bucket",
            "place",
            f"{FIGURES[query.type]} AS value",
            "digit",
            "power",
        )
        + "\nFROM placed\nGROUP BY ALL\nHAVING value > 0\nORDER BY place, bucket",
    )


def ranges_answer(
    query: LocalNumericSegmentation, rows: Iterable[RangeRow], _calendar: Calendar, **origin: Any
) -> NumericBucketsResult:
    """The rows as an answer, ranges spelled as Mixpanel does."""
    series: dict[str, dict[str, float]] = {}
    for bucket, place, value, digit, power in rows:
        width = Decimal(digit).scaleb(power)
        low = int(place) * width
        name = f"{low:,f} - {low + width:,f}"
        series.setdefault(name, {})[key(bucket, query.unit)] = value
    return NumericBucketsResult(query=query, series=series, **origin)


def _numbered(query: Question, events: Events, calendar: Calendar) -> str:
    return events.select(
        ["event_time", "distinct_id"]
        if isinstance(query, LocalNumericSegmentation)
        else ["event_time"],
        {"number": number(query.on)},
        names=[query.event],
        conditions=calendar.covers("e.event_time"),
        passes=passing(query.where),
    )


def _begin(place: str) -> str:
    return f"CASE WHEN power < 0 THEN ({place}) * digit / scale ELSE ({place}) * digit * scale END"
