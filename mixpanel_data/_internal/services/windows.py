"""Which days are asked for together: pure calendar work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

DAY = timedelta(days=1)


class Days(Protocol):
    """A stretch of whole days."""

    @property
    def first(self) -> date:
        """The first day."""

    @property
    def last(self) -> date:
        """The last day, included."""


@dataclass(frozen=True)
class Window:
    """The days of one request, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def halves(self) -> tuple[Window, Window]:
        """The two windows that a window of several days is split into."""
        middle = self.first + (self.days // 2 - 1) * DAY
        return Window(self.first, middle), Window(middle + DAY, self.last)

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"

    @property
    def name(self) -> str:
        """As in a sentence: a day alone, or the first and the last."""
        return str(self if self.days > 1 else self.first)


def cut(first: date, last: date, days: int) -> Iterator[Window]:
    """Cut a range into windows of so many days, the last one shorter.

    >>> [str(w) for w in cut(date(2024, 2, 27), date(2024, 3, 2), 2)]
    ['2024-02-27..2024-02-28', '2024-02-29..2024-03-01', '2024-03-02..2024-03-02']
    """
    while first <= last:
        window = Window(first, min(first + (days - 1) * DAY, last))
        yield window
        first = window.last + DAY


def alone(days: Iterable[date]) -> list[Window]:
    """Each of these days as a window of its own, in order."""
    return [Window(day, day) for day in sorted(days)]


def gaps(whole: Window, done: Iterable[Days]) -> list[Window]:
    """What is missing between stretches that are done (in order, without overlap).

    >>> [str(w) for w in gaps(Window(date(2024, 1, 1), date(2024, 1, 9)),
    ...                       [Window(date(2024, 1, 1), date(2024, 1, 4))])]
    ['2024-01-05..2024-01-09']
    """
    missing = []
    start = whole.first
    for stretch in done:
        if stretch.first > start:
            missing.append(Window(start, stretch.first - DAY))
        start = stretch.last + DAY
    if start <= whole.last:
        missing.append(Window(start, whole.last))
    return missing


def usable(whole: Window, found: Sequence[Days]) -> list[int]:
    """Positions of those stretches that lie within the range and overlap no earlier one."""
    positions = []
    start = whole.first
    for position, stretch in enumerate(found):
        if stretch.first >= start and stretch.last <= whole.last:
            positions.append(position)
            start = stretch.last + DAY
    return positions
