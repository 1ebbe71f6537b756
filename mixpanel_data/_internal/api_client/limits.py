"""Mixpanel's quotas, kept on this side: shared by all clients of a project in this process."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

from mixpanel_data._internal.api_client.clock import Clock
from mixpanel_data._internal.config import Settings
from mixpanel_data.exceptions import RateLimitError

Quota = Literal["query", "jql", "export"]
HOUR = 3600.0

COUNTED = frozenset(
    {
        *("arb_funnels", "cohorts", "correlate", "custom-query", "data_definitions", "engage"),
        *("events", "experiments", "flows", "formulas", "funnels", "impact", "insights"),
        *("metrics", "query", "integrations", "jql", "retention", "segmentation", "stream"),
        "trends",
    }
)
"""First path segments of the Query API that count (contract 1.4)."""


def quotas_of(path: str, *, has_session: bool = False) -> tuple[Quota, ...]:
    """The quotas that a call to `path` draws on; pages of an engage session are free."""
    parts = [part for part in path.split("/") if part]
    if parts[:3] == ["api", "2.0", "export"]:
        return ("export",)
    if parts[:2] not in (["api", "query"], ["api", "2.0"]) or len(parts) < 3:
        return ()
    name = parts[2]
    if name not in COUNTED or (name == "engage" and (has_session or parts[3:4] == ["aliases"])):
        return ()
    return ("query", "jql") if name == "jql" else ("query",)


@dataclass(frozen=True)
class Limit:
    """What a quota allows."""

    in_flight: int
    per_hour: int
    per_second: int | None = None


def limit_of(quota: Quota, settings: Settings) -> Limit:
    """The configured size of a quota."""
    if quota == "export":
        return Limit(
            settings.export_concurrency, settings.exports_per_hour, settings.exports_per_second
        )
    return Limit(settings.query_concurrency, settings.queries_per_hour)


class WindowFullError(Exception):
    """No place until `wait` seconds from now."""

    def __init__(self, why: str, wait: float) -> None:
        super().__init__(why)
        self.why = why
        self.wait = wait


class Gate:
    """Counts the starts of the last hour and the calls in flight of one quota of one project."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._starts: deque[float] = deque()
        self._in_flight = 0
        self._changed = threading.Condition()

    def enter(self, limit: Limit, clock: Clock, patience: float) -> float:
        """Take a place and say when; raise WindowFullError when a window of time has none.

        Blocks while the most calls are in flight, and gives up when none ends for `patience`.
        """
        with self._changed:
            while self._in_flight >= limit.in_flight:
                if not self._changed.wait(patience):
                    raise RateLimitError(
                        f"{self._in_flight} {self.quota} calls are open in this process"
                        f" and none ended for {patience:.0f} s",
                        hint="read the open ones to their end, or close them",
                    )
            now = clock.monotonic()
            self._check_windows(limit, now)
            self._starts.append(now)
            self._in_flight += 1
            return now

    def _check_windows(self, limit: Limit, now: float) -> None:
        while self._starts and self._starts[0] <= now - HOUR:
            self._starts.popleft()
        for most, seconds, name in (
            (limit.per_hour, HOUR, "in the last hour"),
            (limit.per_second, 1.0, "a second"),
        ):
            if most is not None and len(self._starts) >= most:
                wait = self._starts[-most] + seconds - now
                if wait > 0:
                    raise WindowFullError(f"{most} {self.quota} calls {name}", wait)

    def leave(self, start: float, *, refund: bool) -> None:
        """End a call; a refund is for calls that Mixpanel does not count."""
        with self._changed:
            self._in_flight -= 1
            if refund and start in self._starts:
                self._starts.remove(start)
            self._changed.notify()


class Ticket:
    """Places in all the gates of one call; `refund` before `close` gives the hour's share back."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._refund = False

    def hold(self, gate: Gate, start: float) -> None:
        """Leave this gate too when the ticket is closed."""
        self._stack.callback(lambda: gate.leave(start, refund=self._refund))

    def refund(self) -> None:
        """Mixpanel did not count this call."""
        self._refund = True

    def close(self) -> None:
        """Leave every gate, once."""
        self._stack.close()


def enter(
    gates: list[Gate],
    settings: Settings,
    clock: Clock,
    pause: Callable[[float, str], None],
) -> Ticket:
    """Wait for a place in every gate; an hour that ends too late raises instead."""
    ticket = Ticket()
    try:
        for gate in gates:
            ticket.hold(gate, _enter(gate, settings, clock, pause))
    except BaseException:
        ticket.refund()
        ticket.close()
        raise
    return ticket


def _enter(
    gate: Gate, settings: Settings, clock: Clock, pause: Callable[[float, str], None]
) -> float:
    limit = limit_of(gate.quota, settings)
    while True:
        try:
            return gate.enter(limit, clock, settings.export_timeout)
        except WindowFullError as error:
            full = error
        if full.wait > settings.max_wait:
            raise RateLimitError(
                f"the quota is used up: {full.why}",
                retry_after=full.wait,
                hint=f"come again in {minutes(full.wait)}",
            )
        pause(full.wait, full.why)


def minutes(seconds: float) -> str:
    """A wait in words.

    >>> minutes(59.2), minutes(3600)
    ('60 s', '60 min')
    """
    whole = -int(-seconds // 1)
    return f"{whole} s" if whole <= 90 else f"{-(-whole // 60)} min"


_Gates = dict[tuple[str, str, Quota], Gate]

_network: _Gates = {}
# Gates go with their application. No callback of ours runs then: garbage is collected at any
# moment, also in a thread that holds the lock.
_in_process: weakref.WeakKeyDictionary[object, _Gates] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def shared_gates(
    quotas: tuple[Quota, ...], project_id: str, origin: str, app: object | None
) -> list[Gate]:
    """The gates of a project at an origin, or at an application in this process."""
    with _lock:
        gates = _network if app is None else _in_process.setdefault(app, {})
        return [gates.setdefault((origin, project_id, quota), Gate(quota)) for quota in quotas]
