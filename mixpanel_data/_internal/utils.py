"""Dates: the only place that knows the calendar. Imports nothing of ours; 60 lines at most."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta


def utc_now() -> datetime:
    """The current instant, naive UTC and whole seconds, as stored in `_metadata`."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def windows(first: date, last: date, days: int) -> Iterator[tuple[date, date]]:
    """Cut first..last, both inclusive, into stretches of `days` days, the last one shorter.

    >>> [(str(a), str(b)) for a, b in windows(date(2024, 2, 27), date(2024, 3, 2), 2)]
    [('2024-02-27', '2024-02-28'), ('2024-02-29', '2024-03-01'), ('2024-03-02', '2024-03-02')]
    """
    start = first
    while start <= last:
        end = min(start + timedelta(days=days - 1), last)
        yield start, end
        start = end + timedelta(days=1)
