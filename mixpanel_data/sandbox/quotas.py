"""Mixpanel's rate limits: what counts, over which window, and what a refusal says (contract, 1.4)."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from mixpanel_data._keywords import checked_keywords
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


@checked_keywords()
@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a project may ask; the defaults are Mixpanel's own."""

    queries_per_hour: int = 60
    query_concurrency: int = 5
    exports_per_hour: int = 60
    exports_per_second: int = 3
    export_concurrency: int = 100
    jql_per_hour: int = 60
    jql_concurrency: int = 5
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


class Budget:
    """What may be asked within an hour and at once, under the name that headers give it."""

    def __init__(self, name: str, per_hour: int, at_once: int) -> None:
        self.name = name
        self.hour = Window(per_hour, HOUR)
        self.at_once = at_once
        self.running = 0

    @property
    def policy(self) -> str:
        """For the header RateLimit-Policy."""
        return (
            f'"{self.name}";q={self.hour.limit};w=3600,'
            f' "{self.name}-concurrency";q={self.at_once};qu="concurrent-requests"'
        )

    def state(self, hour: int | None, crowd: int | None) -> str:
        """For the header RateLimit; the seconds to wait, where there is nothing left."""
        left = f"{self.hour.left()}" if hour is None else f"0;t={hour}"
        free = f"{self.at_once - self.running}" if crowd is None else f"0;t={crowd}"
        return f'"{self.name}";r={left}, "{self.name}-concurrency";r={free}'


class Quotas:
    """The counters of one project. `timer` gives seconds, and may be a fake."""

    def __init__(self, limits: Limits, project_id: int, timer: Callable[[], float]) -> None:
        self.limits = limits
        self._project_id = project_id
        self._timer = timer
        self._lock = threading.Lock()
        self._queries = Budget("project", limits.queries_per_hour, limits.query_concurrency)
        self._jql = Budget("endpoint-jql", limits.jql_per_hour, limits.jql_concurrency)
        self._exports = Budget("export", limits.exports_per_hour, limits.export_concurrency)
        self._export_starts = Window(limits.exports_per_second, 1)
        self._schemas = Window(limits.schemas_per_minute, 60)

    def start(self, path: str, params: Params) -> Callable[[], None]:
        """Count a call as what it is, or raise; call the result when its answer is out."""
        kind, _, suffix = path.strip("/").removeprefix("api/").partition("/")
        if kind == "app":
            if "/schemas" in suffix:
                self._start_schemas()
        elif suffix == "export":
            return self._start_export()
        elif kind in {"query", "2.0"} and counts(suffix, params):
            return self._start_query(is_jql=suffix == "jql")
        return lambda: None

    def _start_query(self, *, is_jql: bool) -> Callable[[], None]:
        """JQL has a budget of its own on top of that of all queries."""
        budgets = [self._queries, self._jql] if is_jql else [self._queries]
        now = self._timer()
        with self._lock:
            for budget in budgets:
                if wait := budget.hour.wait(now):
                    raise self._hour_refusal(budget, budgets, wait)
                if budget.running >= budget.at_once:
                    raise self._concurrency_refusal(budget, budgets)
            return self._begin(budgets, now)

    def _start_export(self) -> Callable[[], None]:
        now = self._timer()
        with self._lock:
            wait = max(self._exports.hour.wait(now), self._export_starts.wait(now))
            if not wait and self._exports.running >= self._exports.at_once:
                wait = 1
            if wait:
                raise export_refusal(wait)
            self._export_starts.add(now)
            return self._begin([self._exports], now)

    def _start_schemas(self) -> None:
        now = self._timer()
        with self._lock:
            wait = self._schemas.wait(now)
            if wait:
                raise RefusalError(
                    429, "Too many requests, slow down", {"Retry-After": str(math.ceil(wait))}
                )
            self._schemas.add(now)

    def _begin(self, budgets: list[Budget], now: float) -> Callable[[], None]:
        for budget in budgets:
            budget.hour.add(now)
            budget.running += 1
        ended = False

        def end() -> None:
            nonlocal ended
            with self._lock:
                for budget in budgets:
                    budget.running -= not ended
                ended = True

        return end

    def hour_refusal(self, wait: float) -> RefusalError:
        """429: the hour's queries are used up."""
        return self._hour_refusal(self._queries, [self._queries], wait)

    def concurrency_refusal(self) -> RefusalError:
        """429: too many queries run at once."""
        return self._concurrency_refusal(self._queries, [self._queries])

    def _hour_refusal(self, spent: Budget, budgets: list[Budget], wait: float) -> RefusalError:
        limit, seconds = spent.hour.limit, math.ceil(wait)
        what = f"the rate limit ({limit + 1}/{limit} queries running in the last hour)"
        states = [each.state(seconds if each is spent else None, None) for each in budgets]
        return self._refusal(what, seconds, budgets, states)

    def _concurrency_refusal(self, spent: Budget, budgets: list[Budget]) -> RefusalError:
        limit, seconds = spent.at_once, 10
        what = f"the concurrency limit ({limit + 1}/{limit} queries running concurrently)"
        states = [each.state(None, seconds if each is spent else None) for each in budgets]
        return self._refusal(what, seconds, budgets, states)

    def _refusal(
        self, what: str, seconds: int, budgets: list[Budget], states: list[str]
    ) -> RefusalError:
        return RefusalError(
            429,
            f"Query rate limit exceeded for project_id: {self._project_id}."
            f" This request exceeded {what}. For more information, see the rate limits page.",
            {
                "Retry-After": str(seconds),
                "RateLimit-Policy": ", ".join(budget.policy for budget in budgets),
                "RateLimit": ", ".join(states),
            },
        )


def export_refusal(wait: float) -> RefusalError:
    """429 of the raw export, which has counters of its own."""
    return RefusalError(429, _EXPORT_REFUSAL, {"Retry-After": str(math.ceil(wait))})
