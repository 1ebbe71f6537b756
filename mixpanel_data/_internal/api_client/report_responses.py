"""What Mixpanel sends as reports, read leniently (contract, sections 6 to 11)."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, RootModel

from mixpanel_data._internal.api_client.responses import Instant, Response

OVERALL = "$overall"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")

Number = int | float
T = TypeVar("T")


class Computed(Response):
    """An answer that may say how old it is."""

    computed_at: Instant = None


class SeriesData(Response):
    """Values by segment and bucket; both are in no order, and buckets may be missing."""

    series: list[str] = Field(default_factory=list)
    values: dict[str, dict[str, Number | None]] = Field(default_factory=dict)


class SeriesAnswer(Computed):
    """Segmentation, event counts, property counts."""

    data: SeriesData

    def filled(self, *expected: str) -> dict[str, dict[str, Number]]:
        """All buckets in order for every segment, the expected ones too; missing is 0."""
        found = self.data.values
        buckets = sorted(set(self.data.series).union(*found.values()))
        segments = dict.fromkeys([*found, *expected])
        return {
            name: {bucket: found.get(name, {}).get(bucket) or 0 for bucket in buckets}
            for name in segments
        }

    def sparse(self) -> dict[str, dict[str, Number]]:
        """What was sent, in order."""
        return {
            name: {bucket: value or 0 for bucket, value in sorted(values.items())}
            for name, values in self.data.values.items()
        }


class NumbersAnswer(Computed):
    """Sums or averages by bucket, in no order."""

    results: dict[str, Number | None]


class StepAnswer(Response):
    """A step of a funnel; ratios and times can be missing."""

    count: int
    event: str | None = None
    goal: str | None = None
    step_label: str | None = None
    step_conv_ratio: float | None = None
    overall_conv_ratio: float | None = None
    avg_time: float | None = None
    avg_time_from_start: float | None = None


def _by_segment(value: Any) -> Any:
    """Steps by segment, with the total; without segments, they are the total."""
    if not isinstance(value, dict):
        return value
    if "steps" in value:
        return {OVERALL: value["steps"]}
    if value and OVERALL not in value:
        raise ValueError(f"segments without {OVERALL}")
    return {
        name: found["steps"] if isinstance(found, dict) and "steps" in found else found
        for name, found in value.items()
    }


Steps = Annotated[dict[str, list[StepAnswer]], BeforeValidator(_by_segment)]


def _without_total(value: Any) -> Any:
    """Buckets alone: some answers have a total among the dates."""
    return {k: v for k, v in value.items() if k != OVERALL} if isinstance(value, dict) else value


class FunnelAnswer(Computed):
    """A funnel by bucket."""

    data: Annotated[dict[str, Steps], BeforeValidator(_without_total)]

    def buckets(self) -> dict[str, dict[str, list[StepAnswer]]]:
        """Buckets in order, in each all segments together first."""
        return {
            name: dict(sorted(segments.items(), key=lambda it: it[0] != OVERALL))
            for name, segments in sorted(self.data.items())
            if segments
        }


class CohortAnswer(Response):
    """A row of a retention."""

    first: int
    counts: list[int]


class RetentionAnswer(RootModel[dict[str, CohortAnswer | dict[str, CohortAnswer]]]):
    """Cohorts by date, or with segments above or below the date."""


class FrequencyAnswer(RootModel[dict[str, list[int] | dict[str, list[int]]]]):
    """Counts by date, or with segments above or below the date."""


def by_segment(found: dict[str, T | dict[str, T]]) -> list[tuple[str | None, str | None, T]]:
    """Rows as (segment, date, row), by date within a segment, segments in the order they came.

    Of the two keys of a row that has a segment, the date is the one that looks like a date.
    """
    rows: list[tuple[str | None, str | None, T]] = []
    for key, value in found.items():
        below = value.items() if isinstance(value, dict) else [(None, value)]
        for inner, row in below:
            keys = [it for it in (key, inner) if it is not None]
            dates = [it for it in keys if _DATE.match(it)]
            others = [it for it in keys if it not in dates]
            rows.append((others[0] if others else None, dates[0] if dates else None, row))
    order = {segment: place for place, segment in enumerate(dict.fromkeys(r[0] for r in rows))}
    return sorted(rows, key=lambda it: (order[it[0]], it[1] or ""))


class DateRange(Response):
    """The days of a saved report; times with the project's offset."""

    from_date: str | None = None
    to_date: str | None = None


class InsightsAnswer(Computed):
    """A saved report; `headers` name the levels of `series`."""

    series: dict[str, Any]
    headers: list[str] = Field(default_factory=list)
    date_range: DateRange = DateRange()


def _timed(properties: dict[str, Any]) -> dict[str, Any]:
    time = properties.get("time")
    if isinstance(time, bool) or not isinstance(time, int | float) or not 0 <= time < 2.5e14:
        raise ValueError("an event needs a time")
    return properties


class ActivityAnswer(Response):
    """An event of a user; its id has either name, its time is in seconds or milliseconds."""

    event: str
    properties: Annotated[dict[str, Any], AfterValidator(_timed)]


class ActivityEvents(Response):
    """Events, in no order."""

    events: list[ActivityAnswer]


class ActivityFeedAnswer(Computed):
    """The envelope of an activity feed."""

    results: ActivityEvents
