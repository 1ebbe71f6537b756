"""Flows: what users do next to an event, step by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from mixpanel_data._internal.reports.calendar import Calendar, timestamp
from mixpanel_data._internal.reports.events import KEYS, Events, Expression, passing
from mixpanel_data._internal.reports.text import deeper, one_of, seconds, select, statement, where
from mixpanel_data._internal.sql import literal
from mixpanel_data.queries import Flows
from mixpanel_data.types import FlowLink, FlowPath, FlowsResult
from mixpanel_data.types.flows import END, OTHER, START
from mixpanel_data.types.report import ratio

MOST_PATHS = 100
"""An answer shows so many of the most frequent paths; the links tell of all."""

Row = tuple[int, str | None, str | None, int, list[str] | None]

_IN_ORDER = "(PARTITION BY distinct_id ORDER BY event_time, row_id)"

_UNREPEATED = f"""
WINDOW in_order AS {_IN_ORDER}
QUALIFY lag(event_name) OVER in_order IS DISTINCT FROM event_name
OR lag(is_start) OVER in_order IS DISTINCT FROM is_start"""


class _Link(NamedTuple):
    """Step, event nearer to the start of the path, event after it; None is no event."""

    step: int
    source: str | None
    target: str | None


def sql(query: Flows, events: Events, calendar: Calendar) -> str:
    """Rows of step, source, target and count: all links; of step 0, the most frequent paths.

    A missing source or target is NULL: nothing before, nothing after within the window.
    """
    starts = [one_of("event_name", [query.event]), *calendar.covers("event_time")]
    starts += ["passes"] if query.where is not None else []
    users = f"SELECT distinct_id\nFROM events{where(*starts)}"
    visible = select("*", f"coalesce({' AND '.join(starts)}, false) AS is_start")
    named = {
        events.several_times: _read(query, events, calendar),
        "visible AS": f"{visible}\nFROM events\nWHERE distinct_id IN (\n{deeper(users)}\n)",
        "stream AS": f"SELECT *\nFROM visible{_UNREPEATED if query.collapse_repeats else ''}",
        "steps AS": _steps(query),
        "flows AS": f"SELECT *\nFROM steps\nWHERE is_start{_FIRST if query.count == 'unique' else ''}",
        "paths AS": _paths(query),
    }
    return statement(named, "\nUNION ALL\n".join([*_links(query), _frequent(query)]))


_FIRST = f"\nQUALIFY row_number() OVER {_IN_ORDER} = 1"


def _read(query: Flows, events: Events, calendar: Calendar) -> str:
    passes = passing(query.where, query.event)
    more: dict[str, Expression] = {} if passes is None else {"passes": passes}
    late = timedelta(seconds=query.window_seconds)
    hidden = [f"NOT {one_of('e.event_name', query.hide)}"] if query.hide else []
    conditions = [
        "e.distinct_id <> ''",
        f"e.event_time < {timestamp(calendar.end + late)}",
        *hidden,
    ]
    return events.select(KEYS, more, conditions=conditions)


def _names(query: Flows) -> list[str]:
    """The columns of a path, in the order of time, without the event itself."""
    before = [f"before_{number}" for number in range(query.reverse, 0, -1)]
    return [*before, *(f"after_{number}" for number in range(1, query.forward + 1))]


def _steps(query: Flows) -> str:
    """Each event with those around it, as far as the window reaches."""
    window = seconds(query.window_seconds)
    columns = ["distinct_id", "event_time", "row_id", "is_start"]
    for name in _names(query):
        side, _, number = name.partition("_")
        function, sign = ("lead", f"<= event_time + {window}")
        if side == "before":
            function, sign = ("lag", f">= event_time - {window}")
        near = f"{function}(event_time, {number}) OVER in_order {sign}"
        columns.append(
            f"CASE WHEN {near} THEN {function}(event_name, {number}) OVER in_order END AS {name}"
        )
    return f"{select(*columns)}\nFROM stream\nWINDOW in_order AS {_IN_ORDER}"


def _paths(query: Flows) -> str:
    return f"{select(*_names(query), 'count(*) AS flows')}\nFROM flows\nGROUP BY ALL"


def _links(query: Flows) -> Iterable[str]:
    event = literal(query.event)
    for side, steps in (("before", query.reverse), ("after", query.forward)):
        last = event
        for number in range(1, steps + 1):
            following = f"{side}_{number}"
            ends = (last, following) if side == "after" else (following, last)
            columns = select(
                f"{number if side == 'after' else -number} AS step",
                f"{ends[0]} AS source",
                f"{ends[1]} AS target",
                "sum(flows) AS flows",
                "NULL AS path",
            )
            reached = "" if number == 1 else f"\nWHERE {last} IS NOT NULL"
            yield f"{columns}\nFROM paths{reached}\nGROUP BY ALL"
            last = following


def _frequent(query: Flows) -> str:
    names = _names(query)
    around = [*names[: query.reverse], literal(query.event), *names[query.reverse :]]
    path = f"list_filter([{', '.join(around)}], lambda name: name IS NOT NULL) AS path"
    paths = select("0 AS step", "NULL AS source", "NULL AS target", "sum(flows) AS flows", path)
    order = f"ORDER BY flows DESC, path\nLIMIT {MOST_PATHS}"
    return f"(\n{deeper(f'{paths}{chr(10)}FROM paths{chr(10)}GROUP BY ALL{chr(10)}{order}')}\n)"


def answer(query: Flows, rows: Iterable[Row], _calendar: Calendar, **origin: Any) -> FlowsResult:
    """The rows as an answer; at each step the rare events become one."""
    links: Counter[_Link] = Counter()
    paths: list[tuple[tuple[str, ...], int]] = []
    for step, source, target, flows, path in rows:
        if path is not None:
            paths.append((tuple(path), flows))
        else:
            links[_Link(step, source, target)] += flows
    total = sum(flows for link, flows in links.items() if link.step == (1 if query.forward else -1))
    shown = _shown(query, links)
    folded: Counter[tuple[int, str, str]] = Counter()
    for link, flows in links.items():
        folded[(link.step, *_named(link, shown))] += flows
    ranked = sorted(folded.items(), key=lambda it: (it[0][0], -it[1], it[0]))
    return FlowsResult(
        query=query,
        total=total,
        links=[FlowLink(*link, flows, ratio(flows, total)) for link, flows in ranked],
        paths=[FlowPath(path, flows, ratio(flows, total)) for path, flows in paths],
        **origin,
    )


def _shown(query: Flows, links: Counter[_Link]) -> Mapping[int, set[str]]:
    """The most frequent events of each step."""
    counts: dict[int, Counter[str]] = {}
    for link, flows in links.items():
        name = link.target if link.step > 0 else link.source
        if name is not None:
            counts.setdefault(link.step, Counter())[name] += flows
    return {
        step: set(sorted(names, key=lambda name: (-names[name], name.encode()))[: query.limit])
        for step, names in counts.items()
    }


def _named(link: _Link, shown: Mapping[int, set[str]]) -> tuple[str, str]:
    forward = link.step > 0
    near, far = (link.source, link.target) if forward else (link.target, link.source)
    ends = []
    for step, name in ((abs(link.step) - 1, near), (abs(link.step), far)):
        if name is None:
            ends.append(END if forward else START)
        elif step == 0 or name in shown.get(step if forward else -step, ()):
            ends.append(name)
        else:
            ends.append(OTHER)
    return (ends[0], ends[1]) if forward else (ends[1], ends[0])
