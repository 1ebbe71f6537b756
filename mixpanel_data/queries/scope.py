"""What a local report reads, and by which calendar it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mixpanel_data._keywords import checked_keywords
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.checks import check_choice, check_names

WeekStart = Literal["monday", "sunday"]
EdgeBuckets = Literal["partial", "whole"]


@checked_keywords()
@dataclass(frozen=True, kw_only=True)
class Scope:
    """Tables of events, read as one, and one of profiles, for what `user["x"]` says of a user.

    Days, weeks and months are those of `timezone`. The first and the last week or month have the
    days of the question alone; with `edge_buckets` "whole" the question has all of their days. `dedupe` leaves out copies of events, by
    Mixpanel's key; None does where tables overlap, since a fetch leaves them out itself.
    """

    tables: tuple[str, ...] = ("events",)
    profiles: str = "profiles"
    timezone: str = "UTC"
    week_start: WeekStart = "monday"
    edge_buckets: EdgeBuckets = "partial"
    dedupe: bool | None = None

    def __post_init__(self) -> None:
        check_names(self.tables, "table")
        check_choice(self.week_start, "week_start", WeekStart)
        check_choice(self.edge_buckets, "edge_buckets", EdgeBuckets)
        names = [name.lower() for name in self.tables]
        if len(set(names)) < len(names):
            raise InvalidArgumentError(
                f"a table is named twice: {', '.join(self.tables)}", hint="name each one once"
            )
