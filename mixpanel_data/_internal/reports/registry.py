"""All reports that are counted here: a question becomes SQL, its rows an answer.

The reports on fetched tables and those of the sandbox are the same entries. What differs from
report to report stands here and in its own module: no service asks which kind a question is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from mixpanel_data._internal.reports import (
    empty,
    flows,
    frequency,
    funnel,
    numbers,
    retention,
    segmentation,
)
from mixpanel_data._internal.reports.calendar import Calendar
from mixpanel_data._internal.reports.empty import Filtered
from mixpanel_data._internal.reports.events import Events
from mixpanel_data.queries import (
    Exclusion,
    Flows,
    LocalFrequency,
    LocalFunnel,
    LocalNumericSegmentation,
    LocalQuestion,
    LocalRetention,
    LocalSegmentation,
    LocalSegmentationAverage,
    LocalSegmentationSum,
    Step,
)

Q = TypeVar("Q", bound=LocalQuestion)


@dataclass(frozen=True)
class Filter:
    """An expression, and the names of the events that it is evaluated on (None: of all)."""

    text: str
    events: tuple[str, ...] | None


@dataclass(frozen=True)
class Needs:
    """What a question needs of the data.

    `events` are those that it names (None: all of them), `before` and `after` how far around its
    days the data must reach for a whole answer. `reads_before` and `reads_after` are how much
    further it reads where there is data (None: to the end). `sees_all` says whether it reads events
    that it does not name, `number` is an expression whose values are to be numbers.
    """

    events: tuple[str, ...] | None
    filters: tuple[Filter, ...]
    before: timedelta = timedelta()
    after: timedelta = timedelta()
    reads_before: timedelta = timedelta()
    reads_after: timedelta | None = timedelta()
    sees_all: bool = False
    number: str | None = None


def _as_asked(query: Any, _: Callable[[], datetime | None]) -> Any:
    return query


@dataclass(frozen=True)
class LocalReport(Generic[Q]):
    """How a kind of question is answered.

    `empty` is the part of a question that nothing came of. `completed` fills in what the question
    leaves to the data, whose last moment it may ask for. `has_buckets` says whether the days are
    divided by the question's `unit`.
    """

    sql: Callable[[Q, Events, Calendar], str]
    answer: Callable[..., Any]
    needs: Callable[[Q], Needs]
    empty: Callable[[Q, Any], Filtered | None] = empty.of_event
    completed: Callable[[Q, Callable[[], datetime | None]], Q] = _as_asked
    has_buckets: bool = True


def needs(query: LocalQuestion) -> Needs:
    """What a question needs of the data."""
    return LOCAL_REPORTS[type(query)].needs(query)


def _of_event(query: Any) -> Needs:
    events = _names(query.event)
    return Needs(
        events, _filters((query.where, events), (query.on, events)), sees_all=events is None
    )


def _of_number(query: Any) -> Needs:
    return replace(_of_event(query), number=query.on)


def _of_funnel(query: LocalFunnel) -> Needs:
    steps = tuple(dict.fromkeys(step.event for step in query.steps))
    events = tuple(dict.fromkeys([*steps, *(it.event for it in query.exclusions)]))
    own: list[Step | Exclusion] = [*query.steps, *query.exclusions]
    filters = _filters(
        (query.where, steps),
        (query.on, steps),
        *((it.where, (it.event,)) for it in own),
    )
    return Needs(
        events,
        filters,
        after=timedelta(seconds=query.window_seconds),
        reads_before=timedelta(seconds=query.grace_seconds * len(query.steps)),
    )


def _of_retention(query: LocalRetention) -> Needs:
    born, back = _names(query.born_event), _names(query.return_event)
    both = None if born is None or back is None else (*born, *back)
    first = born if query.retention_type == "birth" else None
    named = None if first is None and back is None else (*(first or ()), *(back or ()))
    intervals = query.interval_count + 1
    return Needs(
        named,
        _filters((query.born_where, born), (query.where, back), (query.on, both)),
        reads_after=None if query.unbounded else timedelta(days=intervals * query.interval_days),
        sees_all=back is None,
    )


def _until_the_end(
    query: LocalRetention, end_of_data: Callable[[], datetime | None]
) -> LocalRetention:
    return query if query.as_of is not None else replace(query, as_of=end_of_data())


def _of_flows(query: Flows) -> Needs:
    window = timedelta(seconds=query.window_seconds)
    return Needs(
        (query.event,),
        _filters((query.where, (query.event,))),
        before=window if query.reverse else timedelta(),
        after=window if query.forward else timedelta(),
        sees_all=True,
    )


def _names(event: str | None) -> tuple[str, ...] | None:
    return None if event is None else (event,)


def _filters(*texts: tuple[str | None, tuple[str, ...] | None]) -> tuple[Filter, ...]:
    return tuple(Filter(text, events) for text, events in texts if text is not None)


LOCAL_REPORTS: dict[type, LocalReport[Any]] = {
    LocalSegmentation: LocalReport(segmentation.sql, segmentation.answer, _of_event),
    LocalNumericSegmentation: LocalReport(numbers.ranges_sql, numbers.ranges_answer, _of_number),
    LocalSegmentationSum: LocalReport(numbers.series_sql, numbers.series_answer, _of_number),
    LocalSegmentationAverage: LocalReport(numbers.series_sql, numbers.series_answer, _of_number),
    LocalFunnel: LocalReport(funnel.sql, funnel.answer, _of_funnel, empty.of_funnel),
    LocalRetention: LocalReport(
        retention.sql, retention.answer, _of_retention, empty.of_retention, _until_the_end
    ),
    LocalFrequency: LocalReport(frequency.sql, frequency.answer, _of_event),
    Flows: LocalReport(flows.sql, flows.answer, _of_flows, has_buckets=False),
}
