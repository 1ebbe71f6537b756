"""The question for paths through events."""

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
from mixpanel_data.queries.funnels import MOST_WINDOW_DAYS, WINDOW_SECONDS, WindowUnit, check_window
from mixpanel_data.queries.written import ExpressionField


@dataclass(frozen=True, kw_only=True)
class Flows:
    """What users do before and after an event that happens in from_date..to_date.

    `forward` and `reverse` are the number of steps to follow, within `length` of the event.
    `count` "unique" takes each user's first such event, "total" every one. A step shows its
    `limit` most frequent events, the others together; `hide` leaves events out, and
    `collapse_repeats` makes one of the same event several times in a row.
    """

    event: str
    from_date: date
    to_date: date
    forward: int = 3
    reverse: int = 0
    where: ExpressionField = ExpressionField()
    count: Literal["unique", "total"] = "unique"
    length: int = 7
    length_unit: WindowUnit = "day"
    limit: int = 10
    hide: tuple[str, ...] = ()
    collapse_repeats: bool = True

    def __post_init__(self) -> None:
        check_name(self.event, "event")
        check_range(self.from_date, self.to_date)
        check_expressions(where=self.where)
        check_number(self.forward, "forward", 0, 20)
        check_number(self.reverse, "reverse", 0, 20)
        check_choice(self.count, "count", Literal["unique", "total"])
        check_number(self.limit, "limit", 1, 1000)
        check_window(self.length, self.length_unit, MOST_WINDOW_DAYS)
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
