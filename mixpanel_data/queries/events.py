"""Questions for several events at once, the events of today, and those of single users."""

from collections.abc import Sequence
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.checks import (
    parse_date,
    parse_names,
    parse_one_or_more,
    parse_optional_names,
)
from mixpanel_data.queries.options import MAX_ROWS, Counted, Event, EventUnit, FromDate, ToDate
from mixpanel_data.queries.question import Converted, Option, Question, question

if TYPE_CHECKING:
    from mixpanel_data.types import (
        ActivityFeedResult,
        EventCountsResult,
        PropertyCountsResult,
        TopEventsResult,
    )


@question
class EventCounts(Question["EventCountsResult"]):
    """How often each of several events happened, per time bucket."""

    events: Annotated[
        Converted[Sequence[str], tuple[str, ...]], Option("Names of events.", metavar="EVENT")
    ] = Converted(parse_names)
    from_date: FromDate = Converted(parse_date)
    to_date: ToDate = Converted(parse_date)
    unit: EventUnit = "day"
    _: KW_ONLY
    type: Counted = "general"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.type == "unique" and self.unit == "hour":
            raise InvalidArgumentError(
                "Mixpanel does not count unique users per hour here", hint="unit='day'"
            )


@question
class PropertyCounts(Question["PropertyCountsResult"]):
    """How often an event happened with each value of a property, per time bucket."""

    event: Event
    property: Annotated[str, Option("The name of the property.", metavar="PROP")]
    from_date: FromDate = Converted(parse_date)
    to_date: ToDate = Converted(parse_date)
    unit: EventUnit = "day"
    _: KW_ONLY
    values: Annotated[
        Converted[Sequence[str] | None, tuple[str, ...] | None],
        Option(
            "A value to count, repeatable; by default the most common ones.",
            flag="--value",
            metavar="TEXT",
        ),
    ] = Converted(parse_optional_names, default=None)
    type: Counted = "general"
    limit: Annotated[
        int,
        Option("The number of values.", flag="--top", metavar="N", least=1, most=MAX_ROWS),
    ] = 255


@question
class TopEvents(Question["TopEventsResult"]):
    """The most frequent events of today, in the project's time zone."""

    type: Counted = "general"
    limit: Annotated[
        int, Option("The number of events.", flag="--top", metavar="N", least=1, most=MAX_ROWS)
    ] = 100


@question
class ActivityFeed(Question["ActivityFeedResult"]):
    """Every event of some users, oldest first."""

    distinct_ids: Annotated[
        Converted[str | Sequence[str], tuple[str, ...]], Option("A distinct_id.", metavar="USER")
    ] = Converted(parse_one_or_more)
    from_date: FromDate = Converted(parse_date)
    to_date: ToDate = Converted(parse_date)
