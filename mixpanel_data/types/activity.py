"""Answers about today, and about single users."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mixpanel_data.queries import ActivityFeed, TopEvents
from mixpanel_data.types.answers import Answer
from mixpanel_data.types.report import DAY, Report, day


@dataclass(frozen=True)
class TopEvent(Answer):
    """An event of today; `percent_change` is a ratio to yesterday (-0.35 is 35 % less)."""

    event: str
    count: int | float
    percent_change: float | None


@dataclass(frozen=True, kw_only=True, repr=False)
class TopEventsResult(Report):
    """Today's events, most frequent first."""

    query: TopEvents
    events: list[TopEvent]

    @property
    def columns(self) -> dict[str, str]:
        """One row per event."""
        dtype = "float64" if self.query.type == "average" else "int64"
        return {"event": "str", "count": dtype, "percent_change": "float64"}

    def records(self) -> Iterator[tuple[Any, ...]]:
        """Most frequent first."""
        for it in self.events:
            yield it.event, it.count, it.percent_change

    def facts(self) -> dict[str, Any]:
        """What was counted."""
        return {"type": self.query.type}

    def numbers(self) -> dict[str, Any]:
        """The events."""
        return {"events": [event.to_dict() for event in self.events]}


@dataclass(frozen=True)
class ActivityEvent(Answer):
    """An event of a user, with all its properties; `time` is UTC."""

    time: datetime
    event: str
    distinct_id: str | None
    properties: dict[str, Any]


@dataclass(frozen=True, kw_only=True, repr=False)
class ActivityFeedResult(Report):
    """What users did, oldest first."""

    query: ActivityFeed
    events: list[ActivityEvent]

    @property
    def columns(self) -> dict[str, str]:
        """One row per event; `properties` are dicts."""
        return {"time": DAY, "event": "str", "distinct_id": "str", "properties": "object"}

    def records(self) -> Iterator[tuple[Any, ...]]:
        """Oldest first."""
        for it in self.events:
            yield it.time.isoformat(sep=" "), it.event, it.distinct_id, it.properties

    def facts(self) -> dict[str, Any]:
        """Whose events, and of which days."""
        return {
            "distinct_ids": list(self.query.distinct_ids),
            "from_date": day(self.query.from_date),
            "to_date": day(self.query.to_date),
        }

    def numbers(self) -> dict[str, Any]:
        """The events."""
        return {"events": [event.to_dict() for event in self.events]}
