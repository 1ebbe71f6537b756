"""Questions to Mixpanel, as frozen values that check themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mixpanel_data.exceptions import InvalidArgumentError

MAX_EXPORT_LIMIT = 100_000
"""The most events one export may be limited to (export OpenAPI document)."""


def parse_date(value: str | date | None, name: str) -> date:
    """A calendar day from `YYYY-MM-DD`; `name` is the argument that a message blames.

    >>> parse_date("2024-02-29", "from_date")
    datetime.date(2024, 2, 29)
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if value is None:
        raise InvalidArgumentError(f"{name} is required", hint="give a date as YYYY-MM-DD")
    try:
        if len(value) == len("2024-01-01"):
            return date.fromisoformat(value)
    except ValueError as error:
        raise InvalidArgumentError(
            f"{name} {value!r} is not a date: {error}", hint="give a date as YYYY-MM-DD"
        ) from None
    raise InvalidArgumentError(
        f"{name} {value!r} is not a date", hint="give a date as YYYY-MM-DD, such as 2024-01-31"
    )


@dataclass(frozen=True, kw_only=True)
class Export:
    """Raw events of the days from_date..to_date, both inclusive.

    `events` None means all; `where` is a Mixpanel expression; `limit` is a sample cap.
    """

    from_date: date
    to_date: date
    events: tuple[str, ...] | None = None
    where: str | None = None
    limit: int | None = None

    @classmethod
    def of(
        cls,
        from_date: str | date | None,
        to_date: str | date | None,
        events: Sequence[str] | None = None,
        where: str | None = None,
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
        if self.from_date > self.to_date:
            raise InvalidArgumentError(
                f"from_date {self.from_date} is after to_date {self.to_date}",
                hint="swap the two dates; both days are included",
            )
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


@dataclass(frozen=True, kw_only=True)
class Profiles:
    """User or group profiles; every field narrows the answer (contract: /engage).

    `cohort_id` takes the members of a saved cohort, with `include_all_users` also those who have
    no profile. `behaviors` can't be combined with it and needs `as_of_timestamp` (epoch seconds)
    past 1,000 profiles. `data_group_id` asks for group profiles.
    """

    where: str | None = None
    distinct_ids: tuple[str, ...] | None = None
    output_properties: tuple[str, ...] | None = None
    data_group_id: str | None = None
    cohort_id: int | None = None
    include_all_users: bool | None = None
    behaviors: tuple[dict[str, Any], ...] | None = None
    as_of_timestamp: int | None = None

    @classmethod
    def of(cls, **asked: Any) -> Profiles:
        """The question as people write it: names as any sequence."""
        for name in ("distinct_ids", "output_properties"):
            if isinstance(asked.get(name), str):
                raise InvalidArgumentError(
                    f"{name} is a list of names, not one string", hint=f"{name}=[{asked[name]!r}]"
                )
        lists = {name: tuple(value) for name, value in asked.items() if isinstance(value, list)}
        return cls(**{**asked, **lists})

    def __post_init__(self) -> None:
        if self.where is not None and not self.where.strip():
            raise InvalidArgumentError("where is empty", hint="leave it out to get all profiles")
        if self.behaviors is not None and self.cohort_id is not None:
            raise InvalidArgumentError(
                "behaviors and a cohort can't be combined", hint="ask for one of them"
            )
        if self.include_all_users is not None and self.cohort_id is None:
            raise InvalidArgumentError(
                "include_all_users only goes with a cohort", hint="give cohort_id too"
            )
