"""The form that fetches events: what is wanted, what it costs, how far it is, what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from mixpanel_magics.state.status import StatusMessage, Tone, as_typed, failed, quietly, waiting
from mixpanel_magics.state.work import Work

if TYPE_CHECKING:
    from mixpanel_data import FetchProgress, Workspace
    from mixpanel_data.queries import EventsFetch, Mode
    from mixpanel_data.types import FetchPlan, FetchResult


@dataclass(frozen=True)
class Wanted:
    """What is to be fetched; without events, all of them."""

    table: str = "events"
    from_date: date | None = None
    to_date: date | None = None
    events: tuple[str, ...] = ()
    where: str = ""
    mode: Mode = "create"

    @property
    def is_whole(self) -> bool:
        """True when enough is given for a plan; with `append`, days may be left out."""
        has_days = self.from_date is not None and self.to_date is not None
        return bool(self.table) and (has_days or self.mode == "append")

    def fetch(self) -> EventsFetch:
        """The fetch, once it is whole."""
        from mixpanel_data.queries import EventsFetch

        return EventsFetch(
            self.table,
            self.from_date,
            self.to_date,
            self.events or None,
            self.where or None,
            append=self.mode == "append",
            replace=self.mode == "replace",
        )


class _Stopped(Exception):  # noqa: N818 - what it stops knows nothing of it
    """Raised into a fetch that nobody wants any more, as an interrupt is in a cell."""


class Fetching:
    """Plans and fetches on a thread, and on connections of its own.

    `changed` is called after each change, on any thread; `fetched` after a table has changed.
    """

    def __init__(
        self,
        workspace: Workspace,
        changed: Callable[[], None] = lambda: None,
        fetched: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.changed, self.fetched = changed, fetched
        self.wanted = Wanted()
        self.known: tuple[str, ...] = ()
        """Names of events, once they were asked for."""
        self.plan: FetchPlan | None = None
        """Of what is wanted now; None while it is not known."""
        self.result: FetchResult | None = None
        self.fraction: float | None = None
        self.is_running = False
        self.status = StatusMessage("choose the first and the last day")
        self._workspace = workspace.sibling()
        self._is_stopped = False
        self.work = Work(self._workspace.interrupt)

    @property
    def can_start(self) -> bool:
        """True where the plan is known, and something is to be fetched."""
        return self.plan is not None and self.plan.from_date is not None and not self.is_running

    def change(self, wanted: Wanted) -> None:
        """What is wanted is this, now: find out what it costs. Mixpanel is not asked."""
        if self.is_running or wanted == self.wanted:
            return
        self.wanted, self.plan = wanted, None
        if not wanted.is_whole:
            self._say(StatusMessage("choose the first and the last day"))
            return
        self._say(StatusMessage("planning …", "busy"))
        self._do(lambda: self._workspace.plan(wanted.fetch()), self._planned)

    def list_events(self) -> None:
        """Ask Mixpanel for the names of events."""
        if not self.is_running:
            self._say(StatusMessage("asking Mixpanel for its events …", "busy"))
            self._do(self._workspace.events, self._listed)

    def start(self) -> None:
        """Fetch what was planned."""
        if not self.can_start:
            return
        self.is_running, self.result = True, None
        self._say(StatusMessage("connecting …", "busy"), 0.0)
        wanted = self.wanted
        self._do(lambda: self._fetch(wanted), self._done)

    def stop(self) -> None:
        """Stop the fetch; what was downloaded is kept, and the next fetch resumes from it."""
        if self.is_running:
            self._say(StatusMessage("stopping …", "busy"), self.fraction)
            table = self.wanted.table
            self._is_stopped = True
            self.work.do(lambda: self._kept(table), self._said_stopped, self._failed)

    def close(self) -> None:
        """Stop, and let go of the connections; nothing more is told."""
        self.changed, self.fetched, self._is_stopped = (lambda: None), (lambda _: None), True
        self.work.close()
        self._workspace.close()

    # -- on the thread ----------------------------------------------------------------------------

    def _fetch(self, wanted: Wanted) -> FetchResult | None:
        begun = time.monotonic()

        def progress(now: FetchProgress) -> None:
            self._check()
            self._say(StatusMessage(now.describe(time.monotonic() - begun), "busy"), now.fraction)

        def wait(seconds: float, why: str) -> None:
            self._check()
            if seconds >= 1:
                self._say(StatusMessage(waiting(seconds, why), "busy"), self.fraction)

        self._workspace.api.on_wait = wait
        try:
            with quietly():  # the answer has the warnings
                return self._workspace.fetch(replace(wanted.fetch(), progress=progress))
        except _Stopped:
            return None
        finally:
            self._workspace.api.on_wait = None

    def _check(self) -> None:
        if self._is_stopped:
            raise _Stopped

    def _kept(self, table: str) -> int:
        self._is_stopped = False
        return kept_windows(self._workspace, table)

    # -- what is told -----------------------------------------------------------------------------

    def _planned(self, plan: FetchPlan) -> None:
        self.plan = plan
        self._say(_told(plan))

    def _listed(self, names: list[str]) -> None:
        self.known = tuple(names)
        told = f"{_counted(len(names), 'event', 'events')} to choose from"
        self._say(replace(_told(self.plan), hint=told) if self.plan else StatusMessage(told))

    def _done(self, result: FetchResult | None) -> None:
        self.is_running, self.plan, self.result = False, None, result
        if result is None:
            return
        copies = (
            f" ({_counted(result.duplicates, 'copy', 'copies')} left out)"
            if result.duplicates
            else ""
        )
        told = f"{result.rows:,} events{copies} are in {result.table!r}"
        notes = "; ".join(str(as_typed(warning)) for warning in result.warnings) or None
        tone: Tone = "good" if not notes else "plain" if result.rows else "bad"
        self._say(StatusMessage(f"{told}, after {result.duration_seconds:.1f} s", tone, notes))
        self.fetched(result.table)

    def _said_stopped(self, kept: int) -> None:
        self.is_running = False
        told = f"stopped; {kept} windows are kept" if kept else "stopped; nothing is kept"
        self._say(StatusMessage(told, "plain", "Fetch resumes from there." if kept else None))

    def _failed(self, error: Any) -> None:
        self.is_running = False
        self._say(failed(error))

    def _do(self, job: Callable[[], Any], then: Callable[[Any], None]) -> None:
        self.work.do(job, then, self._failed)

    def _say(self, status: StatusMessage, fraction: float | None = None) -> None:
        self.status, self.fraction = status, fraction
        self.changed()


def kept_windows(workspace: Workspace, table: str) -> int:
    """How much of fetches into a table that did not end need not be asked for again."""
    return sum(len(fetch.done) for fetch in workspace.fetches() if fetch.table == table)


def _told(plan: FetchPlan) -> StatusMessage:
    """A plan in words."""
    if plan.from_date is None:
        return StatusMessage(
            f"{plan.table!r} has every day until {plan.complete_until}: there is nothing to fetch"
        )
    parts = [
        f"{plan.from_date} to {plan.to_date} in {_counted(plan.requests, 'request', 'requests')}"
    ]
    if plan.spooled:
        parts.append(f"{plan.spooled} of {plan.windows} windows are here from an earlier run")
    parts.append(f"the quota has {plan.quota_left} of {plan.quota_per_hour} an hour left")
    minutes = plan.wait_seconds / 60
    parts.append(f"about {minutes:.0f} min of waiting" if minutes >= 1 else "no waiting")
    return StatusMessage("; ".join(parts))


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
