"""Answers about saved things and the activity of users."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mixpanel_data.queries import JQL, ActivityFeed, TopEvents
from mixpanel_data.types.answers import Answer
from mixpanel_data.types.report import DAY, Report, day

if TYPE_CHECKING:
    import pandas as pd


# -- What a project has saved: cohorts, descriptions, and the rows of a script --------------------


@dataclass(frozen=True)
class CohortSummary(Answer):
    """A saved cohort; `count` is as of its last computation, `created` is UTC."""

    id: int
    name: str | None
    count: int | None
    description: str | None
    created: datetime | None
    is_visible: bool = True
    data_group_id: str | None = None


@dataclass(frozen=True)
class LexiconProperty(Answer):
    """A property that the Lexicon describes."""

    name: str
    type: str | None = None
    description: str | None = None
    display_name: str | None = None
    hidden: bool = False
    dropped: bool = False


@dataclass(frozen=True)
class LexiconSchema(Answer):
    """What the Lexicon says of an event, or of profiles (whose name is "$user").

    `entity_type` is "event", "profile" or what else Mixpanel has.     Only what somebody described has a
    schema: other events and properties exist all the same.
    """

    entity_type: str
    name: str
    description: str | None = None
    display_name: str | None = None
    tags: tuple[str, ...] = ()
    hidden: bool = False
    dropped: bool = False
    properties: tuple[LexiconProperty, ...] = ()


@dataclass(frozen=True)
class JQLResult(Answer):
    """Whatever the script's main() returned, in `raw`."""

    raw: list[Any]
    query: JQL | None = field(default=None, repr=False)
    source: str = "mixpanel"

    def rows(self) -> list[dict[str, Any]]:
        """One dict per row, all with the same names.

        Objects keep theirs, lists have `column_1`, …, rows of groupBy `key_1`, … and `value`.
        """
        rows = [dict(_columns(row)) for row in self.raw]
        names = dict.fromkeys(name for row in rows for name in row)
        return [{name: row.get(name) for name in names} for row in rows]

    @cached_property
    def df(self) -> pd.DataFrame:
        """The rows; columns are whatever the script gave."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def to_dict(self) -> dict[str, Any]:
        """What came, and from where."""
        return {"source": self.source, "raw": self.raw}

    def __repr__(self) -> str:
        return f"<JQLResult {len(self.raw):,} rows>"


def _columns(row: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(row, dict):
        keys = row.get("key")
        if isinstance(keys, list) and set(row) == {"key", "value"}:
            yield from ((f"key_{number}", key) for number, key in enumerate(keys, 1))
            yield "value", row["value"]
            return
        yield from row.items()
    elif isinstance(row, list):
        yield from ((f"column_{number}", value) for number, value in enumerate(row, 1))
    else:
        yield "value", row


# -- Answers about today, and about single users --------------------------------------------------


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
