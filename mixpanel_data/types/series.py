"""Answers that are numbers over time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mixpanel_data.queries import (
    EventCounts,
    NumericSegmentation,
    PropertyCounts,
    Segmentation,
    SegmentationAverage,
    SegmentationSum,
)
from mixpanel_data.types import charts
from mixpanel_data.types.report import DAY, Report, day

if TYPE_CHECKING:
    from altair import Chart

Number = int | float
Series = Mapping[str, Mapping[str, Number]]
"""Segment, then bucket, then number.

A bucket is the text `YYYY-MM-DD`, for hours and minutes `YYYY-MM-DD HH:MM:SS`; in order.
"""

SHOWN = 10
"""Segments of a picture, unless more are asked for."""

_COUNTED = {"general": "events", "unique": "users", "average": "events per user"}
_RANGE = re.compile(r"(-?[\d.]+) - (-?[\d.]+)")


@dataclass(frozen=True, kw_only=True, repr=False)
class SegmentationResult(Report):
    """A number per segment and bucket; buckets without events are there, with 0.

    Without `on` the only segment is the event; with it, segments are the values of `on` as text,
    "undefined" where there is none.
    """

    query: Segmentation
    series: Series

    @property
    def columns(self) -> dict[str, str]:
        """`date`, `segment` and `value`, a whole number unless it is an average."""
        return {"date": DAY, "segment": "str", "value": _dtype(self.query.type)}

    @property
    def is_zero(self) -> bool:
        """Whether nothing was counted."""
        return _is_zero(self.series)

    def records(self) -> Iterator[tuple[str, str, Number]]:
        """Segment by segment."""
        return _records(self.series)

    @property
    def event(self) -> str:
        """The event that was counted."""
        return self.query.event

    @property
    def from_date(self) -> str:
        """The first day."""
        return day(self.query.from_date)

    @property
    def to_date(self) -> str:
        """The last day, included."""
        return day(self.query.to_date)

    @property
    def unit(self) -> str:
        """What a bucket is."""
        return self.query.unit

    @property
    def segment_property(self) -> str | None:
        """The property or expression that makes the segments."""
        return self.query.on

    @property
    def total(self) -> Number | None:
        """The sum of all numbers; None for averages.

        Of type "unique" it counts a user once per bucket and segment, not once in all.
        """
        return None if self.query.type == "average" else _total(self.series)

    def plot(self, segments: int = SHOWN) -> Chart:
        """A line for each segment, of those with the most (extra `plot`)."""
        title = f"{self.event} by {self.segment_property}" if self.segment_property else self.event
        value = _COUNTED[self.query.type]
        return charts.lines(self.records(), title=title, value=value, most=segments)

    def facts(self) -> dict[str, Any]:
        """The fields of the question, and the total."""
        return {
            "event": self.event,
            "from_date": self.from_date,
            "to_date": self.to_date,
            "unit": self.unit,
            "type": self.query.type,
            "segment_property": self.segment_property,
            "total": self.total,
        }

    def numbers(self) -> dict[str, Any]:
        """Segment, then bucket, then number."""
        return {"series": _plain(self.series)}


@dataclass(frozen=True, kw_only=True, repr=False)
class NumericBucketsResult(Report):
    """A number per range of values and bucket of time; Mixpanel chooses the ranges.

    A range is spelt "2,000 - 2,100": from the first number, up to but without the second. Only
    what is not 0 is there.
    """

    query: NumericSegmentation
    series: Series

    @property
    def columns(self) -> dict[str, str]:
        """`date`, `range` as Mixpanel spells it, its numbers `low` and `high`, and `value`."""
        return {
            "date": DAY,
            "range": "str",
            "low": "float64",
            "high": "float64",
            "value": _dtype(self.query.type),
        }

    @property
    def is_zero(self) -> bool:
        """Whether nothing was counted."""
        return _is_zero(self.series)

    def records(self) -> Iterator[tuple[str, str, float | None, float | None, Number]]:
        """Range by range, from low to high."""
        ranges = [(_numbers(label), label) for label in self.series]
        ranges.sort(key=lambda it: (it[0] is None, it[0] or (0.0, 0.0), it[1]))
        for ends, label in ranges:
            low, high = ends or (None, None)
            for bucket, value in self.series[label].items():
                yield bucket, label, low, high, value

    def plot(self, segments: int = SHOWN) -> Chart:
        """A line for each range, of those with the most (extra `plot`)."""
        title = f"{self.query.event} by {self.query.on}"
        value = _COUNTED[self.query.type]
        return charts.lines(_records(self.series), title=title, value=value, most=segments)

    def facts(self) -> dict[str, Any]:
        """The fields of the question."""
        return {**_asked(self.query), "type": self.query.type}

    def numbers(self) -> dict[str, Any]:
        """Range, then bucket, then number."""
        return {"series": _plain(self.series)}


@dataclass(frozen=True, kw_only=True, repr=False)
class NumericSeriesResult(Report):
    """A sum or an average per bucket."""

    query: SegmentationSum | SegmentationAverage
    values: Mapping[str, Number | None]

    @property
    def columns(self) -> dict[str, str]:
        """`date` and `value`."""
        return {"date": DAY, "value": "float64"}

    @property
    def is_zero(self) -> bool:
        """Whether nothing was counted."""
        return not any(self.values.values())

    def records(self) -> Iterator[tuple[str, Number | None]]:
        """By date."""
        return iter(self.values.items())

    def plot(self) -> Chart:
        """A line (extra `plot`)."""
        what = "sum" if isinstance(self.query, SegmentationSum) else "average"
        rows = ((bucket, what, value) for bucket, value in self.values.items())
        title = f"{what} of {self.query.on}, {self.query.event}"
        return charts.lines(rows, title=title, value=what, most=1)

    def facts(self) -> dict[str, Any]:
        """The fields of the question."""
        return _asked(self.query)

    def numbers(self) -> dict[str, Any]:
        """Bucket, then number."""
        return {"values": dict(self.values)}


@dataclass(frozen=True, kw_only=True, repr=False)
class EventCountsResult(Report):
    """A number per event and bucket."""

    query: EventCounts
    series: Series

    @property
    def columns(self) -> dict[str, str]:
        """`date`, `event` and `value`, a whole number unless it is an average."""
        return {"date": DAY, "event": "str", "value": _dtype(self.query.type)}

    @property
    def is_zero(self) -> bool:
        """Whether nothing was counted."""
        return _is_zero(self.series)

    def records(self) -> Iterator[tuple[str, str, Number]]:
        """Event by event."""
        return _records(self.series)

    def plot(self, segments: int = SHOWN) -> Chart:
        """A line for each event, of those with the most (extra `plot`)."""
        value = _COUNTED[self.query.type]
        return charts.lines(self.records(), title="", value=value, most=segments)

    def facts(self) -> dict[str, Any]:
        """The fields of the question."""
        return {
            "from_date": day(self.query.from_date),
            "to_date": day(self.query.to_date),
            "unit": self.query.unit,
            "type": self.query.type,
            "events": list(self.query.events),
        }

    def numbers(self) -> dict[str, Any]:
        """Event, then bucket, then number."""
        return {"series": _plain(self.series)}


@dataclass(frozen=True, kw_only=True, repr=False)
class PropertyCountsResult(Report):
    """A number per value of a property and bucket."""

    query: PropertyCounts
    series: Series

    @property
    def columns(self) -> dict[str, str]:
        """`date`, `segment` (a value as text) and `value`, the number."""
        return {"date": DAY, "segment": "str", "value": _dtype(self.query.type)}

    @property
    def is_zero(self) -> bool:
        """Whether nothing was counted."""
        return _is_zero(self.series)

    def records(self) -> Iterator[tuple[str, str, Number]]:
        """Value by value."""
        return _records(self.series)

    def plot(self, segments: int = SHOWN) -> Chart:
        """A line for each value, of those with the most (extra `plot`)."""
        title = f"{self.query.event} by {self.query.property}"
        value = _COUNTED[self.query.type]
        return charts.lines(self.records(), title=title, value=value, most=segments)

    def facts(self) -> dict[str, Any]:
        """The fields of the question."""
        return {
            "event": self.query.event,
            "property": self.query.property,
            "from_date": day(self.query.from_date),
            "to_date": day(self.query.to_date),
            "unit": self.query.unit,
            "type": self.query.type,
        }

    def numbers(self) -> dict[str, Any]:
        """Value, then bucket, then number."""
        return {"series": _plain(self.series)}


def _asked(query: NumericSegmentation | SegmentationSum | SegmentationAverage) -> dict[str, Any]:
    return {
        "event": query.event,
        "from_date": day(query.from_date),
        "to_date": day(query.to_date),
        "unit": query.unit,
        "on": query.on,
    }


def _dtype(counted: str) -> str:
    return "float64" if counted == "average" else "int64"


def _records(series: Series) -> Iterator[tuple[str, str, Number]]:
    for segment, values in series.items():
        for bucket, value in values.items():
            yield bucket, segment, value


def _is_zero(series: Series) -> bool:
    return not any(any(values.values()) for values in series.values())


def _total(series: Series) -> Number:
    return sum(sum(values.values()) for values in series.values())


def _plain(series: Series) -> dict[str, dict[str, Number]]:
    return {segment: dict(values) for segment, values in series.items()}


def _numbers(label: str) -> tuple[float, float] | None:
    """The ends of a range such as "2,000 - 2,100"; None where a label is no range."""
    match = _RANGE.fullmatch(label.replace(",", ""))
    try:
        return (float(match[1]), float(match[2])) if match else None
    except ValueError:
        return None
