"""Reports on fetched tables: a question becomes SQL, the rows of the SQL an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from mixpanel_data import queries
from mixpanel_data._internal.reports import (
    flows,
    frequency,
    funnel,
    numbers,
    retention,
    segmentation,
)
from mixpanel_data._internal.reports.calendar import Calendar
from mixpanel_data._internal.reports.events import Events
from mixpanel_data._internal.services import coverage, known_tables, mistakes, shared_days, zeros
from mixpanel_data._internal.services.coverage import Question
from mixpanel_data._internal.services.known_tables import KnownTable
from mixpanel_data._internal.services.shared_days import Shared
from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data._internal.utils import utc_now
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries import Scope
from mixpanel_data.types import (
    FlowsResult,
    FrequencyResult,
    FunnelResult,
    NumericBucketsResult,
    NumericSeriesResult,
    Report,
    RetentionResult,
    SegmentationResult,
)

Q = TypeVar("Q", bound=Question)
A = TypeVar("A", bound=Report)


@dataclass(frozen=True)
class _Report(Generic[Q, A]):
    """How a kind of question is asked and answered."""

    sql: Callable[[Q, Events, Calendar], str]
    answer: Callable[..., A]


_SEGMENTATION = _Report(segmentation.sql, segmentation.answer)
_NUMERIC = _Report(numbers.ranges_sql, numbers.ranges_answer)
_SERIES = _Report(numbers.series_sql, numbers.series_answer)
_FUNNEL = _Report(funnel.sql, funnel.answer)
_RETENTION = _Report(retention.sql, retention.answer)
_FREQUENCY = _Report(frequency.sql, frequency.answer)
_FLOWS = _Report(flows.sql, flows.answer)

_KINDS: dict[type, _Report[Any, Any]] = {
    queries.LocalSegmentation: _SEGMENTATION,
    queries.LocalNumericSegmentation: _NUMERIC,
    queries.SegmentationSum: _SERIES,
    queries.LocalSegmentationAverage: _SERIES,
    queries.LocalFunnel: _FUNNEL,
    queries.LocalRetention: _RETENTION,
    queries.LocalFrequency: _FREQUENCY,
    queries.Flows: _FLOWS,
}


class LocalQueryService:
    """Asks the tables of a database; `zone` is that of the days of exports, `today` the last one."""

    def __init__(
        self,
        storage: StorageEngine,
        *,
        zone: str = "UTC",
        today: Callable[[], date] = lambda: utc_now().date(),
    ) -> None:
        self._storage = storage
        self._zone = zone
        self._today = today

    def segmentation(self, query: queries.LocalSegmentation, scope: Scope) -> SegmentationResult:
        """Numbers by bucket and segment."""
        return self._ask(_SEGMENTATION, query, scope)

    def segmentation_numeric(
        self, query: queries.LocalNumericSegmentation, scope: Scope
    ) -> NumericBucketsResult:
        """Numbers by bucket and range."""
        return self._ask(_NUMERIC, query, scope)

    def segmentation_sum(self, query: queries.SegmentationSum, scope: Scope) -> NumericSeriesResult:
        """A sum by bucket."""
        return self._ask(_SERIES, query, scope)

    def segmentation_average(
        self, query: queries.LocalSegmentationAverage, scope: Scope
    ) -> NumericSeriesResult:
        """An average by bucket."""
        return self._ask(_SERIES, query, scope)

    def funnel(self, query: queries.LocalFunnel, scope: Scope) -> FunnelResult:
        """Steps by bucket and segment."""
        return self._ask(_FUNNEL, query, scope)

    def retention(self, query: queries.LocalRetention, scope: Scope) -> RetentionResult:
        """Cohorts by bucket and segment."""
        return self._ask(_RETENTION, query, scope)

    def frequency(self, query: queries.LocalFrequency, scope: Scope) -> FrequencyResult:
        """Periods by bucket and segment."""
        return self._ask(_FREQUENCY, query, scope)

    def flows(self, query: queries.Flows, scope: Scope) -> FlowsResult:
        """Links and paths."""
        return self._ask(_FLOWS, query, scope)

    def explain(self, query: Question, scope: Scope) -> str:
        """The SQL that would answer; nothing is counted."""
        report = _KINDS.get(type(query))
        if report is None:
            raise InvalidArgumentError(
                f"{type(query).__name__} is a question for Mixpanel, not for tables",
                hint="ws.local.as_sql has all reports that are counted here",
            )
        return self._plan(report, query, scope).sql

    def _ask(self, report: _Report[Q, A], query: Q, scope: Scope) -> A:
        plan = self._plan(report, query, scope)
        if scope.dedupe is not False:
            wanted = coverage.wanted(plan.query, plan.calendar)
            shared_days.refuse_copies(plan.tables, wanted, self._storage)
        shared_days.tell(plan.shared)
        coverage.check(
            plan.query,
            plan.tables,
            plan.events.profiles,
            plan.calendar,
            self._storage,
            self._today,
        )
        mistakes.check(plan.query, plan.events.tables, plan.events.profiles)
        rows = self._storage.execute_rows(plan.sql)
        answer = report.answer(
            plan.query,
            rows,
            plan.calendar,
            source=_source(plan.tables),
            tables=tuple(table.name for table in plan.tables),
        )
        zeros.check(plan.query, answer, plan.events, plan.calendar, self._storage)
        return answer

    def _plan(self, report: _Report[Q, A], query: Q, scope: Scope) -> _Plan[Q]:
        tables = known_tables.events(self._storage, scope.tables, self._zone)
        calendar = Calendar(scope.timezone, query.from_date, query.to_date, scope.week_start)
        if scope.edge_buckets == "whole" and not isinstance(query, queries.Flows):
            calendar = calendar.whole(query.unit)
        if isinstance(query, queries.LocalRetention) and query.as_of is None:
            query = replace(query, as_of=self._end_of_data(tables))
        tables, shared = shared_days.read_once(tables, coverage.wanted(query, calendar))
        deduplicate = scope.dedupe
        if deduplicate is None:
            deduplicate = known_tables.overlapping(tables)
        events = Events(
            [table.to_read for table in tables],
            profiles=known_tables.profiles(self._storage, scope.profiles),
            zone=scope.timezone,
            deduplicate=deduplicate,
        )
        return _Plan(query, calendar, tables, shared, events, report.sql(query, events, calendar))

    def _end_of_data(self, tables: list[KnownTable]) -> datetime | None:
        """Until when the tables have events: what is not known of one, its last event tells."""
        ends = [table.end or self._last_event(table.name) for table in tables]
        return max((end for end in ends if end is not None), default=None)

    def _last_event(self, table: str) -> datetime | None:
        last: datetime | None = self._storage.execute_scalar(
            f"SELECT max(event_time) FROM main.{quote(table)}"
        )
        return last


@dataclass(frozen=True)
class _Plan(Generic[Q]):
    """A question made whole, and how it will be answered."""

    query: Q
    calendar: Calendar
    tables: list[KnownTable]
    shared: list[Shared]
    events: Events
    sql: str


def _source(tables: list[KnownTable]) -> str:
    """Invented data stays marked, also beside other."""
    sources = {table.facts.source for table in tables if table.facts is not None}
    return "sandbox" if "sandbox" in sources else "mixpanel"
