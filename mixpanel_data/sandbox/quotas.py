"""Mixpanel's rate limits: what counts, over which window, and what a refusal says (contract, 1.4)."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.refusals import RefusalError

HOUR = 3600.0

_COUNTED = frozenset(
    [
        "arb_funnels",
        "cohorts",
        "correlate",
        "custom-query",
        "data_definitions",
        "engage",
        "events",
        "experiments",
        "flows",
        "formulas",
        "funnels",
        "impact",
        "insights",
        "metrics",
        "query",
        "integrations",
        "jql",
        "retention",
        "segmentation",
        "stream",
        "trends",
    ]
)
_EXPORT_REFUSAL = "too many export requests in progress for this project"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a project may ask; the defaults are Mixpanel's own."""

    queries_per_hour: int = 60
    query_concurrency: int = 5
    exports_per_hour: int = 60
    exports_per_second: int = 3
    export_concurrency: int = 100
    schemas_per_minute: int = 5


def counts(suffix: str, params: Params) -> bool:
    """Whether a call to /api/query/`suffix` uses up quota: pages of a session do not."""
    first = suffix.partition("/")[0]
    if first == "engage":
        return suffix != "engage/aliases" and params.text("session_id") is None
    return first in _COUNTED


class Window:
    """The times of the calls within the last `seconds`."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self.seconds = seconds
        self._times: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Seconds until one more call fits; 0 when it does now."""
        while self._times and self._times[0] <= now - self.seconds:
            self._times.popleft()
        if len(self._times) < self.limit:
            return 0
        return self._times[-self.limit] + self.seconds - now

    def left(self) -> int:
        """How many calls still fit, as of the last `wait`."""
        return max(self.limit - len(self._times), 0)

    def add(self, now: float) -> None:
        """Count a call."""
        self._times.append(now)


class Quotas:
    """The counters of one project. `timer` gives seconds, and may be a fake."""

    def __init__(self, limits: Limits, project_id: int, timer: Callable[[], float]) -> None:
        self.limits = limits
        self._project_id = project_id
        self._timer = timer
        self._lock = threading.Lock()
        self._queries = Window(limits.queries_per_hour, HOUR)
        self._exports = Window(limits.exports_per_hour, HOUR)
        self._export_starts = Window(limits.exports_per_second, 1)
        self._schemas = Window(limits.schemas_per_minute, 60)
        self._running = {"query": 0, "export": 0}

    def start(self, path: str, params: Params) -> Callable[[], None]:
        """Count a call as what it is, or raise; call the result when its answer is out."""
        kind, _, suffix = path.strip("/").removeprefix("api/").partition("/")
        if kind == "app":
            if "/schemas" in suffix:
                self._start_schemas()
        elif suffix.rstrip("/") == "export":
            return self._start_export()
        elif kind in {"query", "2.0"} and counts(suffix, params):
            return self._start_query()
        return lambda: None

    def _start_query(self) -> Callable[[], None]:
        now = self._timer()
        with self._lock:
            wait = self._queries.wait(now)
            if wait:
                raise self.hour_refusal(wait)
            if self._running["query"] >= self.limits.query_concurrency:
                raise self.concurrency_refusal()
            self._queries.add(now)
            return self._begin("query")

    def _start_export(self) -> Callable[[], None]:
        now = self._timer()
        with self._lock:
            wait = max(self._exports.wait(now), self._export_starts.wait(now))
            if not wait and self._running["export"] >= self.limits.export_concurrency:
                wait = 1
            if wait:
                raise export_refusal(wait)
            self._exports.add(now)
            self._export_starts.add(now)
            return self._begin("export")

    def _start_schemas(self) -> None:
        now = self._timer()
        with self._lock:
            wait = self._schemas.wait(now)
            if wait:
                raise RefusalError(
                    429, "Too many requests, slow down", {"Retry-After": str(math.ceil(wait))}
                )
            self._schemas.add(now)

    def _begin(self, kind: str) -> Callable[[], None]:
        self._running[kind] += 1
        ended = False

        def end() -> None:
            nonlocal ended
            with self._lock:
                self._running[kind] -= not ended
                ended = True

        return end

    def hour_refusal(self, wait: float) -> RefusalError:
        """429: the hour's queries are used up."""
        limit = self.limits.queries_per_hour
        seconds = math.ceil(wait)
        free = self.limits.query_concurrency - self._running["query"]
        return self._refusal(
            f"the rate limit ({limit + 1}/{limit} queries running in the last hour)",
            seconds,
            f'"project";r=0;t={seconds}, "project-concurrency";r={free}',
        )

    def concurrency_refusal(self) -> RefusalError:
        """429: too many queries run at once."""
        limit = self.limits.query_concurrency
        return self._refusal(
            f"the concurrency limit ({limit + 1}/{limit} queries running concurrently)",
            10,
            f'"project";r={self._queries.left()}, "project-concurrency";r=0;t=10',
        )

    def _refusal(self, what: str, seconds: int, state: str) -> RefusalError:
        return RefusalError(
            429,
            f"Query rate limit exceeded for project_id: {self._project_id}."
            f" This request exceeded {what}. For more information, see the rate limits page.",
            {
                "Retry-After": str(seconds),
                "RateLimit-Policy": f'"project";q={self.limits.queries_per_hour};w=3600,'
                f' "project-concurrency";q={self.limits.query_concurrency}'
                ';qu="concurrent-requests"',
                "RateLimit": state,
            },
        )


def export_refusal(wait: float) -> RefusalError:
    """429 of the raw export, which has counters of its own."""
    return RefusalError(429, _EXPORT_REFUSAL, {"Retry-After": str(math.ceil(wait))})
