"""FetcherService: from Mixpanel into a table, complete or not at all."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import Settings
from mixpanel_data._internal.services.downloads import Downloads, downloading
from mixpanel_data._internal.services.progress import OnProgress, Tally
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data._internal.utils import utc_now, windows
from mixpanel_data.exceptions import APIError, ConnectionFailedError, IncompleteExportError
from mixpanel_data.queries import Export, Profiles
from mixpanel_data.types import FetchResult, TableMetadata

_BATCH = 16 << 20
"""Bytes of profile pages that are loaded at once: DuckDB likes more than 1,000 rows."""


@dataclass(frozen=True)
class _Window:
    """One request of an export, and where its body goes."""

    query: Export
    body: Path


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
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api_client
        self._storage = storage
        self._settings = settings or Settings()
        self._legacy_zone = legacy_zone
        self._sleep = sleep

    def fetch_events(
        self,
        name: str,
        from_date: str | date | None,
        to_date: str | date | None,
        events: Sequence[str] | None = None,
        where: str | None = None,
        progress_callback: OnProgress | None = None,
        *,
        limit: int | None = None,
    ) -> FetchResult:
        """Fetch the events of both days and all between into a new table."""
        query = Export.of(from_date, to_date, events, where, limit)
        facts = TableMetadata(
            type="events",
            fetched_at=utc_now(),
            from_date=str(query.from_date),
            to_date=str(query.to_date),
            filter_events=list(query.events) if query.events else None,
            filter_where=query.where,
        )
        started = time.monotonic()
        with (
            self._storage.new_table(name, facts, legacy_zone=self._legacy_zone) as table,
            self._storage.spool() as spool,
        ):
            plan = self._plan(query, spool)
            tally = Tally(len(plan), progress_callback)
            jobs = [partial(self._download, window, tally) for window in plan]
            with downloading(jobs, at_once=self._settings.export_concurrency) as downloads:
                # Windows are stored in their order while later ones still come in.
                for window, future in zip(plan, downloads.futures, strict=True):
                    with _naming(window):
                        _wait(future, tally)
                        table.add(window.body)
                    window.body.unlink()
                    tally.done += 1
            tally.show("store", always=True)
            table.facts = facts = replace(facts, source=self._api.source)
        return _result(name, table.rows, facts, started)

    def fetch_profiles(
        self,
        name: str,
        where: str | None = None,
        progress_callback: OnProgress | None = None,
        *,
        query: Profiles | None = None,
    ) -> FetchResult:
        """Fetch profiles into a new table, one row per user; `query` asks more than `where`."""
        query = query or Profiles(where=where)
        facts = TableMetadata(type="profiles", fetched_at=utc_now(), filter_where=query.where)
        started = time.monotonic()
        with (
            self._storage.new_table(name, facts) as table,
            self._storage.spool() as spool,
        ):
            tally = Tally(None, progress_callback)
            for body in self._profile_bodies(query, spool, tally):
                table.add(body)
            tally.show("store", always=True)
            table.facts = facts = replace(facts, source=self._api.source)
        return _result(name, table.rows, facts, started)

    # -- events ---------------------------------------------------------------------------------

    def _plan(self, query: Export, spool: Path) -> list[_Window]:
        """Windows that cover the range exactly once, few enough for the hourly quota.

        A limit caps each request, so a limited export is one request.
        """
        days = (query.to_date - query.from_date).days + 1
        size = max(self._settings.window_days, math.ceil(days / self._settings.exports_per_hour))
        if query.limit is not None:
            size = days
        return [
            _Window(replace(query, from_date=first, to_date=last), spool / f"{first}_{last}.ndjson")
            for first, last in windows(query.from_date, query.to_date, size)
        ]

    def _download(self, window: _Window, tally: Tally, downloads: Downloads[None]) -> None:
        """The whole body of a window on disk; a broken one is asked for again from its start."""
        attempt = 1
        while broken := self._receive(window, tally, downloads):
            if attempt == self._settings.attempts:
                raise broken
            tally.received(window, 0, 0)
            self._sleep(min(2.0**attempt, 30))
            downloads.check()
            attempt += 1

    def _receive(
        self, window: _Window, tally: Tally, downloads: Downloads[None]
    ) -> APIError | None:
        """How the body broke off, if it did; the client itself retries what has not begun."""
        with (
            self._api.open_export(window.query) as stream,
            self._storage.body(window.body) as write,
        ):
            try:
                for chunk in stream:
                    write(chunk)
                    tally.received(window, stream.rows, stream.bytes)
                    downloads.check()
            except (ConnectionFailedError, IncompleteExportError) as error:
                return error
        return None

    # -- profiles -------------------------------------------------------------------------------

    def _profile_bodies(self, query: Profiles, spool: Path, tally: Tally) -> Iterator[Path]:
        """Pages as received, some megabytes to a file."""
        body = spool / "pages.json"
        pages = iter(self._api.profile_pages(query))
        rows = total = 0
        more = True
        while more:
            size = 0
            with self._storage.body(body) as write:
                for page in pages:
                    write(page.content + b"\n")
                    size += len(page.content)
                    rows += page.rows
                    total += len(page.content)
                    if page.total and page.rows and tally.windows is None:
                        tally.windows = math.ceil(page.total / page.rows)
                    tally.done += 1
                    tally.received("pages", rows, total)
                    tally.show()
                    if size > _BATCH:
                        break
                else:
                    more = False
            yield body


@contextmanager
def _naming(window: _Window) -> Iterator[None]:
    """Say which days are missing when a window fails."""
    try:
        yield
    except APIError as error:
        days = f"{window.query.from_date} to {window.query.to_date}"
        error.args = (f"{error.message} (days {days})",)
        raise


def _wait(future: Future[None], tally: Tally) -> None:
    """Until a download is done, with reports while it comes."""
    while not wait([future], timeout=0.1).done:
        tally.show()
    future.result()


def _result(name: str, rows: int, facts: TableMetadata, started: float) -> FetchResult:
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
