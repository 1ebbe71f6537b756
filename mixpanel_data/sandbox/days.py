"""Days of a time zone as stretches of UTC milliseconds, daylight saving included."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HOUR_MS = 3_600_000


def bounds(first: date, last: date, zone: str) -> tuple[int, int]:
    """The first millisecond of `first` and the first after `last`.

    >>> bounds(date(1970, 1, 1), date(1970, 1, 1), "UTC")
    (0, 86400000)
    """
    return _midnight(first, zone), _midnight(last + timedelta(days=1), zone)


def _midnight(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp() * 1000)


def shift_sql(start: int, end: int, zone: str) -> str:
    """SQL for the milliseconds to add to `time_ms`, from start to end, to get the zone's clock.

    >>> shift_sql(0, 86_400_000, "UTC")
    '0'
    """
    cases = []
    before = _offset(start, zone)
    for moment in range(start - start % HOUR_MS + HOUR_MS, end, HOUR_MS):
        offset = _offset(moment, zone)
        if offset != before:
            cases.append(f"WHEN time_ms < {moment} THEN {before}")
            before = offset
    return f"CASE {' '.join(cases)} ELSE {before} END" if cases else str(before)


def _offset(moment: int, zone: str) -> int:
    offset = datetime.fromtimestamp(moment / 1000, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else offset // timedelta(milliseconds=1)
