"""What the library should find, once more in slow and obvious Python, from the contract's rules."""

from __future__ import annotations

from datetime import UTC, date, datetime
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
