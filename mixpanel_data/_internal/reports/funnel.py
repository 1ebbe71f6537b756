"""Funnels: how many go through steps in order (contract, 16.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from mixpanel_data._internal.reports.attempts import Attempts
from mixpanel_data._internal.reports.calendar import Calendar, key
from mixpanel_data._internal.reports.events import Events
from mixpanel_data._internal.reports.stages import Stages, unit_of
from mixpanel_data._internal.reports.text import select, statement
from mixpanel_data.queries import LocalFunnel
from mixpanel_data.types import FunnelResult, FunnelStep
from mixpanel_data.types.report import OVERALL, ratio

Row = tuple[datetime, str | None, int, int, float | None, float | None]

_NO_VALUE = "(['undefined'], ['null'])"

_EVERYONE = """SELECT entry_row, NULL AS segment
FROM reached
WHERE step = 1"""

_SEGMENTED = """SELECT entry_row, segment
FROM (
    SELECT entry_row, unnest(labels) AS segment
    FROM called
)
JOIN (FROM reached WHERE step = 1) USING (entry_row)"""

_LARGEST = """SELECT figures.*
FROM figures
LEFT JOIN largest USING (segment)
WHERE figures.segment IS NULL OR total IS NOT NULL
ORDER BY total DESC NULLS FIRST, segment, bucket, step"""


def sql(query: LocalFunnel, events: Events, calendar: Calendar) -> str:
    """Rows of bucket, segment, step, how many, seconds since the last step, since the first.

    Without a segment come all attempts together, first; then the largest segments. A step that
    nobody gets to is left out.
    """
    stages = Stages(query, events, calendar)
    named = stages.named()
    if stages.once:
        named["reached AS"] = stages.reached()
        return statement(named, f"{_figures(query, '')}\nORDER BY bucket, step")
    attempts = Attempts(stages)
    named |= attempts.named()
    joined = "\nJOIN counted USING (entry_row)"
    if query.on is None:
        named["counted AS"] = _per(query, _EVERYONE, attempts.person)
        return statement(named, f"{_figures(query, joined)}\nORDER BY bucket, step")
    named["called AS"] = _called(query)
    counted = [
        _per(query, _EVERYONE, attempts.person),
        _per(query, _SEGMENTED, f"{attempts.person}, segment"),
    ]
    named["counted AS MATERIALIZED"] = "\nUNION ALL\n".join(counted)
    named["figures AS MATERIALIZED"] = _figures(query, joined)
    named["largest AS"] = (
        "SELECT segment, sum(reached) AS total\nFROM figures"
        "\nWHERE step = 1 AND segment IS NOT NULL"
        f"\nGROUP BY ALL\nORDER BY total DESC, segment\nLIMIT {query.limit}"
    )
    return statement(named, _LARGEST)


def _called(query: LocalFunnel) -> str:
    """The value of each attempt at the first (or last) step that has one, else at its entry."""
    function = "arg_min" if query.attribution == "first" else "arg_max"
    defined = f"{function}(labels, step) FILTER (labels NOT IN {_NO_VALUE})"
    columns = select("entry_row", f"coalesce({defined}, arg_min(labels, step)) AS labels")
    return f"{columns}\nFROM reached\nGROUP BY entry_row"


def _per(query: LocalFunnel, attempts: str, group: str) -> str:
    """All attempts, or the first one of each group."""
    if query.count == "total":
        return attempts
    order = f"PARTITION BY {group} ORDER BY entry_time, entry_row"
    return f"{attempts}\nQUALIFY row_number() OVER ({order}) = 1"


def _figures(query: LocalFunnel, counted: str) -> str:
    columns = select(
        "bucket",
        "segment" if counted else "NULL AS segment",
        "step",
        "count(*) AS reached",
        f"{_since(query, 'last_time')} AS since_last",
        f"{_since(query, 'entry_time')} AS since_first",
    )
    return f"{columns}\nFROM reached{counted}\nGROUP BY ALL"


def _since(query: LocalFunnel, before: str) -> str:
    """The average time to a step, in seconds; to the first one it takes none."""
    lasted = f"epoch_us(step_time) - epoch_us({before})"
    lasted = f"greatest({lasted}, 0)" if query.clamp_times else lasted
    return f"avg({lasted}) FILTER (step > 1) / 1e6"


def answer(
    query: LocalFunnel, rows: Iterable[Row], calendar: Calendar, **origin: Any
) -> FunnelResult:
    """The rows as an answer; a bucket that nobody enters has zeros."""
    unit = unit_of(query)
    figures: dict[str, dict[str, dict[int, Sequence[Any]]]] = {
        key(bucket, unit): {OVERALL: {}} for bucket in calendar.buckets(unit)
    }
    for bucket, segment, step, *found in rows:
        name = OVERALL if segment is None else _segment(segment)
        figures[key(bucket, unit)].setdefault(name, {})[step] = found
    series = {
        bucket: {name: tuple(_steps(query, found)) for name, found in segments.items()}
        for bucket, segments in figures.items()
    }
    return FunnelResult(query=query, funnel_name=None, series=series, **origin)


def _segment(value: str) -> str:
    """A value may be called as all together are."""
    return f"{value} (a value)" if value == OVERALL else value


def _steps(query: LocalFunnel, figures: dict[int, Sequence[Any]]) -> Iterator[FunnelStep]:
    first = last = None
    for number, step in enumerate(query.steps, 1):
        count, since_last, since_first = figures.get(number, (0, None, None))
        yield FunnelStep(
            event=step.event,
            count=count,
            step_conv_ratio=1.0 if last is None else ratio(count, last),
            overall_conv_ratio=1.0 if first is None else ratio(count, first),
            avg_time=since_last,
            avg_time_from_start=since_first,
            label=step.label or "",
        )
        first, last = count if first is None else first, count
