"""Calls for what a project has: events, properties, saved things, descriptions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from mixpanel_data._internal.api_client.account import check
from mixpanel_data._internal.api_client.calls import Calls
from mixpanel_data._internal.api_client.responses import (
    Cohort,
    Funnel,
    Me,
    Schema,
    SchemaJson,
    TopEvent,
)
from mixpanel_data.exceptions import APIError, DateRangeError
from mixpanel_data.types import AccountTest

MAX_NAMES = 5000
"""Mixpanel's own ceiling for events/names; it is clamped silently."""

MAX_PROPERTIES = 1000
FIRST_DAY = date(2000, 1, 1)
"""Years before 2000 are refused."""


class NameCalls(Calls):
    """Names cost a query each; the Lexicon has a small quota of its own, a few calls a minute."""

    def get_events(self) -> list[str]:
        """Names of all events since 2000, or since the plan's history begins; in no order."""
        today = self.now().date()
        try:
            return self._event_names(FIRST_DAY, today)
        except DateRangeError as error:
            if error.max_days is None or error.max_days > (today - FIRST_DAY).days:
                raise
            return self._event_names(today - timedelta(days=error.max_days), today)

    def _event_names(self, first: date, today: date) -> list[str]:
        params = {"type": "general", "limit": MAX_NAMES, "from_date": first}
        try:
            names = self.get("events/names", {**params, "to_date": today})
        except APIError as error:
            if "later than today" not in error.message:
                raise
            # West of Greenwich the project's day may be yesterday still.
            names = self.get("events/names", {**params, "to_date": today - timedelta(days=1)})
        return [str(name) for name in self.read(list[Any], "events/names", names)]

    def get_event_properties(self, event: str) -> list[str]:
        """Names of an event's properties, at most 1,000, in Mixpanel's order."""
        params = {"event": event, "limit": MAX_PROPERTIES}
        endpoint = "events/properties/top"
        return list(self.read(dict[str, Any], endpoint, self.get(endpoint, params)))

    def get_property_values(self, event: str, prop: str, limit: int = 100) -> list[str]:
        """Values of a property as text, numbers and booleans too."""
        params = {"event": event, "name": prop, "limit": limit}
        endpoint = "events/properties/values"
        return [str(v) for v in self.read(list[Any], endpoint, self.get(endpoint, params))]

    def list_funnels(self) -> list[Funnel]:
        """Saved funnels."""
        return self.read(list[Funnel], "funnels/list", self.get("funnels/list"))

    def list_cohorts(self) -> list[Cohort]:
        """Saved cohorts, hidden ones too."""
        return self.read(list[Cohort], "cohorts/list", self.post("cohorts/list"))

    def top_events(self, type: str = "general", limit: int = 100) -> list[TopEvent]:  # noqa: A002 - Mixpanel's word
        """Today's events in the project's zone, with the change from yesterday."""
        answer = self.get("events/top", {"type": type, "limit": limit})
        events = answer.get("events") if isinstance(answer, dict) else answer
        return self.read(list[TopEvent], "events/top", events)

    def list_schemas(self, entity_type: str | None = None, *, retry: bool = True) -> list[Schema]:
        """What the Lexicon describes, of one type or all; events without a description are not.

        Without `retry`, a used-up quota is an error at once.
        """
        endpoint = self._schemas(*filter(None, [entity_type]))
        answer = self._json(replace(self._call("GET", endpoint, None), retry=retry))
        return self.read(list[Schema], endpoint, _results(answer))

    def get_schema(self, entity_type: str, name: str) -> SchemaJson:
        """What the Lexicon says of one event, or of "$user", the profiles."""
        endpoint = self._schemas(entity_type, name)
        answer = self.get(endpoint)
        wrapped = isinstance(answer, dict) and "results" in answer
        return self.read(SchemaJson, endpoint, _results(answer) if wrapped else answer)

    def _schemas(self, *path: str) -> str:
        parts = ["schemas", *path]
        names = "/".join(quote(part, safe="") for part in parts)
        return f"/api/app/projects/{self.credentials.project_id}/{names}"

    def me(self) -> Me:
        """Who the credentials belong to, and what they may see."""
        return self.read(Me, "/api/app/me", _results(self.get("/api/app/me")))

    def test(self) -> AccountTest:
        """Whether the credentials work; raises what Mixpanel says if not."""
        probe = {"type": "general", "limit": 1}
        return check(self.credentials, self.me, lambda: self.get("events/names", probe))


def _results(answer: Any) -> Any:
    """What is in the envelope of the App API."""
    return answer.get("results") if isinstance(answer, dict) else answer
