"""A client of a scripted server, on a clock that passes only when somebody waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.api_client.clock import Clock
from mixpanel_data._internal.config import Credentials, Settings
from tests.loopback import Server

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECRET = "s3cr3t-ünd-long"


@dataclass
class Hourglass:
    """Time that passes by sleeping only; a random share is the whole."""

    passed: float = 0.0
    slept: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def turn(self, seconds: float) -> None:
        with self.lock:
            self.slept.append(seconds)
            self.passed += seconds

    def clock(self) -> Clock:
        return Clock(
            monotonic=lambda: self.passed,
            now=lambda: START + timedelta(seconds=self.passed),
            wait=lambda stopped, seconds: self.turn(seconds),
            spread=lambda ceiling: ceiling,
        )


@pytest.fixture(autouse=True)
def _no_quota_of_earlier_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    # The system may give the port of an earlier server again.
    monkeypatch.setattr("mixpanel_data._internal.api_client.limits._network", {})


@pytest.fixture
def hourglass() -> Hourglass:
    return Hourglass()


Connect = Callable[..., MixpanelAPIClient]


@pytest.fixture
def connect(hourglass: Hourglass) -> Iterator[Connect]:
    clients = []

    def client(server: Server | None = None, *, app=None, on_wait=None, **changes):
        settings = {k: v for k, v in changes.items() if k in Settings.__dataclass_fields__}
        who = {
            "username": "sa.1a2b3c.mp-service-account",
            "secret": SECRET,
            "project_id": "12345",
            "region": "us",
            "base_url": server.url if server else None,
        } | {k: v for k, v in changes.items() if k not in settings}
        made = MixpanelAPIClient(
            Credentials(**who),
            settings=Settings(**settings),
            app=app,
            on_wait=on_wait,
            _clock=hourglass.clock(),
        )
        clients.append(made)
        return made

    yield client
    for made in clients:
        made.close()
