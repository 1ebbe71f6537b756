"""FetcherService: from Mixpanel into a table, complete or not at all."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import Settings
from mixpanel_data._internal.expressions import as_expression
from mixpanel_data._internal.services import windows
from mixpanel_data._internal.services.continuing import (
    Continuation,
    extended,
    refuse_changed,
    tell_left_out,
)
from mixpanel_data._internal.services.events import Backoff, EventsDownload, plan
from mixpanel_data._internal.services.progress import Tally
from mixpanel_data._internal.services.windows import Window
from mixpanel_data._internal.storage import (
    Body,
    StorageEngine,
    TableWriter,
    retry_on_conflict,
)
from mixpanel_data._internal.utils import utc_now
from mixpanel_data.exceptions import InvalidArgumentError, warn
from mixpanel_data.queries import EventsFetch, Export, Profiles, ProfilesFetch
from mixpanel_data.types import FetchPlan, FetchResult, TableMetadata

_BATCH = 16 << 20
"""Bytes of profile pages that are loaded at once: DuckDB likes more than 1,000 rows."""

_HOUR = 3600


class FetcherService:
    """Downloads to a spool beside the database, and lets DuckDB read it from there.

    `legacy_zone` is the zone of a project whose exports carry local time.
    """

    def __init__(
        self,
        api_client: MixpanelAPIClient,
        storage: StorageEngine,
        *,
        settings: Settings | None = None,
        legacy_zone: str | None = None,
        backoff: Backoff = lambda attempt: min(2.0**attempt, 30),
    ) -> None:
        self._api = api_client
        self._storage = storage
        self._settings = settings or Settings()
        self._legacy_zone = legacy_zone
        self._backoff = backoff

    # -- events ---------------------------------------------------------------------------------

    def fetch_events(self, fetch: EventsFetch) -> FetchResult:
        """Fetch the events of both days and all between into a table."""
        started = time.monotonic()
        name = fetch.name
        before = self._before(fetch)
        query = self._query(before, fetch)
        if isinstance(query, date):
            source = before.source if before else self._api.source
            nothing = TableMetadata(type="events", fetched_at=utc_now(), source=source)
            return replace(_result(name, nothing, started), complete_until=str(query))
        facts = TableMetadata(
            type="events",
            fetched_at=utc_now(),
            from_date=str(query.from_date),
            to_date=str(query.to_date),
            filter_events=list(query.events) if query.events else None,
            filter_where=query.where,
            filter_limit=query.limit,
        )
        with self._storage.job(
            self._asked(name, query),
            from_date=facts.from_date,
            to_date=facts.to_date,
        ) as job:
            facts = replace(facts, job=job.id)

            gaps = _gaps(query, fetch)

            def store() -> TableWriter:
                steps = self._steps(query, job.bodies(), fetch)
                tally = Tally(len(steps), fetch.progress)
                download = EventsDownload(
                    self._api,
                    query,
                    job,
                    tally=tally,
                    at_once=fetch.concurrency or self._settings.export_concurrency,
                    attempts=self._settings.attempts,
                    spool_limit=self._settings.spool_limit_gb * 1e9,
                    skip_bad_lines=fetch.bad_lines == "skip",
                    left_out=gaps,
                    backoff=self._backoff,
                )
                with self._storage.new_table(
                    name,
                    facts,
                    mode="create" if fetch.append and before is None else fetch.mode,
                    legacy_zone=self._legacy_zone,
                    deduplicate=fetch.dedupe,
                    flat=fetch.flat,
                    flat_columns=self._settings.flat_columns,
                    longest_line=int(self._settings.line_limit_mb * 1e6),
                ) as table:
                    download.run(steps, table)
                    tally.show("store", always=True)
                    table.left_out |= dict.fromkeys(map(str, gaps))
                    source = self._source(steps)
                    found = replace(facts, source=source, left_out=table.left_out)
                    table.facts = extended(before, found) if before else found
                return table

            table = retry_on_conflict(store)
            job.remove()
        facts = replace(facts, source=table.facts.source)
        _tell_nulls(name, table.nulls)
        tell_left_out(name, table.left_out)
        result = _result(name, facts, started, rows=table.rows)
        return replace(
            result,
            duplicates=table.duplicates,
            replaced=table.replaced,
            nulls=table.nulls,
            left_out=table.left_out,
        )

    def plan_events(self, fetch: EventsFetch) -> FetchPlan:
        """What `fetch_events` would do, by the quota that this machine knows of."""
        name = fetch.name
        query = self._query(self._before(fetch), fetch)
        steps: list[Body | Window] = []
        if isinstance(query, Export):
            job = self._storage.find_job(self._asked(name, query))
            steps = self._steps(query, job.bodies() if job else [], fetch)
        requests = sum(isinstance(step, Window) for step in steps)
        quota = self._api.quota("export")
        beyond = math.ceil(max(0, requests - quota.left) / quota.per_hour)
        return FetchPlan(
            table=name,
            from_date=str(query.from_date) if isinstance(query, Export) else None,
            to_date=str(query.to_date) if isinstance(query, Export) else None,
            windows=len(steps),
            spooled=len(steps) - requests,
            requests=requests,
            quota_per_hour=quota.per_hour,
            quota_left=quota.left,
            wait_seconds=round(beyond and (quota.next_in or _HOUR) + (beyond - 1) * _HOUR),
            complete_until=None if isinstance(query, Export) else str(query),
        )

    def _source(self, steps: list[Body | Window]) -> str:
        """Invented, if any of it is: also where nothing was asked, since all was here already."""
        found = {step.source for step in steps if isinstance(step, Body)}
        return "sandbox" if "sandbox" in found else self._api.source

    def _before(self, fetch: EventsFetch) -> TableMetadata | None:
        """The metadata of the table to append to; None where the fetch makes a table."""
        name = fetch.name
        self._storage.check_name(name, fetch.mode)
        if not fetch.append or not self._storage.table_exists(name):
            return None
        before = self._storage.get_metadata(name)
        if before.type != "events" or not self._storage.get_schema(name).changed:
            return before
        if fetch.from_date is None:
            refuse_changed(name, before)
        # Days that are named come anew and complete, but what else was changed stays changed.
        return replace(before, changed_at=before.changed_at or utc_now())

    def _query(self, before: TableMetadata | None, fetch: EventsFetch) -> Export | date:
        """The export, with the dates that an append leaves open.

        Where the table has all of them, the last one.
        """
        if fetch.where is not None:
            as_expression(fetch.where)  # refused before anything is downloaded
        if before is None:
            if fetch.lookback_days:
                raise InvalidArgumentError(
                    "lookback_days re-fetches days of a table, and there is none to append to"
                )
            query = fetch.export(fetch.from_date, fetch.to_date)
            self._api.check_days(query)
            _check_gaps(query, fetch)
            return query
        if fetch.limit is not None:
            raise InvalidArgumentError(
                "a limited fetch is a sample, which can't be appended", hint="leave out the limit"
            )
        if before.filter_limit is not None:
            raise InvalidArgumentError(
                f"the table is a sample of at most {before.filter_limit:,} events, to which nothing"
                " can be appended",
                hint="fetch under another name, or all of it again with --replace (replace=True)",
            )
        has = Continuation(before, self._api.today(), self._legacy_zone)
        days = has.days(fetch.from_date, fetch.to_date, fetch.lookback_days, fetch.allow_gap)
        if not days.days:
            return days.last
        query = fetch.export(days.first, days.last)
        self._api.check_days(query)
        asked = (list(query.events) if query.events else None, query.where)
        if asked != (before.filter_events, before.filter_where):
            raise InvalidArgumentError(
                f"the table has events {before.filter_events or 'of all names'}"
                f" where {before.filter_where or 'anything'}, and the append asks for others",
                hint="append with the same events and where, or fetch under another name",
            )
        _check_gaps(query, fetch, before)
        return query

    def _asked(self, name: str, query: Export) -> dict[str, Any]:
        """All that makes bodies interchangeable, but their days."""
        who = self._api.credentials
        return {
            "table": name,
            "project": who.project_id,
            "origin": who.base_url or who.region,
            "events": query.events and list(query.events),
            "where": query.where,
            "limit": query.limit,
        }

    def _steps(
        self, query: Export, bodies: Sequence[Body], fetch: EventsFetch
    ) -> list[Body | Window]:
        """Few enough windows for the hourly quota, unless told; a limit caps each request."""
        whole = Window(query.from_date, query.to_date)
        if query.limit is not None:
            size = whole.days
        else:
            few = math.ceil(whole.days / self._settings.exports_per_hour)
            size = fetch.window_days or max(self._settings.window_days, few)
        between = windows.gaps(whole, windows.alone(_gaps(query, fetch)))
        return [step for window in between for step in plan(window, min(size, window.days), bodies)]

    # -- profiles -------------------------------------------------------------------------------

    def fetch_profiles(self, fetch: ProfilesFetch) -> FetchResult:
        """Fetch profiles into a table, one row per profile."""
        started = time.monotonic()
        name, query = fetch.name, fetch.query
        self._storage.check_name(name, fetch.mode)
        facts = TableMetadata(
            type="profiles",
            fetched_at=utc_now(),
            filter_where=query.where,
            job=uuid.uuid4().hex,
        )
        with self._storage.temporary() as folder:
            tally = Tally(None, fetch.progress)
            bodies, total = self._profile_bodies(query, folder, tally)
            facts = replace(facts, source=self._api.source)
            tally.show("store", always=True)

            def store() -> TableWriter:
                with self._storage.new_table(
                    name,
                    facts,
                    mode=fetch.mode,
                    flat=fetch.flat,
                    flat_columns=self._settings.flat_columns,
                ) as table:
                    for body in bodies:
                        table.add(body)
                return table

            table = retry_on_conflict(store)
        _check_total(name, table.rows, total)
        _tell_nulls(name, table.nulls)
        result = _result(name, facts, started, rows=table.rows)
        return replace(result, duplicates=table.duplicates, nulls=table.nulls)

    def _profile_bodies(
        self, query: Profiles, folder: Path, tally: Tally
    ) -> tuple[list[Path], int | None]:
        """Pages as received, some megabytes to a file, and how many profiles Mixpanel counted."""
        bodies: list[Path] = []
        batch: list[bytes] = []
        rows = size = 0
        total: int | None = None

        def write_batch() -> None:
            body = folder / f"pages-{len(bodies)}.json"
            with self._storage.body(body) as write:
                for content in batch:
                    write(content + b"\n")
            bodies.append(body)
            batch.clear()

        for page in self._api.profile_pages(query):
            if page.page == 0:  # also where a session failed, and all comes again
                bodies.clear()
                batch.clear()
                rows = size = tally.done = 0
                total = page.total
                tally.windows = math.ceil(total / page.rows) if total and page.rows else None
            batch.append(page.content)
            rows += page.rows
            size += len(page.content)
            tally.done += 1
            tally.received("pages", rows, size)
            tally.show()
            if sum(map(len, batch)) > _BATCH:
                write_batch()
        write_batch()
        return bodies, total


def _gaps(query: Export, fetch: EventsFetch) -> list[date]:
    """The days of the export that are left out."""
    return [day for day in fetch.allow_gap if query.from_date <= day <= query.to_date]


def _check_gaps(query: Export, fetch: EventsFetch, before: TableMetadata | None = None) -> None:
    gaps = _gaps(query, fetch)
    if before is None:
        for day in set(fetch.allow_gap).difference(gaps):
            raise InvalidArgumentError(
                f"allow_gap {day} is not among the days {query.from_date}..{query.to_date}"
            )
        return
    for gap in map(str, gaps):
        is_there = (before.from_date or "") <= gap <= (before.to_date or "")
        if is_there and gap not in before.left_out:
            raise InvalidArgumentError(
                f"table {fetch.name!r} has {gap}, which can't be left out then",
                hint=f"append only days after {before.to_date}, or leave out no day",
            )


def _check_total(name: str, rows: int, total: int | None) -> None:
    if total is None:
        warn(
            f"Mixpanel did not say how many profiles there are: if some are missing from table"
            f" {name!r}, it does not show"
        )
    elif rows < total:
        warn(
            f"{total - rows:,} of {total:,} profiles may be missing from table {name!r}: others came"
            " twice, as they do when they change while they are read; fetch them again"
        )


_UNREADABLE = {
    "event_time": "events without a time that can be read",
    "distinct_id": "profiles without a $distinct_id",
    "last_seen": "profiles with a $last_seen that is no time",
}


def _tell_nulls(name: str, nulls: Mapping[str, int]) -> None:
    for column, count in nulls.items():
        warn(f"{_UNREADABLE[column]}: {count:,}; their {column} in table {name!r} is NULL")


def _result(name: str, facts: TableMetadata, started: float, *, rows: int = 0) -> FetchResult:
    dates = (facts.from_date, facts.to_date) if facts.from_date and facts.to_date else None
    return FetchResult(
        table=name,
        rows=rows,
        type=facts.type,
        duration_seconds=round(time.monotonic() - started, 3),
        date_range=dates,
        fetched_at=facts.fetched_at,
        source=facts.source,
    )
