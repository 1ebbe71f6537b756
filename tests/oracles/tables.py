"""Which events of several tables count, once more: each day of each event is read from one table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tests.oracles import Event, day_of

OTHERS = "a name that no fetch asked for"


class UndecidedError(Exception):
    """Several tables have events of a day, and no rule tells whose count."""


@dataclass(frozen=True)
class Fetched:
    """A table: what was asked for, when, and what came."""

    first: date
    last: date
    at: datetime
    events: list[Event]
    names: frozenset[str] | None = None
    where: str | None = None
    limit: int | None = None

    def has(self, day: date, name: str) -> bool:
        asked = self.names is None or name in self.names
        return asked and self.first <= day <= self.last

    @property
    def is_filtered(self) -> bool:
        return self.where is not None or self.limit is not None


def read_once(
    tables: list[Fetched], names: set[str] | None, first: date, last: date
) -> list[Event]:
    """The events that a report sees which reads these names (None: all) of first..last."""
    listed = {name for table in tables for name in table.names or ()}
    wanted = listed | {OTHERS} if names is None else names
    day = first
    while day <= last:
        for name in wanted:
            reader(tables, wanted, day, name)
        day += timedelta(days=1)
    return [
        event
        for table in tables
        for event in table.events
        if first <= day_of(event) <= last and (names is None or event["event"] in names)
        if reader(tables, wanted, day_of(event), _known(event["event"], wanted)) is table
    ]


def _known(name: str, wanted: set[str]) -> str:
    return name if name in wanted else OTHERS


def reader(tables: list[Fetched], wanted: set[str], day: date, name: str) -> Fetched | None:
    """The table that this event of this day is read from."""
    full = [
        table
        for table in tables
        if not table.is_filtered and all(table.has(day, each) for each in wanted)
    ]
    if full:
        return latest(full)
    having = [table for table in tables if table.has(day, name)]
    if len(having) < 2:
        return having[0] if having else None
    unfiltered = [table for table in having if not table.is_filtered]
    if unfiltered:
        return latest(unfiltered)
    if any(table.limit is not None for table in having):
        raise UndecidedError
    if len({table.where for table in having}) > 1:
        raise UndecidedError
    return latest(having)


def latest(tables: list[Any]) -> Any:
    """The one fetched last, of several the one named last."""
    found = tables[0]
    for table in tables:
        if table.at >= found.at:
            found = table
    return found
