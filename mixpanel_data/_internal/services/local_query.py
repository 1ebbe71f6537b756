"""Reports on fetched tables: a question becomes SQL, the rows of the SQL an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from mixpanel_data._internal.reports.calendar import Calendar
from mixpanel_data._internal.reports.events import Events
from mixpanel_data._internal.reports.registry import LOCAL_REPORTS, LocalReport
from mixpanel_data._internal.services import coverage, known_tables, mistakes, shared_days, zeros
from mixpanel_data._internal.services.known_tables import KnownTable
from mixpanel_data._internal.services.shared_days import Shared
from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data._internal.utils import utc_now
from mixpanel_data.queries import Question

A = TypeVar("A")


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

    def answer(self, query: Question[A]) -> A:
        """The answer to a question about tables, whose `timezone` is known."""
        plan = self._plan(query)
        if plan.query.dedupe is not False:
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
        answer = plan.report.answer(
            plan.query,
            rows,
            plan.calendar,
            source=_source(plan.tables),
            tables=tuple(table.name for table in plan.tables),
        )
        zeros.check(plan.query, answer, plan.events, plan.calendar, self._storage)
        found: A = answer
        return found

    def explain(self, query: Question[Any]) -> str:
        """The SQL that would answer; nothing is counted."""
        return self._plan(query).sql

    def _plan(self, query: Any) -> _Plan:
        report = LOCAL_REPORTS[type(query)]
        tables = known_tables.events(self._storage, query.table, self._zone)
        calendar = Calendar(query.timezone, query.from_date, query.to_date, query.week_start)
        if query.edge_buckets == "whole" and report.has_buckets:
            calendar = calendar.whole(query.unit)
        query = report.completed(query, lambda: self._end_of_data(tables))
        tables, shared = shared_days.read_once(tables, coverage.wanted(query, calendar))
        deduplicate = query.dedupe
        if deduplicate is None:
            deduplicate = known_tables.overlapping(tables)
        events = Events(
            [table.to_read for table in tables],
            profiles=known_tables.profiles(self._storage, query.profiles),
            zone=query.timezone,
            deduplicate=deduplicate,
        )
        sql = report.sql(query, events, calendar)
        return _Plan(query, report, calendar, tables, shared, events, sql)

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
class _Plan:
    """A question made whole, and how it will be answered."""

    query: Any
    report: LocalReport[Any]
    calendar: Calendar
    tables: list[KnownTable]
    shared: list[Shared]
    events: Events
    sql: str


def _source(tables: list[KnownTable]) -> str:
    """Invented data stays marked, also beside other."""
    sources = {table.facts.source for table in tables if table.facts is not None}
    return "sandbox" if "sandbox" in sources else "mixpanel"
