"""Questions for who comes back, and how often."""

from dataclasses import KW_ONLY
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.checks import parse_date, parse_instant
from mixpanel_data.queries.local import LocalQuestion
from mixpanel_data.queries.options import CohortUnit, FromDate, On, Segments, ToDate, Where
from mixpanel_data.queries.question import Converted, Option, Question, question
from mixpanel_data.queries.written import Expression, expression

if TYPE_CHECKING:
    from mixpanel_data.types import FrequencyResult, RetentionResult


SlotUnit = Literal["hour", "day"]
SegmentSizes = Literal["cohort", "returned"]
Slots = Literal["calendar", "elapsed"]
OnEvent = Literal["return", "born"]
RetentionType = Literal["birth", "compounded"]
UNIT_DAYS: dict[CohortUnit, int] = {"day": 1, "week": 7, "month": 30}
"""Intervals are elapsed time: a month is 30 days (contract, 16.3)."""

# Dates that may be left out, so that the events before them may be, too; they are then missed.
_FromDate = Annotated[
    Converted[str | date | None, date],
    Option("The first day, YYYY-MM-DD.", flag="--from", metavar="DATE", is_required=True),
]
_ToDate = Annotated[
    Converted[str | date | None, date],
    Option("The last day, YYYY-MM-DD, included.", flag="--to", metavar="DATE", is_required=True),
]


@question
class Retention(Question["RetentionResult"]):
    """How many of the users who did `born_event` come back to do `return_event`.

    Each cohort has `interval_count` + 1 counts: one for each interval, from the first event of
    each user on.
    """

    born_event: Annotated[
        str | None,
        Option("The event that makes a user join a cohort.", flag="--born", metavar="EVENT"),
    ] = None
    return_event: Annotated[
        str | None,
        Option("The event to come back for; by default any.", flag="--return", metavar="EVENT"),
    ] = None
    from_date: _FromDate = Converted(parse_date, default=None)
    to_date: _ToDate = Converted(parse_date, default=None)
    retention_type: Annotated[
        RetentionType,
        Option(
            "birth: cohorts by the first `born_event` in the range; compounded: by `return_event`.",
            flag="--type",
            metavar="TYPE",
        ),
    ] = "birth"
    _: KW_ONLY
    born_where: Annotated[
        Converted[Expression | None, str | None],
        Option("Count only `born_event` events for which this is true.", metavar="EXPR"),
    ] = Converted(expression, default=None)
    where: Annotated[
        Converted[Expression | None, str | None],
        Option("Count only `return_event` events for which this is true.", metavar="EXPR"),
    ] = Converted(expression, default=None)
    unit: Annotated[
        CohortUnit,
        Option("The days of a cohort: day, week or month.", metavar="UNIT", is_basic=True),
    ] = "day"
    interval: Annotated[
        int,
        Option(
            "The units of an interval; Mixpanel takes days only.", metavar="N", least=1, most=90
        ),
    ] = 1
    interval_count: Annotated[
        int,
        Option(
            "The number of intervals after the first.",
            flag="--intervals",
            metavar="N",
            least=1,
            most=1000,
            is_basic=True,
        ),
    ] = 7
    unbounded: Annotated[
        bool, Option("Count users who come back in an interval or any later one.")
    ] = False
    on: On = Converted(expression, default=None)
    limit: Segments = 255

    def __post_init__(self) -> None:
        if self.retention_type == "birth" and not self.born_event:
            raise InvalidArgumentError(
                "retention by birth needs a born_event",
                hint="or retention_type='compounded', where cohort and return event are the same",
            )
        super().__post_init__()

    @property
    def interval_days(self) -> int:
        """How long an interval lasts."""
        return self.interval * UNIT_DAYS[self.unit]


@question
class LocalRetention(LocalQuestion, Retention):
    """How many of the users who did `born_event` come back to do `return_event`.

    Each cohort has `interval_count` + 1 counts: one for each interval, from the first event of
    each user on.

    `on` a property of the user has a row for each segment of users, with sizes and rates of its
    own. Of an event it takes the value of the return (`on_event` "return", as the Query API does):
    rates then divide by the whole cohort, or with `segment_sizes` "returned" by those who came
    back with the value. With `on_event` "born" it takes the value of the first event, and rates
    are within the segment. An expression that reads both is a property of the event.
    """

    _: KW_ONLY
    birth_rows: Annotated[
        Literal["first_in_range", "every_row"],
        Option(
            "The cohorts of a user: first_in_range, or every_row in which `born_event` was done.",
            metavar="ROWS",
        ),
    ] = "first_in_range"
    anchor_returns: Annotated[
        bool, Option("Count the event that makes a user join a cohort as a return, too.")
    ] = False
    on_event: Annotated[
        OnEvent,
        Option(
            "The event whose `on` counts; return: rates of the cohort; born: of the segment.",
            metavar="EVENT",
        ),
    ] = "return"
    segment_sizes: Annotated[
        SegmentSizes,
        Option(
            "The size of a row with `on`: the cohort, or those who returned with the value.",
            metavar="SIZES",
        ),
    ] = "cohort"
    as_of: Annotated[
        Converted[str | datetime | None, datetime | None],
        Option("Ignore events after this time (UTC); by default none.", metavar="TIME"),
    ] = Converted(parse_instant, default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.on is None and (self.on_event, self.segment_sizes) != ("return", "cohort"):
            name = "segment_sizes" if self.on_event == "return" else "on_event"
            raise InvalidArgumentError(
                f"{name} {getattr(self, name)!r} says nothing without on",
                hint='add a property to break down by: on="platform"',
            )
        if self.on_event == "born" and self.segment_sizes == "returned":
            raise InvalidArgumentError(
                "segment_sizes 'returned' is for values of the return event: with on_event 'born'"
                " segments have a size of their own",
                hint="leave out segment_sizes",
            )


@question
class Frequency(Question["FrequencyResult"]):
    """The number of slots of a period in which users are active: hours of a day, days of a week."""

    from_date: FromDate = Converted(parse_date)
    to_date: ToDate = Converted(parse_date)
    event: Annotated[
        str | None, Option("The name of the event; by default any.", metavar="EVENT")
    ] = None
    _: KW_ONLY
    unit: Annotated[
        CohortUnit, Option("The period: day, week or month.", metavar="UNIT", is_basic=True)
    ] = "day"
    addiction_unit: Annotated[
        SlotUnit, Option("The slots to count: hour or day.", metavar="UNIT", is_basic=True)
    ] = "hour"
    where: Where = Converted(expression, default=None)
    on: On = Converted(expression, default=None)
    limit: Segments = 255


@question
class LocalFrequency(LocalQuestion, Frequency):
    """The number of slots of a period in which users are active: hours of a day, days of a week."""

    _: KW_ONLY
    slots: Annotated[
        Slots,
        Option(
            "calendar: slots of the clock; elapsed: from a user's first event in the period (UTC).",
            metavar="SLOTS",
        ),
    ] = "calendar"
