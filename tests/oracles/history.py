"""Events as people think of them: who did what, at which instant, on which local day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mixpanel_data._internal.expressions import (
    UNDEFINED,
    Context,
    Node,
    evaluate,
    is_bare,
    matches,
    parse,
    property_expression,
)
from mixpanel_data._internal.expressions.values import string

ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Act:
    """One event; `number` is its place in the table, which tells events of one instant apart."""

    number: int
    name: str
    user: str
    at: datetime
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class History:
    """All events of a project, in the order in which they are stored."""

    acts: list[Act]
    zone: ZoneInfo
    users: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    week_start: int = 0

    @classmethod
    def of(
        cls,
        events: Iterable[dict[str, Any]],
        zone: str = "UTC",
        users: Mapping[str, Mapping[str, Any]] | None = None,
        week_start: str = "monday",
    ) -> History:
        acts = []
        for number, event in enumerate(events):
            properties = event["properties"]
            user = properties.get("distinct_id")
            acts.append(
                Act(
                    number,
                    event["event"],
                    "" if user is None else str(user),
                    ORIGIN + timedelta(milliseconds=properties["time"]),
                    properties,
                )
            )
        start = {"monday": 0, "sunday": 6}[week_start]
        return cls(acts, ZoneInfo(zone), users or {}, start)

    # -- filters and segments -------------------------------------------------------------------

    def _value(self, text: str, act: Act) -> object:
        return evaluate(expression(text), self.context(act))

    def context(self, act: Act) -> Context:
        profile = self.users.get(act.user)
        profile = {} if profile is None else {**profile, "$distinct_id": act.user}
        return Context(
            event=act.name, properties=act.properties, user=profile, zone=self.zone, now=0
        )

    def passes(self, act: Act, where: str | None) -> bool:
        """Whether an event passes a filter."""
        if where is None:
            return True
        return matches(expression(where), self.context(act))

    def labels(self, act: Act, on: str) -> list[str]:
        """The segments of an event: one per distinct item of a list, else one (13.4).

        What is called alike is one item. A list without items has no value.
        """
        value = self._value(on, act)
        items = value if isinstance(value, (list, tuple)) else [value]
        found: list[str] = []
        for item in items:
            if label(item) not in found:
                found.append(label(item))
        return found or [label(UNDEFINED)]

    def number(self, act: Act, on: str) -> float | None:
        """The number that a numeric expression gives, None where it gives none."""
        value = self._value(on, act)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return float(value)

    def by_user(self, acts: Iterable[Act]) -> dict[str, list[Act]]:
        """Each user's events in the order of time, then of storage; nobody's are left out."""
        found: dict[str, list[Act]] = {}
        for act in sorted(acts, key=lambda act: (act.at, act.number)):
            if act.user != "":
                found.setdefault(act.user, []).append(act)
        return found

    # -- the calendar of the project ------------------------------------------------------------

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone).replace(tzinfo=None)

    def within(self, act: Act, first: date, last: date) -> bool:
        return first <= self.local(act.at).date() <= last

    def bucket(self, at: datetime, unit: str, first: date) -> datetime:
        """The local start of the bucket that an instant is in."""
        local = self.local(at)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        match unit:
            case "minute":
                return local.replace(second=0, microsecond=0)
            case "hour":
                return local.replace(minute=0, second=0, microsecond=0)
            case "day":
                return midnight
            case "week":
                return midnight - timedelta(days=(midnight.weekday() - self.week_start) % 7)
            case "month":
                return midnight.replace(day=1)
            case "range":
                return datetime(first.year, first.month, first.day)
        days = int(unit.removesuffix(" days"))
        start = datetime(first.year, first.month, first.day)
        return start + timedelta(days=(midnight - start).days // days * days)

    def buckets(self, unit: str, first: date, last: date) -> list[datetime]:
        """All buckets of a range, in order: what a clock shows every quarter of an hour."""
        step = timedelta(minutes=1 if unit == "minute" else 15)
        at = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=2)
        end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=3)
        found: dict[datetime, None] = {}
        while at < end:
            if first <= self.local(at).date() <= last:
                found[self.bucket(at, unit, first)] = None
            at += step
        return sorted(found)

    def whole(self, query: Any) -> Any:
        """The question for all days of its first and last bucket, a week or a month."""
        if getattr(query, "unit", None) not in ("week", "month"):
            return query
        first, last, day = query.from_date, query.to_date, timedelta(days=1)
        while self._same_bucket(query.unit, first - day, first):
            first -= day
        while self._same_bucket(query.unit, last, last + day):
            last += day
        return replace(query, from_date=first, to_date=last)

    def _same_bucket(self, unit: str, *days: date) -> bool:
        noons = [datetime(day.year, day.month, day.day, 12, tzinfo=self.zone) for day in days]
        return len({self.bucket(noon, unit, days[0]) for noon in noons}) == 1


def expression(text: str) -> Node:
    """What a text means: a bare name is the property of this name."""
    return parse(property_expression(text) if is_bare(text) else text)


def key(bucket: datetime, unit: str) -> str:
    """A bucket as reports spell it (section 6.1)."""
    return bucket.strftime("%Y-%m-%d %H:%M:%S" if unit in ("minute", "hour") else "%Y-%m-%d")


def unit_of(query: Any) -> str:
    """The unit of a question, or its interval in days."""
    interval = getattr(query, "interval", None)
    return f"{interval} days" if interval is not None else query.unit


def label(value: object) -> str:
    """A value as the name of a segment: undefined and null apart (13.4)."""
    if value is UNDEFINED:
        return "undefined"
    if value is None:
        return "null"
    text = string(value)
    assert isinstance(text, str), f"the histories have no {value!r} to break down by"
    return text


def top(totals: Mapping[str, float], limit: int) -> list[str]:
    """The segments with the largest totals, of equal ones the first in the alphabet."""
    return sorted(totals, key=lambda name: (-totals[name], name.encode()))[:limit]


def count(things: Iterable[Any], test: Callable[[Any], bool]) -> int:
    return sum(1 for thing in things if test(thing))
