"""One request on its way to an endpoint, with all that the endpoint may use."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from werkzeug import Request

from mixpanel_data.sandbox import days
from mixpanel_data.sandbox.dataset import Dataset
from mixpanel_data.sandbox.dictionary import Dictionary
from mixpanel_data.sandbox.drops import Drops
from mixpanel_data.sandbox.faults import Fault
from mixpanel_data.sandbox.identity import Role
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.project import Project
from mixpanel_data.sandbox.refusals import RefusalError, bad_request, forbidden
from mixpanel_data.sandbox.sessions import Sessions

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
