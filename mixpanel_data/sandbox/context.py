"""One request on its way to an endpoint, and what is remembered between requests."""

from __future__ import annotations

import json
import threading
from array import array
from collections import OrderedDict, deque
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug import Request

from mixpanel_data.sandbox import days
from mixpanel_data.sandbox.dataset import Dataset
from mixpanel_data.sandbox.dictionary import Dictionary
from mixpanel_data.sandbox.faults import Fault
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.project import Project, Role
from mixpanel_data.sandbox.refusals import RefusalError, bad_request, forbidden

# -- What queries of /engage found, for their further pages ---------------------------------------

UNCACHED = "request for page in uncached query for params"

_SESSIONS_KEPT = 50


@dataclass(frozen=True)
class Session:
    """What a query found: ids of `profile_rows`, then people without a profile."""

    id: str
    filters: str
    rows: array[int]
    strangers: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many profiles there are in all pages."""
        return len(self.rows) + len(self.strangers)


class Sessions:
    """The latest queries; older ones have expired."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Session] = OrderedDict()

    def keep(self, session: Session) -> None:
        """Remember a query, at the cost of the oldest."""
        with self._lock:
            self._known[session.id] = session
            self._known.move_to_end(session.id)
            while len(self._known) > _SESSIONS_KEPT:
                self._known.popitem(last=False)

    def find(self, session_id: str, filters: str) -> Session:
        """The session, if it was for these very filters."""
        with self._lock:
            session = self._known.get(session_id)
        if session is None or session.filters != filters:
            raise bad_request(UNCACHED)
        return session


# -- What was sent and not stored. Mixpanel drops it in silence; a test wants to know -------------

_KEPT = 1000
_MAX_RECORD = 10_000


@dataclass(frozen=True)
class Dropped:
    """A record that was refused or ignored, and why."""

    path: str
    reason: str
    record: Any


class Drops:
    """The latest thousand of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: deque[Dropped] = deque(maxlen=_KEPT)

    def add(self, path: str, reason: str, record: Any) -> None:
        """Remember one; of a large record, its beginning as text."""
        text = json.dumps(record)
        kept = record if len(text) <= _MAX_RECORD else f"{text[:_MAX_RECORD]}…"
        with self._lock:
            self._latest.append(Dropped(path, reason, kept))

    def latest(self) -> list[Dropped]:
        """All that is remembered, latest last."""
        with self._lock:
            return list(self._latest)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._latest.clear()


# -- One request on its way to an endpoint, with all that the endpoint may use --------------------

REMEMBERED_DAYS = 31
"""How far back /events/names and its like look when they get no dates."""


@dataclass(frozen=True)
class RequestContext:
    """What an endpoint gets. `closing` is closed when the answer is out."""

    request: Request
    params: Params
    project: Project
    data: Dataset
    role: Role | None
    sessions: Sessions
    dictionary: Dictionary
    drops: Drops
    now: datetime
    faults: tuple[Fault, ...]
    closing: ExitStack

    @property
    def now_ms(self) -> int:
        """The time in milliseconds."""
        return int(self.now.timestamp() * 1000)

    def check_project(self, project_id: int) -> None:
        """Raise unless a path of the App API names this project."""
        if project_id != self.project.id:
            raise forbidden()

    def today(self, zone: str) -> date:
        """The day it is in a zone."""
        return self.now.astimezone(ZoneInfo(zone)).date()

    def past_days(self, zone: str) -> tuple[date, date]:
        """As `days`, for endpoints that refuse the future."""
        first, last = self.days(zone)
        if last > self.today(zone):
            raise bad_request(f"to_date cannot be later than today, {self.today(zone)}")
        return first, last

    def days(self, zone: str) -> tuple[date, date]:
        """from_date and to_date, within the plan's history (contract, 3.3)."""
        first, last = self.params.day("from_date"), self.params.day("to_date")
        if first is None or last is None:
            raise bad_request("from_date and to_date are required parameters")
        if first > last:
            raise bad_request("to_date must not be before from_date")
        kept = self.project.max_history_days
        if kept is not None and first < self.today(zone) - timedelta(days=kept):
            raise RefusalError(403, f"Date range exceeds {kept} days into the past")
        return first, last

    def recent(self) -> tuple[int, int]:
        """The milliseconds of the dates asked for, or else of the last 31 days."""
        zone = self.project.timezone
        if self.params.text("from_date") is None and self.params.text("to_date") is None:
            today = self.today(zone)
            return days.bounds(today - timedelta(days=REMEMBERED_DAYS - 1), today, zone)
        return days.bounds(*self.days(zone), zone)
