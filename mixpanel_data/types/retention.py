"""Answers about coming back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from mixpanel_data.queries import Frequency, Retention
from mixpanel_data.types import charts
from mixpanel_data.types.answers import Answer
from mixpanel_data.types.report import DAY, Report, day, ratio

if TYPE_CHECKING:
    from altair import LayerChart


RatesWithin = Literal["segment", "cohort", "returned"]


@dataclass(frozen=True)
class CohortInfo(Answer):
    """Users who began in the same bucket, and how many came back after 0, 1, … intervals.

    Rows are ragged: an interval that has not begun has no count. The first `complete` counts are
    final, the others may still grow. `counts[0]` can be below `size`, and counts need not fall.
    `date` is None where a segment has one cohort for the whole range, `segment` None without `on`.
    """

    date: str | None
    size: int
    counts: tuple[int, ...]
    complete: int
    segment: str | None = None

    @property
    def rates(self) -> tuple[float, ...]:
        """The counts as shares of the cohort."""
        return tuple(ratio(count, self.size) for count in self.counts)

    def to_dict(self) -> dict[str, Any]:
        """The fields, and the rates."""
        return {**super().to_dict(), "rates": list(self.rates)}


@dataclass(frozen=True, kw_only=True, repr=False)
class RetentionResult(Report):
    """Cohorts, oldest first, segment by segment.

    `rates_within` says what the sizes of segments are, which rates divide by: the users of the
    "segment", those of the whole "cohort", whatever their value, or those of the cohort who
    "returned" with the value. It is None without segments, and where Mixpanel counted: it does
    not say.
    """

    query: Retention
    cohorts: list[CohortInfo]
    rates_within: RatesWithin | None = None

    @property
    def columns(self) -> dict[str, str]:
        """One row per cohort and `interval` (from 0); `complete` where the count is final."""
        return {
            "cohort": DAY,
            "segment": "str",
            "size": "int64",
            "interval": "int64",
            "count": "int64",
            "rate": "float64",
            "complete": "bool",
        }

    @property
    def is_zero(self) -> bool:
        """Whether nobody is in a cohort."""
        return not any(it.size for it in self.cohorts)

    def records(self) -> Iterator[tuple[Any, ...]]:
        """Cohort by cohort."""
        for it in self.cohorts:
            for number, (count, rate) in enumerate(zip(it.counts, it.rates, strict=True)):
                complete = number < it.complete
                yield it.date, it.segment, it.size, number, count, rate, complete

    @property
    def born_event(self) -> str | None:
        """The event that makes a user member of a cohort; None where it is the return event."""
        return self.query.born_event

    @property
    def return_event(self) -> str | None:
        """The event to come back for; None is any."""
        return self.query.return_event

    @property
    def from_date(self) -> str:
        """The first day of the cohorts."""
        return day(self.query.from_date)

    @property
    def to_date(self) -> str:
        """The last day of the cohorts, included."""
        return day(self.query.to_date)

    @property
    def unit(self) -> str:
        """What a cohort and an interval are made of."""
        return self.query.unit

    @cached_property
    def average(self) -> list[float | None]:
        """The rate per interval over all cohorts, weighted by their size; empty with `on`.

        Only final counts take part; None where no cohort has one. The weights are Mixpanel's:
        large cohorts count with the square of their size. Each segment has one in `averages`.
        """
        return [] if self.query.on else _average(self.cohorts)

    @cached_property
    def averages(self) -> dict[str, list[float | None]]:
        """The same for each segment, over its own cohorts; empty without `on`."""
        names = dict.fromkeys(it.segment for it in self.cohorts if it.segment is not None)
        return {name: _average([it for it in self.cohorts if it.segment == name]) for name in names}

    def plot(self) -> LayerChart:
        """A heat map: a row for each cohort, darker where more came back (extra `plot`)."""
        rows = [
            (_name(it), number, rate, f"{rate:.0%}" + "*" * (number >= it.complete))
            for it in self.cohorts
            for number, rate in enumerate(it.rates)
        ]
        first, then = self.born_event or self.return_event, self.return_event or "anything"
        return charts.heat_map(rows, title=f"{first}, then {then}", across=self.query.unit)

    def facts(self) -> dict[str, Any]:
        """The fields of the question, and the average."""
        query = self.query
        return {
            "born_event": self.born_event,
            "return_event": self.return_event,
            "from_date": self.from_date,
            "to_date": self.to_date,
            "unit": self.unit,
            "interval": query.interval,
            "retention_type": query.retention_type,
            "unbounded": query.unbounded,
            "segment_property": query.on,
            "rates_within": self.rates_within,
            "average": self.average,
            "averages": self.averages,
        }

    def numbers(self) -> dict[str, Any]:
        """The cohorts."""
        return {"cohorts": [cohort.to_dict() for cohort in self.cohorts]}


@dataclass(frozen=True)
class FrequencyPeriod(Answer):
    """How many users were active in at least 1, 2, … slots of a period; never rising.

    `date` is None where a segment has one row for the whole range, `segment` None without `on`.
    """

    date: str | None
    counts: tuple[int, ...]
    segment: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class FrequencyResult(Report):
    """Periods, oldest first, segment by segment."""

    query: Frequency
    periods: list[FrequencyPeriod]

    @property
    def columns(self) -> dict[str, str]:
        """One row per period and number of slots; `users` were active in at least so many."""
        return {
            "date": DAY,
            "segment": "str",
            "slots": "int64",
            "users": "int64",
            "rate": "float64",
        }

    @property
    def is_zero(self) -> bool:
        """Whether nothing was counted."""
        return not any(any(it.counts) for it in self.periods)

    def records(self) -> Iterator[tuple[Any, ...]]:
        """Period by period."""
        for it in self.periods:
            everyone = it.counts[0] if it.counts else 0
            for number, users in enumerate(it.counts, 1):
                yield it.date, it.segment, number, users, ratio(users, everyone)

    def plot(self) -> LayerChart:
        """A bar for each number of slots, all periods together (extra `plot`)."""
        users: dict[tuple[str | None, int], int] = {}
        for it in self.periods:
            for number, count in enumerate(it.counts, 1):
                users[it.segment, number] = users.get((it.segment, number), 0) + count
        rows = [
            (str(number), segment, count, ratio(count, users[segment, 1]))
            for (segment, number), count in users.items()
        ]
        query = self.query
        return charts.bars(
            rows,
            title=f"{query.event or 'Any event'}: in at least so many {query.addiction_unit}s",
            across=f"{query.addiction_unit}s of a {query.unit}",
            value="users",
            subtitle=f"users of each {query.unit} added up",
        )

    def facts(self) -> dict[str, Any]:
        """The fields of the question."""
        return {
            "event": self.query.event,
            "from_date": day(self.query.from_date),
            "to_date": day(self.query.to_date),
            "unit": self.query.unit,
            "addiction_unit": self.query.addiction_unit,
            "segment_property": self.query.on,
        }

    def numbers(self) -> dict[str, Any]:
        """The periods."""
        return {"periods": [period.to_dict() for period in self.periods]}


def _average(cohorts: list[CohortInfo]) -> list[float | None]:
    rates: list[float | None] = []
    for number in range(max((len(it.counts) for it in cohorts), default=0)):
        final = [it for it in cohorts if number < it.complete]
        came = sum(it.counts[number] * it.size for it in final)
        born = sum(it.size * it.size for it in final)
        rates.append(came / born if born else None)
    return rates


def _name(cohort: CohortInfo) -> str:
    """A cohort as the rows of a picture are named."""
    return " · ".join(filter(None, [cohort.segment, cohort.date and cohort.date[:10]]))
