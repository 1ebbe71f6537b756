"""Questions for numbers over time: how often, how many, how much."""

from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Literal

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.checks import check_number, parse_date
from mixpanel_data.queries.local import LocalQuestion
from mixpanel_data.queries.options import (
    Counted,
    Event,
    EventUnit,
    FromDate,
    NumericUnit,
    On,
    OnNumber,
    Segments,
    ToDate,
    Where,
)
from mixpanel_data.queries.question import Converted, Option, Question, question
from mixpanel_data.queries.written import expression, required_expression

if TYPE_CHECKING:
    from mixpanel_data.types import NumericBucketsResult, NumericSeriesResult, SegmentationResult


AveragePer = Literal["users_of_bucket", "users_of_range"]
NonNumbers = Literal["zero", "left_out"]
RangeIncludes = Literal["lower", "upper"]


@question
class Segmentation(Question["SegmentationResult"]):
    """How often an event happened, per time bucket and per value of `on`.

    Where nothing is found, unknown names are warned of, for one more query.
    """

    event: Event
    from_date: FromDate = Converted(parse_date)
    to_date: ToDate = Converted(parse_date)
    on: On = Converted(expression, default=None)
    unit: EventUnit = "day"
    where: Where = Converted(expression, default=None)
    _: KW_ONLY
    type: Counted = "general"
    limit: Segments = 60
    interval: Annotated[
        int | None,
        Option(
            "The days of a bucket, in place of `unit`; not with type general.",
            metavar="DAYS",
            least=1,
        ),
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.interval is None:
            return
        check_number(self.interval, "interval", 1, (self.to_date - self.from_date).days + 1)
        if self.type == "general" or self.unit != "day":
            raise InvalidArgumentError(
                "interval goes with type unique or average and without unit",
                hint="leave interval out, or ask for type='unique'",
            )


@question
class LocalSegmentation(LocalQuestion, Segmentation):
    """How often an event happened, per time bucket and per value of `on`."""

    _: KW_ONLY
    average_per: Annotated[
        AveragePer,
        Option(
            "The users that type average divides by: users_of_bucket or users_of_range.",
            metavar="USERS",
        ),
    ] = "users_of_bucket"


@question
class _Numeric:
    event: Event
    from_date: FromDate = Converted(parse_date)
    to_date: ToDate = Converted(parse_date)
    on: OnNumber = Converted(required_expression)
    unit: Annotated[NumericUnit, Option("The time bucket: hour or day.", metavar="UNIT")] = "day"
    where: Where = Converted(expression, default=None)


@question
class NumericSegmentation(_Numeric, Question["NumericBucketsResult"]):
    """How often an event happened per range of the number `on`: about ten equal ranges."""

    _: KW_ONLY
    type: Counted = "general"


@question
class LocalNumericSegmentation(LocalQuestion, NumericSegmentation):
    """How often an event happened per range of the number `on`: about ten equal ranges."""

    _: KW_ONLY
    range_includes: Annotated[
        RangeIncludes, Option("The end that belongs to a range: lower or upper.", metavar="END")
    ] = "lower"


@question
class SegmentationSum(_Numeric, Question["NumericSeriesResult"]):
    """The sum of the number `on` over events, per time bucket; any other value counts as 0."""


@question
class LocalSegmentationSum(LocalQuestion, SegmentationSum):
    """The sum of the number `on` over events, per time bucket; any other value counts as 0."""


@question
class SegmentationAverage(_Numeric, Question["NumericSeriesResult"]):
    """The average of the number `on` over events, per time bucket; any other value counts as 0."""


@question
class LocalSegmentationAverage(LocalQuestion, SegmentationAverage):
    """The average of the number `on` over events, per time bucket."""

    _: KW_ONLY
    non_numbers: Annotated[
        NonNumbers,
        Option(
            "A value of `on` that is not a number counts as zero, or is left_out.", metavar="AS"
        ),
    ] = "zero"
