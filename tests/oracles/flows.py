"""Flows once more: what users do before and after an event."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import timedelta

from mixpanel_data.queries import Flows
from tests.oracles.history import Act, History, top

START, END, OTHER = "$start", "$end", "$other"


def paths(query: Flows, history: History) -> list[tuple[list[str], list[str]]]:
    """For each flow: what came before, nearest first; and what came after."""
    found = []
    for own in history.by_user(history.acts).values():
        visible = [act for act in own if act.name not in query.hide]
        anchors = {act for act in visible if is_anchor(query, act, history)}
        stream = [
            act
            for before, act in zip([None, *visible], visible, strict=False)
            if not query.collapse_repeats
            or before is None
            or (before.name, before in anchors) != (act.name, act in anchors)
        ]
        places = [place for place, act in enumerate(stream) if act in anchors]
        for place in places[:1] if query.count == "unique" else places:
            found.append(
                (
                    near(query, stream[place], stream[:place][::-1], query.reverse),
                    near(query, stream[place], stream[place + 1 :], query.forward),
                )
            )
    return found


def is_anchor(query: Flows, act: Act, history: History) -> bool:
    return (
        act.name == query.event
        and history.within(act, query.from_date, query.to_date)
        and history.passes(act, query.where)
    )


def near(query: Flows, anchor: Act, others: list[Act], steps: int) -> list[str]:
    window = timedelta(seconds=query.window_seconds)
    return [act.name for act in others[:steps] if abs(act.at - anchor.at) <= window]


def links(query: Flows, flows: list[tuple[list[str], list[str]]]) -> Counter[tuple[int, str, str]]:
    """How many went from one event straight to the next, by step."""
    found: Counter[tuple[int, str, str]] = Counter()
    for side, (steps, end) in enumerate([(query.reverse, START), (query.forward, END)]):
        whole = [
            [query.event, *flow[side], *([end] if len(flow[side]) < steps else [])]
            for flow in flows
        ]
        shown = [
            top(
                Counter(path[step] for path in whole if len(path) > step and path[step] != end),
                query.limit,
            )
            for step in range(1, steps + 1)
        ]
        for path in whole:
            names = [query.event] + [
                name if name in (*shown[step], end) else OTHER for step, name in enumerate(path[1:])
            ]
            for step, (near_, far) in enumerate(itertools.pairwise(names), 1):
                found[(-step, far, near_) if side == 0 else (step, near_, far)] += 1
    return found


def whole_paths(query: Flows, flows: list[tuple[list[str], list[str]]]) -> Counter[tuple[str, ...]]:
    return Counter((*before[::-1], query.event, *after) for before, after in flows)
