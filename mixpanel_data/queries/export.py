"""The question for raw events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.checks import check_range, parse_date
from mixpanel_data.queries.question import Converted
from mixpanel_data.queries.written import Expression, expression

MAX_EXPORT_LIMIT = 100_000
"""The most events one export may be limited to (export OpenAPI document)."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """Raw events of the days from_date..to_date, both inclusive.

    `events` None means all; `where` is a Mixpanel expression; `limit` is a sample cap.
    """

    from_date: date
    to_date: date
    events: tuple[str, ...] | None = None
    where: Converted[Expression | None, str | None] = Converted(expression, default=None)
    limit: int | None = None

    @classmethod
    def of(
        cls,
        from_date: str | date | None,
        to_date: str | date | None,
        events: Sequence[str] | None = None,
        where: Expression | None = None,
        limit: int | None = None,
    ) -> Export:
        """The question as people write it: dates as text, events as any sequence."""
        if isinstance(events, str):
            raise InvalidArgumentError(
                "events is a list of names, not one string", hint=f"events=[{events!r}]"
            )
        return cls(
            from_date=parse_date(from_date, "from_date"),
            to_date=parse_date(to_date, "to_date"),
            events=None if events is None else tuple(events),
            where=where,
            limit=limit,
        )

    def __post_init__(self) -> None:
        check_range(self.from_date, self.to_date)
        if self.events is not None and (not self.events or not all(self.events)):
            raise InvalidArgumentError(
                "events is empty, or names an empty event", hint="leave it out to get all events"
            )
        if self.where is not None and not self.where.strip():
            raise InvalidArgumentError("where is empty", hint="leave it out to get all events")
        if self.limit is not None and not 1 <= self.limit <= MAX_EXPORT_LIMIT:
            raise InvalidArgumentError(
                f"limit {self.limit} is not within 1..{MAX_EXPORT_LIMIT}",
                hint="leave it out to get everything",
            )
