"""What questions convert and check: the message names the argument, the hint what to give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TypeVar

from mixpanel_data.exceptions import InvalidArgumentError

T = TypeVar("T")

FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Days before and after those of a report must be days, too, and Python's years end."""


def parse_date(value: str | date | None, name: str) -> date:
    """A calendar day from `YYYY-MM-DD`; `name` is the argument that a message blames.

    >>> parse_date("2024-02-29", "from_date")
    datetime.date(2024, 2, 29)
    """
    day = _day(value, name)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidArgumentError(
            f"{name} {str(day)!r} is not in the years {FIRST_YEAR} to {LAST_YEAR}",
            hint="give a day that has data",
        )
    return day


def _day(value: str | date | None, name: str) -> date:
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


def parse_list(values: Sequence[T], name: str) -> tuple[T, ...]:
    """Any sequence but one string, whose letters nobody means."""
    if isinstance(values, str):
        raise InvalidArgumentError(f"{name} is a list, not one string", hint=f"{name}=[{values!r}]")
    return tuple(values)


def parse_names(values: Sequence[str], name: str) -> tuple[str, ...]:
    """At least one name, none of them empty."""
    names = parse_list(values, name)
    check_names(names, name)
    return names


def parse_optional_names(values: Sequence[str] | None, name: str) -> tuple[str, ...] | None:
    """Names, or None for all of them."""
    if values is None:
        return None
    names = parse_list(values, name)
    if not names:
        raise InvalidArgumentError(f"{name} is empty", hint="leave it out to take the top ones")
    return names


def parse_one_or_more(values: str | Sequence[str], name: str) -> tuple[str, ...]:
    """One name, or several."""
    return parse_names([values] if isinstance(values, str) else values, name)


def check_range(from_date: date, to_date: date) -> None:
    """A range has at least one day; both ends belong to it."""
    if from_date > to_date:
        raise InvalidArgumentError(
            f"from_date {from_date} is after to_date {to_date}",
            hint="swap the two dates; both days are included",
        )


def check_text(value: str | None, name: str, *, is_required: bool = True) -> None:
    """Text that is not blank; None and blank are the same mistake."""
    if value is None or not value.strip():
        hint = f"give {name}" if is_required else "leave it out to leave it open"
        raise InvalidArgumentError(f"{name} is empty", hint=hint)


def check_choice(value: object, name: str, choices: Sequence[object]) -> None:
    """One of the words that are allowed."""
    if value not in choices:
        raise InvalidArgumentError(
            f"{name} {value!r} is unknown", hint=f"one of {', '.join(map(str, choices))}"
        )


def check_number(value: float, name: str, least: float, most: float | None) -> None:
    """A number within bounds, both included."""
    if most is None:
        if value < least:
            raise InvalidArgumentError(f"{name} {value} is below {least}")
    elif not least <= value <= most:
        raise InvalidArgumentError(f"{name} {value} is not within {least}..{most}")


def check_names(names: Sequence[str], name: str) -> None:
    """At least one name, none of them empty."""
    if not names or not all(names):
        raise InvalidArgumentError(f"{name} is empty, or names an empty one")
