"""An empty project to send to; its clock stands at noon of 20 February 2026."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mixpanel_data.sandbox import Sandbox
from tests.sandbox.conftest import Asker

NOW = datetime(2026, 2, 20, 12, tzinfo=UTC)
DAYS = {"from_date": "2000-01-01", "to_date": "2026-02-20"}


class Project(Asker):
    """What was sent, as the other endpoints tell it."""

    @property
    def token(self) -> str:
        return self.app.project.token

    def events(self, **params: Any) -> list[dict[str, Any]]:
        return self.lines(**(DAYS | {"time_in_ms": True} | params))

    def names(self) -> list[str]:
        return [event["event"] for event in self.events()]

    def profiles(self, **params: Any) -> dict[str, dict[str, Any]]:
        answer = self("query/engage", **params).json
        return {row["$distinct_id"]: row["$properties"] for row in answer["results"]}

    def reasons(self) -> list[str]:
        return [dropped.reason for dropped in self.app.dropped]

    def event(self, name: str = "A", *, ago: timedelta = timedelta(), **properties: Any) -> Any:
        """An event that every endpoint takes."""
        moment = (NOW - ago).timestamp()
        known = {"time": moment, "distinct_id": "u1", "$insert_id": "i1", "token": self.token}
        sent = {key: value for key, value in (known | properties).items() if value is not ...}
        return {"event": name, "properties": sent}


@pytest.fixture
def project() -> Iterator[Project]:
    sandbox = Sandbox.empty(limits=None, clock=lambda: NOW)
    yield Project(sandbox)
    sandbox.close()
