"""A small shop for most tests, made once; and a way to ask it without a socket."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from mixpanel_data.sandbox import Sandbox

DAYS = {"from_date": "2026-01-01", "to_date": "2026-03-01"}


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def reported(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Exported events without the copies that reports leave out (contract, section 14)."""
    kept: dict[Any, dict[str, Any]] = {}
    for n, line in enumerate(lines):
        properties = line["properties"]
        names = ("distinct_id", "time", "$insert_id")
        key = (line["event"], *(properties.get(name) for name in names))
        kept[key if properties.get("$insert_id") else n] = line
    return list(kept.values())


class Asker:
    """Asks an application as its own service account, unless told otherwise."""

    def __init__(self, app: Sandbox) -> None:
        self.app = app
        credentials = app.credentials()
        self.authorization = basic(
            f"{credentials.username}:{credentials.secret.get_secret_value()}"
        )
        self._client = Client(app)

    def __call__(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: str | bytes | None = None,
        project: bool = True,
        hold: bool = False,
        **params: Any,
    ) -> TestResponse:
        """The answer to /api/`path`; a list, a dict or a bool goes as JSON text.

        With `hold`, the answer runs until it is closed.
        """
        query = {"project_id": str(self.app.project.id)} if project else {}
        for name, value in params.items():
            query[name] = value if isinstance(value, str) else json.dumps(value)
        return self._client.open(
            path if path.startswith("/") else f"/api/{path}",
            method=method,
            query_string=query,
            headers={"Authorization": self.authorization} | (headers or {}),
            data=body,
            buffered=not hold,
            environ_base={"REMOTE_ADDR": "127.0.0.1"},
        )

    def post(self, path: str, records: Any, **params: Any) -> TestResponse:
        """The answer to records that are sent as JSON."""
        return self(path, method="POST", body=json.dumps(records), **params)

    def send(self, *events: tuple[str, str]) -> None:
        """Import events by name and ISO time in UTC, each of a user of its own."""
        records = []
        for n, (name, time) in enumerate(events):
            seconds = datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp()
            ids = {"distinct_id": f"user-{n}", "$insert_id": f"id-{n}"}
            records.append({"event": name, "properties": {"time": seconds, **ids}})
        assert self.post("/import", records, strict=1).status_code == 200

    def happen(self, *acts: tuple[str, str, str] | tuple[str, str, str, dict[str, Any]]) -> None:
        """Import what users did: user, event, ISO time in UTC, and properties if there are."""
        records = []
        for n, (user, event, time, *more) in enumerate(acts):
            seconds = datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp()
            ids = {"time": seconds, "distinct_id": user, "$insert_id": f"act-{n}"}
            records.append({"event": event, "properties": {**ids, **(more[0] if more else {})}})
        assert self.post("/import", records, strict=1).status_code == 200

    def lines(self, **params: Any) -> list[dict[str, Any]]:
        """The events of an export."""
        answer = self("2.0/export", **(DAYS | params))
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.data.split(b"\n")[:-1]]


@pytest.fixture(scope="session")
def shop() -> Iterator[Sandbox]:
    """3,000 events and 250 profiles, without quotas. Nobody may change it."""
    sandbox = Sandbox(events=3_000, profiles=250, limits=None)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def crowd() -> Iterator[Asker]:
    """12,000 events and 1,200 profiles, without quotas: enough for what is rare."""
    sandbox = Sandbox(events=12_000, profiles=1_200, limits=None)
    yield Asker(sandbox)
    sandbox.close()


@pytest.fixture
def ask(shop: Sandbox) -> Asker:
    return Asker(shop)


@pytest.fixture
def sandbox() -> Iterator[Callable[..., Asker]]:
    """Makes a sandbox of 300 events and 60 profiles with whatever options, and asks it."""
    made: list[Sandbox] = []

    def make(**options: Any) -> Asker:
        made.append(Sandbox(**({"events": 300, "profiles": 60} | options)))
        return Asker(made[-1])

    yield make
    for each in made:
        each.close()
