"""The question for paths through events."""

from collections.abc import Sequence
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.checks import parse_date, parse_list
from mixpanel_data.queries.funnels import MAX_WINDOW_DAYS, check_window
from mixpanel_data.queries.local import LocalQuestion
from mixpanel_data.queries.options import (
    WINDOW_SECONDS,
    Entries,
    Event,
    FromDate,
    LengthUnit,
    ToDate,
    Where,
)
from mixpanel_data.queries.question import Converted, Option, Question, question
from mixpanel_data.queries.written import expression

if TYPE_CHECKING:
    from mixpanel_data.types import FlowsResult


@question
class Flows(LocalQuestion, Question["FlowsResult"]):
    """The events that users do before and after an event that happens in the range."""

    event: Event
    from_date: FromDate = Converted(parse_date)
    to_date: ToDate = Converted(parse_date)
    _: KW_ONLY
    forward: Annotated[
        int,
        Option(
            "The number of steps to follow after the event.",
            metavar="N",
            least=0,
            most=20,
            is_basic=True,
        ),
    ] = 3
    reverse: Annotated[
        int,
        Option(
            "The number of steps to follow before the event.",
            metavar="N",
            least=0,
            most=20,
            is_basic=True,
        ),
    ] = 0
    where: Where = Converted(expression, default=None)
    count: Annotated[
        Entries,
        Option(
            "unique: follow each user's first such event; total: every one.",
            metavar="COUNT",
            is_basic=True,
        ),
    ] = "unique"
    length: Annotated[
        int,
        Option(
            "The time from the event to its steps, in `length_unit`.",
            metavar="N",
            least=1,
            is_basic=True,
        ),
    ] = 7
    length_unit: LengthUnit = "day"
    limit: Annotated[
        int,
        Option(
            "The number of events to show of a step, most frequent first.",
            flag="--top",
            metavar="N",
            least=1,
            most=1000,
        ),
    ] = 10
    hide: Annotated[
        Converted[Sequence[str], tuple[str, ...]],
        Option("Events to leave out of the paths.", metavar="A,B"),
    ] = Converted(parse_list, default=())
    collapse_repeats: Annotated[
        bool,
        Option(
            "Show the same event several times in a row as one step.",
            flag="--collapse-repeats/--keep-repeats",
        ),
    ] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_window(self.length, self.length_unit, MAX_WINDOW_DAYS)
        if not self.forward and not self.reverse:
            raise InvalidArgumentError(
                "flows go neither forward nor back", hint="forward=3, or reverse=3"
            )
        if self.event in self.hide:
            raise InvalidArgumentError("the event of a flow can't be hidden")

    @property
    def window_seconds(self) -> int:
        """How far from the event a step may be."""
        return self.length * WINDOW_SECONDS[self.length_unit]
