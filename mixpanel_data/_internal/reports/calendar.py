"""Days and buckets of the project: from its time zone to SQL on UTC timestamps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from mixpanel_data.queries import WeekStart

_FIRST_WEEKDAY: dict[WeekStart, int] = {"monday": 0, "sunday": 6}
_STEPS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_TIMES = ("minute", "hour")


@dataclass(frozen=True)
class Calendar:
    """The days `first` to `last` of a time zone, both included.

    Python's zone data decides everything here, so that the SQL does not depend on DuckDB's, and
    adds an offset instead of asking for one per row.
    """

    zone: str
    first: date
    last: date
    week_start: WeekStart = "monday"

    @property
    def start(self) -> datetime:
        """The first instant, in UTC without zone."""
        return self.instant(self.first)

    @property
    def end(self) -> datetime:
        """The first instant that no longer belongs to it."""
        return self.instant(self.last + timedelta(days=1))

    def instant(self, day: date) -> datetime:
        """When a day begins, in UTC; midnight may not exist, then it is what follows the gap."""
        local = datetime.combine(day, time.min, self._zone)
        return local.astimezone(UTC).replace(tzinfo=None)

    def covers(self, column: str) -> tuple[str, str]:
        """SQL conditions: the time in a column, UTC, is within."""
        return f"{column} >= {timestamp(self.start)}", f"{column} < {timestamp(self.end)}"

    # -- buckets --------------------------------------------------------------------------------

    def bucket(self, unit: str | int, column: str = "event_time") -> str:
        """SQL of the local start of the bucket of a UTC time within; see `buckets`."""
        local = self.local(column)
        if unit == "range":
            return f"TIMESTAMP '{self.first}'"
        if isinstance(unit, int):
            return f"time_bucket(INTERVAL {unit} DAY, {local}, TIMESTAMP '{self.first}')"
        if unit == "week" and self.week_start == "sunday":
            return f"date_trunc('week', {local} + INTERVAL 1 DAY) - INTERVAL 1 DAY"
        return f"date_trunc('{unit}', {local})"

    def buckets(self, unit: str | int) -> list[datetime]:
        """The local start of every bucket, in order: a unit, so many days, or the whole range.

        Weeks and months begin with the one that `first` is in. An hour that the clock skips is
        left out, one that it repeats is there once.
        """
        if unit in _TIMES:
            return list(dict.fromkeys(self._times(str(unit))))
        return list(dict.fromkeys(map(_midnight, self._dates(unit))))

    def _dates(self, unit: str | int) -> Iterator[date]:
        for number in range((self.last - self.first).days + 1):
            day = self.first + timedelta(days=number)
            if self.instant(day) == self.instant(day + timedelta(days=1)):
                continue  # Samoa had no 30 December 2011
            match unit:
                case int():
                    yield self.first + timedelta(days=number // unit * unit)
                case "range":
                    yield self.first
                case "week":
                    begun = (day.weekday() - _FIRST_WEEKDAY[self.week_start]) % 7
                    yield day - timedelta(days=begun)
                case "month":
                    yield day.replace(day=1)
                case _:
                    yield day

    def _times(self, unit: str) -> Iterator[datetime]:
        at = self.start
        while at < self.end:
            local = at + self._offset(at)
            yield local.replace(second=0, minute=0 if unit == "hour" else local.minute)
            at += _STEPS[unit]

    def begin(self, bucket: datetime) -> datetime:
        """The first instant of a bucket of days, in UTC; the range may begin within the bucket."""
        return max(self.instant(bucket.date()), self.start)

    # -- the zone -------------------------------------------------------------------------------

    def local(self, column: str) -> str:
        """SQL of the local wall clock at a UTC time within."""
        *before, (_, last) = self._offsets
        if not before:
            return _shifted(column, last)
        cases = " ".join(
            f"WHEN {column} < {timestamp(until)} THEN {_shifted(column, offset)}"
            for until, offset in before
        )
        return f"CASE {cases} ELSE {_shifted(column, last)} END"

    @cached_property
    def _offsets(self) -> list[tuple[datetime, timedelta]]:
        """Each offset from UTC, and the instant at which the next one begins."""
        found: list[tuple[datetime, timedelta]] = []
        at = self.start
        while at < self.end:
            following = min(at + timedelta(hours=6), self.end)
            until = self._change(at, following)
            if found and found[-1][1] == self._offset(at):
                found.pop()
            found.append((until, self._offset(at)))
            at = until
        return found

    def _change(self, at: datetime, following: datetime) -> datetime:
        """When the offset changes between two instants; the second one if it does not."""
        offset = self._offset(at)
        if self._offset(following) == offset:
            return following
        low, high = at, following
        while high - low > timedelta(seconds=1):
            middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
            if self._offset(middle) == offset:
                low = middle
            else:
                high = middle
        return high

    def _offset(self, at: datetime) -> timedelta:
        offset = at.replace(tzinfo=UTC).astimezone(self._zone).utcoffset()
        return offset or timedelta()

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


def key(bucket: datetime, unit: str | int) -> str:
    """A bucket as reports spell it.

    >>> key(datetime(2024, 1, 31), "day"), key(datetime(2024, 1, 31, 7), "hour")
    ('2024-01-31', '2024-01-31 07:00:00')
    """
    return f"{bucket:%Y-%m-%d %H:%M:%S}" if unit in _TIMES else f"{bucket:%Y-%m-%d}"


def timestamp(at: datetime) -> str:
    """SQL of an instant.

    >>> timestamp(datetime(2024, 1, 31))
    "TIMESTAMP '2024-01-31 00:00:00'"
    """
    return f"TIMESTAMP '{at}'"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)


def _shifted(column: str, offset: timedelta) -> str:
    seconds = int(offset.total_seconds())
    if not seconds:
        return column
    sign = "+" if seconds > 0 else "-"
    hours, rest = divmod(abs(seconds), 3600)
    length = f"{abs(seconds)} SECOND" if rest else f"{hours} HOUR"
    return f"{column} {sign} INTERVAL {length}"
