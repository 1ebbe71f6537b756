"""Funnels: how many go through steps in order (contract, 16.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from mixpanel_data._internal.reports.calendar import Calendar, key
from mixpanel_data._internal.reports.events import Events
from mixpanel_data._internal.reports.stages import Stages, unit_of
from mixpanel_data._internal.reports.text import select, statement
from mixpanel_data.queries import LocalFunnel
from mixpanel_data.types import FunnelResult, FunnelStep
from mixpanel_data.types.report import OVERALL, ratio

Row = tuple[datetime, str | None, int, int, float | None, float | None]

# One attempt after the other: the next entry is the first one after the last exit.
_KEPT = """SELECT unnest(list_reduce(
    list_transform(
        list_sort(list({{'at': entry_time, 'row': entry_row, 'exit': exit}})),
        lambda it: {{'at': it.at, 'exit': it.exit, 'rows': [it.row]}}
    ),
    lambda done, next: CASE
        WHEN next.at > done.exit
        THEN {{'at': next.at, 'exit': next.exit, 'rows': done.rows || next.rows}}
        ELSE done
    END
).rows) AS entry_row
FROM ended
GROUP BY {person}"""

_EVERYONE = """SELECT entry_row, NULL AS segment
FROM kept
JOIN ended USING (entry_row)"""

_SEGMENTED = """SELECT entry_row, segment
FROM (
    SELECT entry_row, unnest(labels) AS segment
    FROM called
)
JOIN kept USING (entry_row)
JOIN ended USING (entry_row)"""

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
        return statement(named, f"{_figures(query)}\nORDER BY bucket, step")
    named["ended AS MATERIALIZED"] = stages.ended()
    person = "distinct_id, bucket" if query.buckets == "separate" else "distinct_id"
    named["kept AS MATERIALIZED"] = _KEPT.format(person=person)
    if query.on is None:
        named["counted AS"] = _per(query, _EVERYONE, person)
        return statement(named, f"{_figures(query)}\nORDER BY bucket, step")
    named["called AS"] = stages.called()
    counted = [
        _per(query, _EVERYONE, person),
        _per(query, _SEGMENTED, f"{person}, segment"),
    ]
    named["counted AS MATERIALIZED"] = "\nUNION ALL\n".join(counted)
    named["figures AS MATERIALIZED"] = _figures(query)
    named["largest AS"] = (
        "SELECT segment, sum(reached) AS total\nFROM figures"
        "\nWHERE step = 1 AND segment IS NOT NULL"
        f"\nGROUP BY ALL\nORDER BY total DESC, segment\nLIMIT {query.limit}"
    )
    return statement(named, _LARGEST)


def _per(query: LocalFunnel, attempts: str, group: str) -> str:
    """All attempts, or the first one of each group."""
    if query.count == "total":
        return attempts
    order = f"PARTITION BY {group} ORDER BY entry_time, entry_row"
    return f"{attempts}\nQUALIFY row_number() OVER ({order}) = 1"


def _figures(query: LocalFunnel) -> str:
    once = query.count == "unique" and query.on is None
    counted = "" if once else "\nJOIN counted USING (entry_row)"
    return "\nUNION ALL\n".join(
        select(
            "bucket",
            "NULL AS segment" if once else "segment",
            f"{number} AS step",
            "count(*) AS reached",
            f"{_since(query, number, 'last_time')} AS since_last",
            f"{_since(query, number, 'entry_time')} AS since_first",
        )
        + f"\nFROM stage_{number}{counted}\nGROUP BY ALL"
        for number in range(1, len(query.steps) + 1)
    )


def _since(query: LocalFunnel, number: int, before: str) -> str:
    """The average time to a step, in seconds; to the first one it takes none."""
    if number == 1:
        return "NULL"
    lasted = f"epoch_us(step_time) - epoch_us({before})"
    return f"avg(greatest({lasted}, 0)) / 1e6" if query.clamp_times else f"avg({lasted}) / 1e6"


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
