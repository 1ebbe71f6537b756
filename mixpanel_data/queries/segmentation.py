"""Questions for numbers over time: how often, how many, how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.checks import (
    check_choice,
    check_expressions,
    check_name,
    check_number,
    check_range,
)
from mixpanel_data.queries.written import ExpressionField, RequiredExpression

Unit = Literal["minute", "hour", "day", "week", "month"]
NumericUnit = Literal["hour", "day"]
CountType = Literal["general", "unique", "average"]
"""Total events, distinct users, or events per user."""

AveragePer = Literal["users_of_bucket", "users_of_range"]
NonNumbers = Literal["zero", "left_out"]
RangeIncludes = Literal["lower", "upper"]

MOST_SEGMENTS = 10_000


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """How often an event happened, per bucket of time and per value of `on`.

    `interval` asks for buckets of so many days instead of `unit`, where events are not merely
    counted. `limit` keeps the values of `on` with the most events.
    """

    event: str
    from_date: date
    to_date: date
    on: ExpressionField = ExpressionField()
    unit: Unit = "day"
    where: ExpressionField = ExpressionField()
    type: CountType = "general"
    limit: int = 60
    interval: int | None = None

    def __post_init__(self) -> None:
        check_name(self.event, "event")
        check_range(self.from_date, self.to_date)
        check_expressions(on=self.on, where=self.where)
        check_choice(self.unit, "unit", Unit)
        check_choice(self.type, "type", CountType)
        check_number(self.limit, "limit", 1, MOST_SEGMENTS)
        if self.interval is None:
            return
        check_number(self.interval, "interval", 1, (self.to_date - self.from_date).days + 1)
        if self.type == "general" or self.unit != "day":
            raise InvalidArgumentError(
                "interval goes with type unique or average and without unit",
                hint="leave interval out, or ask for type='unique'",
            )


@dataclass(frozen=True, kw_only=True)
class LocalSegmentation(Segmentation):
    """The same of a table; `average_per` says by whose number "average" divides a bucket's events.

    They are the users of the same bucket, or those of all days; either way of the same segment.
    """

    average_per: AveragePer = "users_of_bucket"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self.average_per, "average_per", AveragePer)


@dataclass(frozen=True, kw_only=True)
class _Numeric:
    event: str
    from_date: date
    to_date: date
    on: RequiredExpression = RequiredExpression()
    unit: NumericUnit = "day"
    where: ExpressionField = ExpressionField()

    def __post_init__(self) -> None:
        check_name(self.event, "event")
        check_name(self.on, "on")
        check_range(self.from_date, self.to_date)
        check_expressions(on=self.on, where=self.where)
        check_choice(self.unit, "unit", NumericUnit)


@dataclass(frozen=True, kw_only=True)
class NumericSegmentation(_Numeric):
    """How often an event happened per range of values of the numeric expression `on`."""

    type: CountType = "general"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self.type, "type", CountType)


@dataclass(frozen=True, kw_only=True)
class LocalNumericSegmentation(NumericSegmentation):
    """The same of a table; `range_includes` is the end that belongs to a range."""

    range_includes: RangeIncludes = "lower"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self.range_includes, "range_includes", RangeIncludes)


@dataclass(frozen=True, kw_only=True)
class SegmentationSum(_Numeric):
    """The sum of the numeric expression `on` per bucket; what is no number counts as 0."""


@dataclass(frozen=True, kw_only=True)
class SegmentationAverage(_Numeric):
    """The average of `on` over events per bucket; what is no number counts as 0."""


@dataclass(frozen=True, kw_only=True)
class LocalSegmentationAverage(SegmentationAverage):
    """The same of a table; `non_numbers` says whether what is no number counts as 0, or not."""

    non_numbers: NonNumbers = "zero"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self.non_numbers, "non_numbers", NonNumbers)
