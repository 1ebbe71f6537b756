"""Retention and frequency once more (contract 9, 16.3, 16.4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from mixpanel_data._internal.expressions import nodes
from mixpanel_data.queries import LocalFrequency, LocalRetention
from tests.oracles.history import Act, History, expression, key, top

Row = tuple[str | None, str, int, tuple[int, ...], int]


@dataclass(frozen=True)
class Member:
    """A user in a row, and the event that put him there."""

    user: str
    row: datetime
    anchor: Act


def retention(query: LocalRetention, everything: History, as_of: datetime) -> list[Row]:
    """Segment, cohort, its size, its counts, how many of them are final: as seen at `as_of`."""
    history = replace(everything, acts=[act for act in everything.acts if act.at <= as_of])
    length = timedelta(days=query.interval_days)
    members = members_of(query, history)
    came: dict[Member, list[tuple[int, Act]]] = {
        member: [
            ((act.at - member.anchor.at) // length, act)
            for act in history.acts
            if act.user == member.user
            and act.at >= member.anchor.at
            and (query.anchor_returns or act != member.anchor)
            and returns(query, act, history)
        ]
        for member in members
    }
    if query.on and segments_members(query):
        # Whom a segment has is known at birth: its rows are retention of its members alone.
        of = {member: history.labels(member.anchor, query.on) for member in members}
        totals = Counter(name for names in of.values() for name in names)
        return [
            (name, *row[1:])
            for name in top(totals, query.limit)
            for row in rows(
                query, history, as_of, [it for it in members if name in of[it]], came, None
            )
        ]
    names: list[str | None] = [None]
    if query.on:
        every = {
            name
            for acts in came.values()
            for _, act in acts
            for name in history.labels(act, query.on)
        }
        totals = {
            name: sum(sum(row[3]) for row in rows(query, history, as_of, members, came, name))
            for name in every
        }
        names = list(top({name: n for name, n in totals.items() if n}, query.limit))
    return [row for name in names for row in rows(query, history, as_of, members, came, name)]


def segments_members(query: LocalRetention) -> bool:
    """Whether `on` is asked at birth, or reads nothing of an event: then each user has a value."""
    return query.on_event == "born" or not any(
        isinstance(node, nodes.Property) and node.source in ("properties", "event")
        for node in nodes.walk(expression(query.on))
    )


def rows(query, history, as_of, members, came, name) -> list[Row]:
    length = timedelta(days=query.interval_days)
    found: list[Row] = []
    for bucket in history.buckets(query.unit, query.from_date, query.to_date):
        here = [member for member in members if member.row == bucket]
        first = min((it.anchor.at for it in here), default=first_instant(history, bucket, query))
        last = max((it.anchor.at for it in here), default=first)
        counts = []
        complete = 0
        for number in range(query.interval_count + 1):
            if first + number * length > as_of:
                break
            if last + (number + 1) * length <= as_of:
                complete += 1
            counts.append(
                sum(
                    any(
                        (interval >= number if query.unbounded else interval == number)
                        and (name is None or name in history.labels(act, query.on))
                        for interval, act in came[member]
                    )
                    for member in here
                )
            )
        sized = here
        if name is not None and query.segment_sizes == "returned":
            sized = [it for it in here if came_back(query, history, came[it], name)]
        found.append((name, key(bucket, query.unit), len(sized), tuple(counts), complete))
    return found


def came_back(query, history, acts: list[tuple[int, Act]], name: str) -> bool:
    """Whether a member came back with this value in an interval that is asked for, or after it."""
    return any(
        (query.unbounded or interval <= query.interval_count)
        and name in history.labels(act, query.on)
        for interval, act in acts
    )


def first_instant(history: History, bucket: datetime, query: LocalRetention) -> datetime:
    start = max(bucket, datetime(*query.from_date.timetuple()[:3]))
    return start.replace(tzinfo=history.zone).astimezone(UTC)


def members_of(query: LocalRetention, history: History) -> list[Member]:
    found: list[Member] = []
    for user, own in history.by_user(history.acts).items():
        rows: dict[datetime, Act] = {}
        for act in own:
            if history.within(act, query.from_date, query.to_date) and born(query, act, history):
                rows.setdefault(history.bucket(act.at, query.unit, query.from_date), act)
        kept = list(rows.items())
        if query.retention_type == "birth" and query.birth_rows == "first_in_range":
            kept = kept[:1]
        found += [Member(user, row, act) for row, act in kept]
    return found


def born(query: LocalRetention, act: Act, history: History) -> bool:
    if query.retention_type == "compounded":
        return returns(query, act, history) and history.passes(act, query.born_where)
    return act.name == query.born_event and history.passes(act, query.born_where)


def returns(query: LocalRetention, act: Act, history: History) -> bool:
    return query.return_event in (None, act.name) and history.passes(act, query.where)


def frequency(
    query: LocalFrequency, history: History
) -> list[tuple[str | None, str, tuple[int, ...]]]:
    """Segment, period, and how many were active in at least 1, 2, … of its slots."""
    acts = active_in(query, history)
    if query.on is None:
        return periods(query, history, acts, None)
    names = {name for act in acts for name in history.labels(act, query.on)}
    own = {name: [act for act in acts if name in history.labels(act, query.on)] for name in names}
    totals = {
        name: sum(row[2][0] for row in periods(query, history, own[name], name)) for name in names
    }
    return [
        row for name in top(totals, query.limit) for row in periods(query, history, own[name], name)
    ]


def active_in(query: LocalFrequency, history: History) -> list[Act]:
    """The events that make users active."""
    return [
        act
        for act in history.acts
        if query.event in (None, act.name)
        and act.user != ""
        and history.within(act, query.from_date, query.to_date)
        and history.passes(act, query.where)
    ]


def periods(query, history, acts, name):
    found = []
    for period in history.buckets(query.unit, query.from_date, query.to_date):
        slots: dict[str, set[datetime | int]] = {}
        for act in acts:
            if history.bucket(act.at, query.unit, query.from_date) == period:
                slots.setdefault(act.user, set()).add(slot_of(query, history, act, period))
        size = slots_in(query, history, period)
        active = [len(own) for own in slots.values()]
        counts = tuple(sum(n >= least for n in active) for least in range(1, size + 1))
        found.append((name, key(period, query.unit), counts))
    return found


def slot_of(query, history: History, act: Act, period: datetime) -> datetime | int:
    """Where the clock is, or how many slots have passed since the user's first event of all."""
    if query.slots == "calendar":
        return history.bucket(act.at, query.addiction_unit, query.from_date)
    first = min(
        it.at
        for it in active_in(query, history)
        if it.user == act.user and history.bucket(it.at, query.unit, query.from_date) == period
    )
    return (act.at - first) // timedelta(**{f"{query.addiction_unit}s": 1})


def slots_in(query: LocalFrequency, history: History, period: datetime) -> int:
    """Days of the whole period, or the hours that the clock shows in it: 24 a day."""
    if query.unit == "month":
        days = ((period + timedelta(days=32)).replace(day=1) - period).days
    else:
        days = {"day": 1, "week": 7}[query.unit]
    return days * (24 if query.addiction_unit == "hour" else 1)
