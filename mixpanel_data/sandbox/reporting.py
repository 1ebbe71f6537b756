"""Reports on the sandbox's own events, by the same SQL that answers on fetched tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, Protocol, TypeVar

from mixpanel_data._internal.expressions import is_bare
from mixpanel_data._internal.expressions.errors import raised_by_sql
from mixpanel_data._internal.reports import frequency, funnel, numbers, retention, segmentation
from mixpanel_data._internal.reports.calendar import Calendar, key
from mixpanel_data._internal.reports.events import Events, Table
from mixpanel_data.exceptions import InvalidArgumentError, QueryError
from mixpanel_data.queries import (
    LocalFrequency,
    LocalFunnel,
    LocalNumericSegmentation,
    LocalRetention,
    LocalSegmentation,
    LocalSegmentationAverage,
    SegmentationSum,
)
from mixpanel_data.sandbox.asks import Ask
from mixpanel_data.sandbox.filters import parsed
from mixpanel_data.sandbox.refusals import bad_request
from mixpanel_data.types import (
    FrequencyResult,
    FunnelResult,
    NumericBucketsResult,
    NumericSeriesResult,
    RetentionResult,
    SegmentationResult,
)


class Question(Protocol):
    """What reports ask about: days, at least."""

    @property
    def from_date(self) -> date:
        """The first day."""

    @property
    def to_date(self) -> date:
        """The last day, included."""


Q = TypeVar("Q", bound=Question)
A = TypeVar("A")


@dataclass(frozen=True)
class Report(Generic[Q, A]):
    """A kind of report: a question to SQL, its rows to an answer."""

    sql: Callable[[Q, Events, Calendar], str]
    answer: Callable[..., A]


SEGMENTATION: Report[LocalSegmentation, SegmentationResult] = Report(
    segmentation.sql, segmentation.answer
)
NUMERIC: Report[LocalNumericSegmentation, NumericBucketsResult] = Report(
    numbers.ranges_sql, numbers.ranges_answer
)
SERIES: Report[SegmentationSum | LocalSegmentationAverage, NumericSeriesResult] = Report(
    numbers.series_sql, numbers.series_answer
)
FUNNEL: Report[LocalFunnel, FunnelResult] = Report(funnel.sql, funnel.answer)
RETENTION: Report[LocalRetention, RetentionResult] = Report(retention.sql, retention.answer)
FREQUENCY: Report[LocalFrequency, FrequencyResult] = Report(frequency.sql, frequency.answer)


def run(ask: Ask, report: Report[Q, A], query: Q) -> A:
    """Count, over the days of the project's zone."""
    calendar = calendar_of(ask, query)
    events = Events(
        [Table("fetched_events", is_view=True)],
        profiles=Table("fetched_profiles", is_view=True),
        zone=calendar.zone,
    )
    with refused():
        rows = ask.data.rows(report.sql(query, events, calendar))
    return report.answer(query, rows, calendar, source="sandbox", tables=())


def calendar_of(ask: Ask, query: Question) -> Calendar:
    """The days of a question, in the project's zone."""
    project = ask.project
    return Calendar(project.timezone, query.from_date, query.to_date, project.week_start)


def buckets(ask: Ask, query: Question, unit: str | int) -> list[str]:
    """All buckets of a question, in order."""
    return [key(bucket, unit) for bucket in calendar_of(ask, query).buckets(unit)]


@contextmanager
def refused() -> Iterator[None]:
    """What a question or an expression can't mean is a 400."""
    try:
        yield
    except InvalidArgumentError as error:
        raise bad_request(f"Error in request: {error.message}") from None
    except QueryError as error:
        if raised_by_sql(str(error.__cause__)) is None:
            raise
        raise bad_request(f"Error in expression: {error.message}") from None


def asked(ask: Ask, *expressions: str) -> dict[str, Any]:
    """The days of a question, and its expressions; one that is none is refused."""
    first, last = ask.days(ask.project.timezone)
    found = {name: _expression(name, ask.params.text(name)) for name in expressions}
    return {"from_date": first, "to_date": last, **found}


def _expression(name: str, text: str | None) -> str | None:
    """The text, so that nobody takes it for the bare name of a property: the API knows none."""
    if text is None:
        return None
    parsed(text, name=name)
    if not is_bare(text):
        return text
    if name == "on":
        raise bad_request("Error in on: must have a property")
    return f'({text}) or (false and defined(properties["time"]))'


def given(ask: Ask, *texts: str, integers: tuple[str, ...] = ()) -> dict[str, Any]:
    """Those parameters that were given."""
    found: dict[str, Any] = {name: ask.params.text(name) for name in texts}
    found |= {name: ask.params.integer(name) for name in integers}
    return {name: value for name, value in found.items() if value is not None}


def computed_at(ask: Ask) -> str:
    """When an answer was counted: now."""
    return ask.now.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def shuffled(names: list[str]) -> list[str]:
    """The later half first: Mixpanel promises no order, and shows this one.

    >>> shuffled(["2011-08-06", "2011-08-07", "2011-08-08", "2011-08-09"])
    ['2011-08-08', '2011-08-09', '2011-08-06', '2011-08-07']
    """
    middle = len(names) // 2
    return names[middle:] + names[:middle]
