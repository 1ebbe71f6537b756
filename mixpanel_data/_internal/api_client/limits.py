"""Mixpanel's quotas, kept on this side, for all clients of a project.

The starts of an hour are kept in a ledger, which processes of this machine share; how many calls
are in flight is counted in each process.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from mixpanel_data._internal.api_client.clock import Clock
from mixpanel_data._internal.api_client.ledger import HOUR, Ledger, QuotaWindow, ledger_path
from mixpanel_data._internal.config import Settings
from mixpanel_data.exceptions import RateLimitError

Quota = Literal["query", "jql", "export"]
Check = Callable[[], None]
POLICIES: dict[Quota, str] = {"query": "project", "jql": "endpoint-jql"}
"""What the RateLimit headers call the hourly windows (contract 1.4)."""

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


def _per_hour(quota: Quota, limit: Limit, window: QuotaWindow) -> int:
    """The limit in force.

    Mixpanel names the limit of the project's contract in its answers; until then the configured
    one counts. From then on it is the smaller of both, but a default is no wish: where nothing
    else is configured, the limit that Mixpanel named counts, also when it is larger.
    """
    named = window.per_hour
    if named is None:
        return limit.per_hour
    is_default = limit.per_hour == limit_of(quota, Settings()).per_hour
    return named if is_default else min(named, limit.per_hour)


@dataclass(frozen=True)
class QuotaState:
    """What is left of an hour's quota; `next_in` is when a place is free, in seconds."""

    per_hour: int
    used: int
    left: int
    next_in: float


class WindowFullError(Exception):
    """No place until `wait` seconds from now."""

    def __init__(self, why: str, wait: float) -> None:
        super().__init__(why)
        self.why = why
        self.wait = wait


class Gate:
    """Lets calls of one quota of one project start, and counts those in flight."""

    def __init__(self, quota: Quota, path: Path | None = None) -> None:
        self.quota = quota
        self._ledger = Ledger(path)
        self._in_flight = 0
        self._changed = threading.Condition()

    def enter(self, limit: Limit, clock: Clock, patience: float, check: Check) -> float:
        """Take a place and say when; raise WindowFullError when a window of time has none.

        Blocks while the most calls are in flight, and gives up when none ends for `patience`.
        """
        with self._changed:
            left = patience
            while self._in_flight >= limit.in_flight:
                check()
                step = min(left, 0.25)
                if self._changed.wait(step):
                    left = patience
                    continue
                left -= step
                if left <= 0:
                    raise RateLimitError(
                        f"{self._in_flight} {self.quota} calls are open in this process"
                        f" and none ended for {patience:.0f} s",
                        hint="read the open ones to their end, or close them",
                    )
            check()
            now = clock.now().timestamp()
            with self._ledger.open(now) as window:
                self._check_windows(limit, window, now)
                window.starts.append(now)
            self._in_flight += 1
            return now

    def _check_windows(self, limit: Limit, window: QuotaWindow, now: float) -> None:
        if window.closed_until:
            raise WindowFullError("Mixpanel's own count is used up", window.closed_until - now)
        starts = window.starts
        for most, seconds, name in (
            (_per_hour(self.quota, limit, window), HOUR, "in the last hour"),
            (limit.per_second, 1.0, "a second"),
        ):
            if most is not None and len(starts) >= most:
                wait = starts[-most] + seconds - now
                if wait > 0:
                    raise WindowFullError(f"{most} {self.quota} calls {name}", wait)

    def leave(self, start: float, clock: Clock, *, refund: bool) -> None:
        """End a call; a refund is for calls that Mixpanel does not count."""
        with self._changed:
            self._in_flight -= 1
            if refund:
                with self._ledger.open(clock.now().timestamp()) as window:
                    if start in window.starts:
                        window.starts.remove(start)
            # All: one that finds the hour used up would keep the news from the others.
            self._changed.notify_all()

    def learn(
        self,
        policies: Mapping[str, Mapping[str, int | str]],
        limits: Mapping[str, Mapping[str, int | str]],
        clock: Clock,
    ) -> None:
        """Note what RateLimit-Policy and RateLimit say of the hourly window."""
        name = POLICIES.get(self.quota, "")
        policy, state = policies.get(name, {}), limits.get(name, {})
        most, left, seconds = policy.get("q"), state.get("r"), state.get("t")
        if not isinstance(most, int) and left != 0:
            return
        now = clock.now().timestamp()
        with self._ledger.open(now) as window:
            if isinstance(most, int) and most > 0 and policy.get("w") == HOUR:
                window.per_hour = most
            if left == 0 and isinstance(seconds, int):
                window.closed_until = now + seconds

    def state(self, limit: Limit, clock: Clock) -> QuotaState:
        """What is left, without taking of it."""
        now = clock.now().timestamp()
        with self._ledger.open(now) as window:
            starts = list(window.starts)
            most = _per_hour(self.quota, limit, window)
            closed = window.closed_until
        left = 0 if closed else max(0, most - len(starts))
        opens = closed or (starts[-most] + HOUR if len(starts) >= most else now)
        return QuotaState(most, len(starts), left, max(0.0, opens - now))


class Ticket:
    """Places in all the gates of one call; `refund` before `close` gives the hour's share back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stack = ExitStack()
        self._refund = False

    def hold(self, gate: Gate, start: float) -> None:
        """Leave this gate too when the ticket is closed."""
        self._stack.callback(lambda: gate.leave(start, self._clock, refund=self._refund))

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
    check: Check,
) -> Ticket:
    """Wait for a place in every gate; an hour that ends too late raises instead.

    `check` raises when nobody wants the answer any more.
    """
    ticket = Ticket(clock)
    try:
        for gate in gates:
            ticket.hold(gate, _enter(gate, settings, clock, pause, check))
    except BaseException:
        ticket.refund()
        ticket.close()
        raise
    return ticket


def _enter(
    gate: Gate,
    settings: Settings,
    clock: Clock,
    pause: Callable[[float, str], None],
    check: Check,
) -> float:
    limit = limit_of(gate.quota, settings)
    while True:
        try:
            return gate.enter(limit, clock, settings.export_timeout, check)
        except WindowFullError as error:
            full = error
        if full.wait > settings.max_wait:
            raise RateLimitError(
                f"the quota is used up: {full.why}",
                retry_after=full.wait,
                hint=f"{come_again(full.wait, clock.now())}, or allow a longer max_wait",
            )
        pause(full.wait, full.why)


def minutes(seconds: float) -> str:
    """A wait in words.

    >>> minutes(59.2), minutes(3600)
    ('60 s', '60 min')
    """
    whole = -int(-seconds // 1)
    return f"{whole} s" if whole <= 90 else f"{-(-whole // 60)} min"


def come_again(seconds: float, now: datetime) -> str:
    """When a call has a chance again: a clock time and a duration.

    >>> come_again(1350, datetime(2026, 3, 10, 13, 42))
    'come again at 14:05 UTC, in 23 min'
    """
    # Rounded up: who comes at that minute is not too early.
    then = now + timedelta(seconds=seconds, minutes=1, microseconds=-1)
    day = f"{then:%Y-%m-%d} " if then.date() != now.date() else ""
    return f"come again at {day}{then:%H:%M} UTC, in {minutes(seconds)}"


_Gates = dict[tuple[Path | None, str, str, Quota], Gate]

_network: _Gates = {}
# Gates go with their application. No callback of ours runs then: garbage is collected at any
# moment, also in a thread that holds the lock.
_in_process: weakref.WeakKeyDictionary[object, _Gates] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def shared_gates(
    quotas: tuple[Quota, ...],
    project_id: str,
    origin: str,
    *,
    app: object | None = None,
    folder: Path | None = None,
) -> list[Gate]:
    """The gates of a project at an origin, or at an application in this process.

    With a folder, their ledgers are files there.
    """
    with _lock:
        gates = _network if app is None else _in_process.setdefault(app, {})
        return [
            gates.setdefault(
                (folder, origin, project_id, quota),
                Gate(quota, folder and ledger_path(folder, origin, project_id, quota)),
            )
            for quota in quotas
        ]
