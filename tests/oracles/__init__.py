"""What the library should find, once more in slow and obvious Python, from the contract's rules."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

Event = dict[str, Any]


def day_of(event: Event) -> date:
    """The UTC day of an event (section 3.3: projects since 2023)."""
    return datetime.fromtimestamp(event["properties"]["time"] / 1000, UTC).date()


def export(events: list[Event], first: date, last: date) -> list[Event]:
    """What the raw export gives for first..last, both included: every copy (section 3)."""
    return [event for event in events if first <= day_of(event) <= last]


def deduplicated(events: list[Event]) -> list[Event]:
    """One of each event: same name, distinct_id, time and $insert_id (section 14).

    The copy with the largest mp_processing_time_ms stays, the later one of two that tie. Events
    without $insert_id all stay.
    """
    kept: list[Event] = []
    for number, event in enumerate(events):
        better = [
            other
            for position, other in enumerate(events)
            if position != number
            and event["properties"].get("$insert_id")
            and key(other) == key(event)
            and (processed(other), position) > (processed(event), number)
        ]
        if not better:
            kept.append(event)
    return kept


def key(event: Event) -> tuple[Any, ...]:
    """What makes two events copies of each other."""
    properties = event["properties"]
    user = properties.get("distinct_id")
    return (
        event["event"],
        None if user is None else str(user),
        properties["time"],
        properties.get("$insert_id"),
    )


def processed(event: Event) -> int:
    """When Mixpanel processed it; never, where it does not say."""
    return int(event["properties"].get("mp_processing_time_ms", -1))


def column_type(seen: list[object]) -> str:
    """The rule of the data model, value by value."""
    found = {type(value) for value in seen if value is not None}
    if found == {int}:
        return "BIGINT" if all(-(2**63) <= value < 2**63 for value in seen if value) else "VARCHAR"
    if found and found <= {int, float}:
        long = [v for v in seen if isinstance(v, int) and len(str(v)) > 15]
        return "VARCHAR" if long else "DOUBLE"
    if found == {bool}:
        return "BOOLEAN"
    return "JSON" if found and found <= {list, dict} else "VARCHAR"


def property_stats(events: list[Event], name: str, event: str | None = None) -> dict[str, Any]:
    """What a look at a property finds. Values are told apart as its column would have them."""
    rows = [e["properties"] for e in events if event in {None, e["event"]}]
    sent = [properties[name] for properties in rows if name in properties]
    values = [value for value in sent if value is not None]
    type_ = column_type([e["properties"].get(name) for e in events])
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    texts = [value for value in values if isinstance(value, str)]
    lists = [value for value in values if isinstance(value, list)]
    objects = [value for value in values if isinstance(value, dict)]
    found: dict[str, Any] = {
        "type": type_,
        "rows": len(rows),
        "present": len(values),
        "null": len(sent) - len(values),
        "missing": len(rows) - len(sent),
        "kinds": dict(Counter(map(json_kind, values))),
        "values": Counter(stored(value, type_) for value in values),
    }
    if numbers:
        exact = type_ in {"BIGINT", "DOUBLE"}
        found["numbers"] = number_stats(numbers if exact else [float(v) for v in numbers])
    if texts:
        lengths = [len(text) for text in texts]
        found["texts"] = (len(texts), min(texts), max(texts), min(lengths), max(lengths))
    if lists:
        sizes = [len(value) for value in lists]
        found["lists"] = (len(lists), sum(sizes), min(sizes), max(sizes))
        found["items"] = Counter(key for v in lists for key in {stored(i, "JSON") for i in v})
    if objects:
        found["keys"] = Counter(key for value in objects for key in value)
    return found


def json_kind(value: object) -> str:
    """JSON's own name of a value's kind."""
    kinds = {str: "string", bool: "boolean", list: "array", dict: "object"}
    return kinds.get(type(value), "number")


def stored(value: Any, type_: str) -> Any:
    """A value as a column of this type tells it from others."""
    if type_ == "VARCHAR" and isinstance(value, str):
        return value
    if type_ in {"VARCHAR", "JSON"}:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return value


def number_stats(values: list[int | float]) -> dict[str, Any]:
    """Quantiles are the smallest values that a part of all do not exceed."""
    ranked = sorted(values)
    total = sum(map(Fraction, values))
    parts = {"p5": 5, "p25": 25, "median": 50, "p75": 75, "p95": 95}
    return {
        "rows": len(values),
        "min": ranked[0],
        "max": ranked[-1],
        "sum": float(total),
        "mean": float(total / len(values)),
        **{n: ranked[math.ceil(len(values) * part / 100) - 1] for n, part in parts.items()},
    }


def breakdown(events: list[Event]) -> dict[str, tuple[int, int, int, int]]:
    """Rows, users, first and last time of each event."""
    found = {}
    for name in {event["event"] for event in events}:
        its = [event["properties"] for event in events if event["event"] == name]
        times = [properties["time"] for properties in its]
        found[name] = (len(its), users(its), min(times), max(times))
    return found


def users(rows: Iterable[dict[str, Any]]) -> int:
    """Distinct users; an empty distinct_id is none."""
    ids = {properties.get("distinct_id") for properties in rows}
    return len({str(user) for user in ids if user not in {None, ""}})
