"""Questions for several events at once, the events of today, and those of single users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.checks import (
    check_choice,
    check_name,
    check_names,
    check_number,
    check_range,
)
from mixpanel_data.queries.segmentation import CountType, Unit


@dataclass(frozen=True, kw_only=True)
class EventCounts:
    """How often each of several events happened, per bucket of time."""

    events: tuple[str, ...]
    from_date: date
    to_date: date
    type: CountType = "general"
    unit: Unit = "day"

    def __post_init__(self) -> None:
        check_names(self.events, "events")
        check_range(self.from_date, self.to_date)
        check_choice(self.type, "type", CountType)
        check_choice(self.unit, "unit", Unit)
        if self.type == "unique" and self.unit == "hour":
            raise InvalidArgumentError(
                "Mixpanel does not count unique users per hour here", hint="unit='day'"
            )


@dataclass(frozen=True, kw_only=True)
class PropertyCounts:
    """How often an event happened with each value of a property, per bucket of time.

    `values` None takes the `limit` most common ones.
    """

    event: str
    property: str
    from_date: date
    to_date: date
    values: tuple[str, ...] | None = None
    type: CountType = "general"
    unit: Unit = "day"
    limit: int = 255

    def __post_init__(self) -> None:
        check_name(self.event, "event")
        check_name(self.property, "property")
        check_range(self.from_date, self.to_date)
        check_choice(self.type, "type", CountType)
        check_choice(self.unit, "unit", Unit)
        check_number(self.limit, "limit", 1, 10_000)
        if self.values is not None and not self.values:
            raise InvalidArgumentError("values is empty", hint="leave it out to take the top ones")


@dataclass(frozen=True, kw_only=True)
class TopEvents:
    """The most frequent events of today, in the project's time zone."""

    type: CountType = "general"
    limit: int = 100

    def __post_init__(self) -> None:
        check_choice(self.type, "type", CountType)
        check_number(self.limit, "limit", 1, 10_000)


@dataclass(frozen=True, kw_only=True)
class ActivityFeed:
    """Everything that some users did."""

    distinct_ids: tuple[str, ...]
    from_date: date
    to_date: date

    def __post_init__(self) -> None:
        check_names(self.distinct_ids, "distinct_ids")
        check_range(self.from_date, self.to_date)
