"""One fetch of events: the bodies that are missing come in, all of them go into the table."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.services import windows
from mixpanel_data._internal.services.downloads import Downloads, downloading
from mixpanel_data._internal.services.progress import Tally
from mixpanel_data._internal.services.windows import Window
from mixpanel_data._internal.storage import Body, Job, TableWriter
from mixpanel_data.exceptions import (
    APIError,
    ConnectionFailedError,
    DateRangeError,
    IncompleteExportError,
    MixpanelDataError,
    warn,
)
from mixpanel_data.queries import Export

FRESH = timedelta(hours=1)
"""A body of days that were not over may be used again for so long."""

BEFORE_A_SPLIT = 2
"""Tries of a window of several days; its parts get as many, so that a dead export costs little."""

Backoff = Callable[[int], float]
Step = Callable[[Downloads[list[Body]]], list[Body]]


def is_final(body: Body, now: datetime) -> bool:
    """Whether a body of an earlier run has what an export would give now.

    A day of an older project's zone ends up to a day after it ends in UTC.
    """
    over = datetime.combine(body.last + timedelta(days=2), datetime.min.time())
    return body.received >= over or now - body.received < FRESH


def plan(whole: Window, size: int, found: Sequence[Body]) -> list[Body | Window]:
    """Bodies that are here and windows to ask for, by day: together the range exactly once."""
    now = datetime.now(UTC).replace(tzinfo=None)
    final = [body for body in found if is_final(body, now)]
    kept = [final[position] for position in windows.usable(whole, final)]
    missing = [
        window
        for gap in windows.gaps(whole, kept)
        for window in windows.cut(gap.first, gap.last, size)
    ]
    return sorted([*kept, *missing], key=lambda days: days.first)


class EventsDownload:
    """Downloads several windows at once, and stores them in the order of their days."""

    def __init__(
        self,
        api: MixpanelAPIClient,
        query: Export,
        job: Job,
        *,
        tally: Tally,
        at_once: int,
        attempts: int,
        spool_limit: float,
        skip_bad_lines: bool = False,
        left_out: Collection[date] = (),
        backoff: Backoff,
    ) -> None:
        self._api = api
        self._query = query
        self._job = job
        self._tally = tally
        self._at_once = at_once
        self._attempts = attempts
        self._backoff = backoff
        self._skip = skip_bad_lines
        self._left_out = left_out
        self._room = Room(spool_limit)

    def run(self, steps: Sequence[Body | Window], table: TableWriter) -> None:
        """Store every body, or raise an error that names the days that did not come."""
        jobs: list[Step] = [
            partial(self._found, step) if isinstance(step, Body) else partial(self._ask, step)
            for step in steps
        ]
        failed: MixpanelDataError | None = None
        with downloading(jobs, at_once=self._at_once) as downloads:
            for future in downloads.futures:
                try:
                    for body in self._wait(future):
                        # Once a window is lost the others still come, for the next run.
                        if failed is None:
                            self._store(body, table, downloads)
                except (ConnectionFailedError, IncompleteExportError) as error:
                    failed = failed or error
                except MixpanelDataError as error:
                    # What refuses one request refuses all of them.
                    failed = error
                    break
                self._tally.done += 1
        if failed is not None:
            raise self._naming_days(failed)

    def _wait(self, future: Future[list[Body]]) -> list[Body]:
        while not wait([future], timeout=0.1).done:
            self._tally.show()
        return future.result()

    def _found(self, body: Body, _: Downloads[list[Body]]) -> list[Body]:
        self._tally.received(body.first, body.rows, body.size)
        return [body]

    def _ask(self, window: Window, downloads: Downloads[list[Body]]) -> list[Body]:
        """The bodies of a window: one, or two where it kept breaking off and was split."""
        self._room.wait(downloads)
        tries = BEFORE_A_SPLIT if self._splits(window) else self._attempts
        return self._try(window, downloads, tries)

    def _splits(self, window: Window) -> bool:
        return window.days > 1 and self._query.limit is None

    def _try(self, window: Window, downloads: Downloads[list[Body]], tries: int) -> list[Body]:
        attempt = 1
        while True:
            outcome = self._receive(window, downloads)
            if isinstance(outcome, Body):
                self._room.take(outcome.size)
                return [outcome]
            self._tally.received(window.first, 0, 0)
            if attempt == tries or (isinstance(outcome, IncompleteExportError) and outcome.repeats):
                break
            downloads.pause(self._backoff(attempt))
            attempt += 1
        if not self._splits(window):
            raise outcome
        self._tally.split()
        return [
            body for half in window.halves() for body in self._try(half, downloads, BEFORE_A_SPLIT)
        ]

    def _receive(
        self, window: Window, downloads: Downloads[list[Body]]
    ) -> Body | ConnectionFailedError | IncompleteExportError:
        """A whole body on disk, or how it broke off; what never begins is raised."""
        query = replace(self._query, from_date=window.first, to_date=window.last)
        with (
            self._api.open_export(query, check=downloads.check, cut=self._skip) as stream,
            self._job.receive(window.first, window.last) as incoming,
        ):
            try:
                for chunk in stream:
                    incoming.write(chunk)
                    self._tally.received(window.first, stream.rows, stream.bytes)
                    downloads.check()
            except IncompleteExportError as error:
                return error.of(window.name)
            except ConnectionFailedError as error:
                return error
            return incoming.keep(stream.rows, self._api.source)

    def _store(
        self, body: Body, table: TableWriter, downloads: Downloads[list[Body]], tries: int = 2
    ) -> None:
        """Store a body. One with a line that is no event is asked for again, then by its halves.

        So what is left out in the end is a day alone, or lines of one, and the others are kept.
        """
        window = Window(body.first, body.last)
        parts = (window,) if tries > 1 else window.halves() if self._splits(window) else ()
        try:
            table.add(body.path, skipped_of=window.name if self._skip and not parts else None)
        except IncompleteExportError as error:
            self._forget(body)
            if table.is_aborted or not parts:
                raise error.of(window.name) from error.__cause__
        else:
            self._room.stored(body)
            return
        failed: ConnectionFailedError | IncompleteExportError | None = None
        for part in parts:
            try:
                for again in self._try(part, downloads, tries=1):
                    if failed is None:
                        self._store(again, table, downloads, tries - 1)
            except (ConnectionFailedError, IncompleteExportError) as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _forget(self, body: Body) -> None:
        body.path.unlink()
        self._room.take(-body.size)

    def _naming_days(self, error: MixpanelDataError) -> MixpanelDataError:
        whole = Window(self._query.from_date, self._query.to_date)
        bodies = self._job.bodies()
        done: list[windows.Days] = [*bodies, *windows.alone(self._left_out)]
        done.sort(key=lambda days: days.first)
        if gaps := ", ".join(map(str, windows.gaps(whole, done))):
            error.args = (f"{error.message} (missing: {gaps})",)
        kept = f"{len(bodies)} windows are kept and nothing is stored yet"
        if not _is_about_the_question(error):
            kept += ": the same command continues"
        told = error.hint
        if isinstance(error, ConnectionFailedError) or (
            isinstance(error, IncompleteExportError) and not error.repeats
        ):
            told = None
        error.hint = f"{told}; {kept}" if told else kept
        return error


def _is_about_the_question(error: MixpanelDataError) -> bool:
    """Whether the same question would be refused again."""
    return isinstance(error, DateRangeError) or (
        isinstance(error, APIError) and error.status == 400
    )


class Room:
    """The space that bodies may take: those that wait to be stored, and those that were.

    What waits holds back further downloads. What was stored is kept for a run after a crash; past
    the limit the oldest of it goes.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._waiting = 0
        self._lock = threading.Lock()
        self._stored: list[Body] = []

    def wait(self, downloads: Downloads[list[Body]]) -> None:
        """Until there is room for another body."""
        while self._waiting > self._limit:
            downloads.pause(0.2)
        downloads.check()

    def take(self, size: int) -> None:
        """A body came in."""
        with self._lock:
            self._waiting += size

    def stored(self, body: Body) -> None:
        """A body is in the table."""
        with self._lock:
            self._waiting = max(0, self._waiting - body.size)
        self._stored.append(body)
        if self._waiting + sum(stored.size for stored in self._stored) > self._limit:
            warn(
                f"the spool has reached its limit of {self._limit / 1e9:g} GB (spool_limit_gb):"
                " if this fetch is interrupted, days that are stored are asked for again"
            )
            self._stored.pop(0).path.unlink(missing_ok=True)
