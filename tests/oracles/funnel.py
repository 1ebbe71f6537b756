"""Funnels once more (contract 16.2), one user and one attempt at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mixpanel_data.queries import LocalFunnel
from tests.oracles.history import Act, History, key, top, unit_of

OVERALL = "$overall"
Figures = list[tuple[int, float | None, float | None]]


Moment = tuple[datetime, float]
"""A time, and the place among the events of that time: in the order in which they are stored."""


@dataclass
class Attempt:
    """One way through the steps, as far as it went; the next attempt begins after `exit`."""

    steps: list[Act]
    exit: Moment
    used: list[Act]
    segments: list[str] = field(default_factory=list)


def moment(act: Act) -> Moment:
    return act.at, act.number


def funnel(query: LocalFunnel, history: History) -> dict[str, dict[str, Figures]]:
    """Bucket, segment, and of each step: how many, seconds since the last one, since the first."""
    unit = unit_of(query)
    every_step = query.where if query.where_applies == "every_step" else None
    acts = history.by_user(act for act in history.acts if history.passes(act, every_step))
    every = history.buckets(unit, query.from_date, query.to_date)
    found: dict[str, dict[str, list[Attempt]]] = {key(it, unit): {OVERALL: []} for it in every}

    def named(act: Act) -> str:
        return key(history.bucket(act.at, unit, query.from_date), unit)

    for own in acts.values():
        entries = [
            act
            for act in own
            if is_step(query, 0, act, history)
            and history.passes(act, query.where)
            and history.within(act, query.from_date, query.to_date)
        ]
        if query.buckets == "split":
            for name, tried in counted(query, attempts(query, entries, own, history)):
                segments = found[named(tried.steps[0])]
                segments.setdefault(name, []).append(tried)
            continue
        for bucket, segments in found.items():
            here = [act for act in entries if named(act) == bucket]
            for name, tried in counted(query, attempts(query, here, own, history)):
                segments.setdefault(name, []).append(tried)
    totals: dict[str, float] = {}
    for segments in found.values():
        for name, tried in segments.items():
            totals[name] = totals.get(name, 0) + len(tried)
    del totals[OVERALL]
    kept = [OVERALL, *top(totals, query.limit)]
    return {
        bucket: {name: figures(query, segments[name]) for name in kept if name in segments}
        for bucket, segments in found.items()
    }


def counted(query: LocalFunnel, tried: list[Attempt]) -> list[tuple[str, Attempt]]:
    """A user's attempts that count: all, or the first one; and the first one of each segment."""
    every = query.count == "total"
    found = [(OVERALL, attempt) for attempt in (tried if every else tried[:1])]
    for name in dict.fromkeys(name for attempt in tried for name in attempt.segments):
        own = [attempt for attempt in tried if name in attempt.segments]
        # a value may be called as all together are
        label = f"{name} (a value)" if name == OVERALL else name
        found += [(label, attempt) for attempt in (own if every else own[:1])]
    return found


def attempts(
    query: LocalFunnel, entries: list[Act], own: list[Act], history: History
) -> list[Attempt]:
    """One after the other: a new one begins after the last one's exit.

    An event belongs to one attempt: what an attempt used, as a step or as the event that ended it,
    is not there for those that follow.
    """
    done: list[Attempt] = []
    for entry in entries:
        if not done or moment(entry) > done[-1].exit:
            used = [act for attempt in done for act in attempt.used]
            rest = [act for act in own if act not in used]
            done.append(attempt(query, entry, rest, history))
    return done


def attempt(query: LocalFunnel, entry: Act, own: list[Act], history: History) -> Attempt:
    grace = timedelta(seconds=query.grace_seconds)
    end = entry.at + timedelta(seconds=query.window_seconds)
    inclusive = query.window_end == "inclusive"

    def in_time(act: Act) -> bool:
        return act.at <= end if inclusive else act.at < end

    steps = [entry]
    used = steps
    over: Moment = (end, math.inf if inclusive else -math.inf)
    for number in range(1, len(query.steps)):
        near = [act for act in own if act.at >= steps[-1].at - grace and in_time(act)]
        unused = [act for act in near if act not in steps]
        free = near if query.reuse_events else unused
        following = next((act for act in free if is_step(query, number, act, history)), None)
        excluding = next((act for act in unused if excludes(query, number, act, history)), None)
        if excluding and (following is None or excluding.at <= following.at + grace):
            used = [*steps, excluding]
            over = max(map(moment, used))
            break
        if following is None:
            break
        steps.append(following)
    else:
        over = max(map(moment, steps))
    return Attempt(steps, over, used, segments(query, steps, history))


def is_step(query: LocalFunnel, number: int, act: Act, history: History) -> bool:
    step = query.steps[number]
    return act.name == step.event and history.passes(act, step.where)


def excludes(query: LocalFunnel, number: int, act: Act, history: History) -> bool:
    """Whether an event throws out of the funnel on the way from step `number` to the next."""
    return any(
        act.name == it.event
        and history.passes(act, it.where)
        and it.after_step <= number < (it.before_step or len(query.steps))
        for it in query.exclusions
    )


def segments(query: LocalFunnel, steps: list[Act], history: History) -> list[str]:
    """The value at the first (or last) step that has one; without any, that of the first step."""
    if query.on is None:
        return []
    labels = [history.labels(step, query.on) for step in steps]
    defined = [names for names in labels if names not in (["undefined"], ["null"])]
    if query.attribution == "last":
        defined.reverse()
    return (defined or labels)[0]


def figures(query: LocalFunnel, tried: list[Attempt]) -> Figures:
    found: Figures = []
    for number in range(len(query.steps)):
        there = [attempt.steps for attempt in tried if len(attempt.steps) > number]
        since_last = [lasted(steps[number - 1], steps[number], query) for steps in there]
        since_first = [lasted(steps[0], steps[number], query) for steps in there]
        timed = number > 0 and there
        found.append(
            (
                len(there),
                sum(since_last) / len(there) if timed else None,
                sum(since_first) / len(there) if timed else None,
            )
        )
    return found


def lasted(before: Act, after: Act, query: LocalFunnel) -> float:
    """Seconds; the second of two interchangeable steps takes none."""
    seconds = (after.at - before.at).total_seconds()
    return max(seconds, 0.0) if query.clamp_times else seconds
