"""Mixpanel's API as it is documented, asked by hand: what an agent without `mp` would read."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen


@dataclass(frozen=True)
class Ask:
    """A path below the host, and its parameters."""

    path: str
    params: Mapping[str, Any]


def query(endpoint: str, **params: Any) -> Ask:
    return Ask(f"api/query/{endpoint}", params)


def engage(**params: Any) -> Ask:
    """Profiles; the total stands on the first page."""
    return Ask("api/query/engage", params)


def export(*events: str, **days: str) -> Ask:
    chosen = {"event": json.dumps(events)} if events else {}
    return Ask("api/2.0/export", {**days, **chosen, "time_in_ms": "true"})


@dataclass(frozen=True)
class Body:
    """An answer, without its compression: that is what is read."""

    data: bytes

    @property
    def size(self) -> int:
        """Its bytes in the shortest spelling, which may not be that of the server."""
        return sum(
            len(json.dumps(it, ensure_ascii=False, separators=(",", ":")).encode()) + 1
            for it in self.lines()
        )

    def json(self) -> Any:
        return json.loads(self.data)

    def lines(self) -> Iterator[dict[str, Any]]:
        return map(json.loads, self.data.splitlines())


def answered(ask: Ask, account: Mapping[str, str]) -> Body:
    """Ask the server of an account, over HTTP."""
    user = f"{account['MP_USERNAME']}:{account['MP_SECRET']}".encode()
    params = urlencode({"project_id": account["MP_PROJECT_ID"], **ask.params})
    request = Request(
        f"{account['MP_BASE_URL']}/{ask.path}?{params}",
        headers={"Authorization": f"Basic {b64encode(user).decode()}"},
    )
    with urlopen(request) as answer:
        return Body(answer.read())
