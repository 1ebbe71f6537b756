"""Saved reports: whatever nesting they have, one row per number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from mixpanel_data.queries import Insights
from mixpanel_data.types.report import DAY, OVERALL, Report, ratio

ReportKind = Literal["insights", "funnel", "retention"]

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d))?")
_MEASURES = ("count", "step_conv_ratio", "overall_conv_ratio", "avg_time", "avg_time_from_start")
_WHOLE = "all"
"""Mixpanel's key where there is no time: the whole range."""

Path = tuple[str, ...]
Row = tuple[Path, tuple[Any, ...]]
"""The levels between a metric and its numbers, and what follows them in a record."""


@dataclass(frozen=True, kw_only=True, repr=False)
class InsightsResult(Report):
    """A saved report as Mixpanel sent it (`series`, whose levels `headers` name), and as rows.

    Times are local to the project. Levels of `df` that a report breaks down by are named as in
    `headers`; "$overall" is all of a level together.
    """

    query: Insights
    kind: ReportKind
    headers: tuple[str, ...]
    from_date: str | None
    to_date: str | None
    series: Mapping[str, Any]

    @property
    def columns(self) -> dict[str, str]:
        """`metric`, a column per breakdown, then what the kind of report has.

        Insights: `date` (NaT for the whole range) and `value`. Funnels: `date`, `step`, `count`,
        ratios and times. Retention: `cohort` (NaT for the average), `size`, `interval`, `count`
        and `rate`.
        """
        numbers = {
            "insights": {"date": DAY, "value": "float64"},
            "funnel": {"date": DAY, "step": "str", **dict.fromkeys(_MEASURES, "float64")},
            "retention": {
                "cohort": DAY,
                "size": "float64",
                "interval": "int64",
                "count": "float64",
                "rate": "float64",
            },
        }[self.kind]
        columns = {"metric": "str"}
        for number in range(self._depth):
            name = self.headers[number + 1] if number + 1 < len(self.headers) else "level"
            columns[_free(name, {*columns, *numbers})] = "str"
        return columns | numbers

    def records(self) -> Iterator[tuple[Any, ...]]:
        """In Mixpanel's order."""
        for metric, levels, numbers in self._found:
            padding = (OVERALL,) * (self._depth - len(levels))
            yield metric, *levels, *padding, *numbers

    @cached_property
    def _found(self) -> list[tuple[str, Path, tuple[Any, ...]]]:
        read = {"insights": _values, "funnel": _steps, "retention": _cohorts}[self.kind]
        return [
            (metric, levels, numbers)
            for metric, nested in self.series.items()
            for levels, numbers in read(nested)
        ]

    @cached_property
    def _depth(self) -> int:
        return max([len(self.headers) - 1, 0, *(len(levels) for _, levels, _ in self._found)])

    def facts(self) -> dict[str, Any]:
        """Which report, and which days."""
        return {
            "bookmark_id": self.query.bookmark_id,
            "kind": self.kind,
            "from_date": self.from_date,
            "to_date": self.to_date,
            "headers": list(self.headers),
        }

    def numbers(self) -> dict[str, Any]:
        """The series as sent."""
        return {"series": dict(self.series)}


def _values(nested: Any) -> Iterator[Row]:
    for path, value in _leaves(nested):
        times = [time for key in path if (time := _time(key))]
        yield _levels(path), (times[0] if times else None, value)


def _steps(nested: Any) -> Iterator[Row]:
    """Measures are above the steps, and both may be below dates and segments."""
    steps: dict[tuple[Path, str | None, str], dict[str, Any]] = {}
    for path, value in _leaves(nested):
        at = next((place for place, key in enumerate(path) if key in _MEASURES), None)
        if at is None or at + 1 >= len(path):
            continue
        others = path[:at] + path[at + 2 :]
        times = [time for key in others if (time := _time(key))]
        place = (_levels(others), times[0] if times else None, path[at + 1])
        steps.setdefault(place, {})[path[at]] = value
    for (levels, time, step), measured in steps.items():
        yield levels, (time, step, *(measured.get(name) for name in _MEASURES))


def _cohorts(nested: Any, above: Path = ()) -> Iterator[Row]:
    if not isinstance(nested, Mapping):
        return
    counts = nested.get("counts")
    if not isinstance(counts, Sequence):
        for key, value in nested.items():
            yield from _cohorts(value, (*above, key))
        return
    times = [time for key in above if (time := _time(key))]
    levels = tuple(level for level in _levels(above) if level != "$average")
    size, rates = nested.get("first"), nested.get("rates") or []
    for interval, count in enumerate(counts):
        rate = rates[interval] if interval < len(rates) else ratio(count, size or 0)
        yield levels, (times[0] if times else None, size, interval, count, rate)


def _leaves(nested: Any, above: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(nested, Mapping):
        for key, value in nested.items():
            yield from _leaves(value, (*above, key))
    elif nested is None or isinstance(nested, int | float):
        yield above, nested


def _levels(path: Path) -> Path:
    return tuple(key for key in path if key != _WHOLE and not _time(key))


def _time(key: str) -> str | None:
    """A key as local time: its offset is the project's, the date is what counts."""
    match = _TIME.match(key)
    if match is None:
        return None
    return f"{match[1]} {match[2]}" if match[2] else match[1]


def _free(name: str, taken: set[str]) -> str:
    """A name for a column that no other has."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found
