"""What questions check of themselves: the message names the argument, the hint what to give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import get_args

from mixpanel_data.exceptions import InvalidArgumentError


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


def parse_instant(value: str | datetime | None, name: str) -> datetime | None:
    """A point of time in UTC, from ISO 8601; what has no offset is UTC.

    >>> parse_instant("2024-02-29T01:00+02:00", "as_of")
    datetime.datetime(2024, 2, 28, 23, 0)
    """
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise InvalidArgumentError(
                f"{name} {value!r} is not a time", hint="give it in UTC, such as 2024-01-31T18:00"
            ) from None
    return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)


def check_range(from_date: date, to_date: date) -> None:
    """A range has at least one day; both ends belong to it."""
    if from_date > to_date:
        raise InvalidArgumentError(
            f"from_date {from_date} is after to_date {to_date}",
            hint="swap the two dates; both days are included",
        )


def check_name(value: str | None, name: str) -> None:
    """A name that must be there."""
    if not value:
        raise InvalidArgumentError(f"{name} is empty", hint=f"give {name}")


def check_expressions(**expressions: str | None) -> None:
    """Expressions may be left out, but are not blank."""
    for name, text in expressions.items():
        if text is not None and not text.strip():
            raise InvalidArgumentError(f"{name} is empty", hint="leave it out to leave it open")


def check_choice(value: object, name: str, choices: object) -> None:
    """One of the words of a Literal."""
    words = get_args(choices)
    if value not in words:
        raise InvalidArgumentError(
            f"{name} {value!r} is unknown", hint=f"one of {', '.join(map(str, words))}"
        )


def check_number(value: int, name: str, least: int, most: int) -> None:
    """A number within bounds, both included."""
    if not least <= value <= most:
        raise InvalidArgumentError(f"{name} {value} is not within {least}..{most}")


def check_names(names: Sequence[str], name: str) -> None:
    """At least one name, none of them empty."""
    if not names or not all(names):
        raise InvalidArgumentError(f"{name} is empty, or names an empty one")
