"""Segmentation once more (contract 6, 16.1)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from mixpanel_data.queries import (
    LocalNumericSegmentation,
    LocalSegmentation,
    LocalSegmentationAverage,
    SegmentationSum,
)
from tests.oracles.history import Act, History, key, top, unit_of

Series = dict[str, dict[str, float]]


def segmentation(query: LocalSegmentation, history: History) -> Series:
    """Segment, bucket, number; empty buckets are 0."""
    unit = unit_of(query)
    found: dict[str, list[Act]] = {} if query.on else {query.event: []}
    for act in counted(query, history):
        names = [query.event] if query.on is None else history.labels(act, query.on)
        for name in names:
            found.setdefault(name, []).append(act)
    every = history.buckets(unit, query.from_date, query.to_date)
    series: Series = {}
    for name, acts in found.items():
        series[name] = {
            key(bucket, unit): figure(
                query.type,
                [act for act in acts if history.bucket(act.at, unit, query.from_date) == bucket],
                acts if query.average_per == "users_of_range" else None,
            )
            for bucket in every
        }
    ranked = {
        name: len(found[name]) if query.type == "average" else sum(values.values())
        for name, values in series.items()
    }
    return {name: series[name] for name in top(ranked, query.limit)}


def counted(query, history: History) -> list[Act]:
    """The events that a question is about."""
    return [
        act
        for act in history.acts
        if act.name == query.event
        and history.within(act, query.from_date, query.to_date)
        and history.passes(act, query.where)
    ]


def figure(kind: str, acts: list[Act], of_users: list[Act] | None = None) -> float:
    """Events, distinct users, or events per user (of these acts, else of others)."""
    users = users_of(acts)
    match kind:
        case "general":
            return len(acts)
        case "unique":
            return users
    per = users if of_users is None else users_of(of_users)
    return len(acts) / per if per else 0.0


def users_of(acts: list[Act]) -> int:
    """Nobody is no user."""
    return len({act.user for act in acts if act.user != ""})


def total(query: SegmentationSum, history: History) -> dict[str, float]:
    """The sum per bucket; what is no number counts as 0."""
    return {
        name: sum((history.number(act, query.on) or 0.0 for act in acts), 0.0)
        for name, acts in by_bucket(query, history).items()
    }


def average(query: LocalSegmentationAverage, history: History) -> dict[str, float | None]:
    """The average over all events, those without a number as 0, or left out."""
    found: dict[str, float | None] = {}
    for name, acts in by_bucket(query, history).items():
        values = [history.number(act, query.on) for act in acts]
        if query.non_numbers == "zero":
            counted = [0.0 if value is None else value for value in values]
        else:
            counted = [value for value in values if value is not None]
        found[name] = sum(counted) / len(counted) if counted else None
    return found


def by_bucket(query, history: History) -> dict[str, list[Act]]:
    found: dict[datetime, list[Act]] = {
        bucket: [] for bucket in history.buckets(query.unit, query.from_date, query.to_date)
    }
    for act in counted(query, history):
        found[history.bucket(act.at, query.unit, query.from_date)].append(act)
    return {key(bucket, query.unit): acts for bucket, acts in found.items()}


def numeric(query: LocalNumericSegmentation, history: History) -> Series:
    """Ranges of equal width (1, 2 or 5 times a power of ten), at most ten where that can be.

    The width is the least that is no less than a tenth of the way from the least value to the
    largest; ranges begin at its multiples. What is no number is in no range, what is at the end
    of two is in the upper one, unless ranges include their upper end.
    """
    valued = [(history.number(act, query.on), act) for act in counted(query, history)]
    numbered = [(value, act) for value, act in valued if value is not None]
    if not numbered:
        return {}
    least = min(value for value, _ in numbered)
    largest = max(value for value, _ in numbered)
    width = nice(largest - least)
    series: dict[Decimal, dict[datetime, list[Act]]] = {}
    for value, act in numbered:
        bucket = history.bucket(act.at, query.unit, query.from_date)
        low = floor(value, width)
        if query.range_includes == "upper" and float(low) == value:
            low -= width
        series.setdefault(low, {}).setdefault(bucket, []).append(act)
    named = {
        f"{low:,f} - {low + width:,f}": {
            key(bucket, query.unit): value
            for bucket, acts in sorted(buckets.items())
            if (value := figure(query.type, acts))
        }
        for low, buckets in sorted(series.items())
    }
    return {name: values for name, values in named.items() if values}


def nice(span: float) -> Decimal:
    widths = (Decimal(digit).scaleb(power) for power in range(-330, 330) for digit in (1, 2, 5))
    if span == 0:
        return Decimal(1)
    return next(width for width in widths if float(width) * 10 >= span)


def floor(value: float, width: Decimal) -> Decimal:
    """The multiple of the width that a number is not below, as both are read: as doubles."""
    steps = int(Decimal(value) // width)
    while float(steps * width) > value:
        steps -= 1
    while float((steps + 1) * width) <= value:
        steps += 1
    return steps * width
