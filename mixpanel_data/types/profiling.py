"""What a look at a local table tells: exact counts of all rows, small enough to be read.

`share` is a part of 1, with four decimals; rows, users and values are counted, never estimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from mixpanel_data.types.answers import Answer
from mixpanel_data.types.tables import TableType

Number = int | float
Moment = datetime | date | str
"""UTC as stored; text past the year 9999."""


class CompactAnswer(Answer):
    """An answer whose `to_dict` leaves out what there is nothing to say about."""

    def to_dict(self) -> dict[str, Any]:
        """Every field that is not None or empty."""
        nothing: tuple[Any, ...] = (None, [], {})
        return {name: value for name, value in self.row().items() if value not in nothing}

    def row(self) -> dict[str, Any]:
        """Every field by name, for formats whose rows are all alike."""
        return super().to_dict()


@dataclass(frozen=True)
class ValueCount(Answer):
    """A value, the rows that have it, and their share of the rows that have one."""

    value: Any
    rows: int
    share: float


@dataclass(frozen=True)
class NumberStats(CompactAnswer):
    """The values that are JSON numbers. Each quantile is one of them, the median too.

    They are exact; of fractions, `sum` and `mean` have 15 digits.
    """

    rows: int
    min: Number
    max: Number
    mean: float | None
    sum: Number | None
    p5: Number
    p25: Number
    median: Number
    p75: Number
    p95: Number


@dataclass(frozen=True)
class TextStats(Answer):
    """The values that are JSON strings: first and last of them by code points, and lengths."""

    rows: int
    min: str
    max: str
    shortest: int
    longest: int


@dataclass(frozen=True)
class TimeStats(Answer):
    """The values of a column of dates or times."""

    rows: int
    min: Moment
    max: Moment


@dataclass(frozen=True)
class ListStats(CompactAnswer):
    """The values that are lists: their lengths, and the rows that have each item."""

    rows: int
    items: int
    shortest: int
    longest: int
    distinct: int
    top: tuple[ValueCount, ...]


@dataclass(frozen=True)
class ObjectStats(CompactAnswer):
    """The values that are objects, and the rows that have each key."""

    rows: int
    distinct: int
    top: tuple[ValueCount, ...]


@dataclass(frozen=True)
class EventCoverage(Answer):
    """An event, its rows, and how many of them have a value."""

    event: str | None
    rows: int
    present: int
    share: float


@dataclass(frozen=True)
class PropertyStats(CompactAnswer):
    """A property in all rows of a table, or of one event.

    `rows` are looked at: in `present` of them it has a value, in `null` it is null, in `missing`
    it is not there; `share` is that of `present`. `type` is what holds the values of all events
    (as in a flat table), `kinds` counts the values by JSON kind: text of a column of several kinds
    is counted as `->>` gives it, so 5 and "5" are one value. `events` are those that have it most,
    `more_events` counts the others.
    """

    table: str
    property: str
    event: str | None
    column: str | None
    type: str
    rows: int
    present: int
    null: int
    missing: int
    share: float
    kinds: dict[str, int]
    distinct: int
    top: tuple[ValueCount, ...]
    numbers: NumberStats | None = None
    texts: TextStats | None = None
    times: TimeStats | None = None
    lists: ListStats | None = None
    objects: ObjectStats | None = None
    events: tuple[EventCoverage, ...] = ()
    more_events: int | None = None


@dataclass(frozen=True)
class EventSummary(CompactAnswer):
    """An event of a table: its rows, users with a distinct_id, first and last time (UTC).

    `properties` counts those that its rows carry, None where there is no flat table to tell.
    """

    event: str | None
    rows: int
    share: float
    users: int
    first: Moment | None
    last: Moment | None
    properties: int | None


@dataclass(frozen=True)
class EventBreakdown(CompactAnswer):
    """The events of a table, most frequent first, of `names` in all.

    `users` counts each user once; `other_rows` are those of the names that are not listed.
    """

    table: str
    rows: int
    users: int
    names: int
    other_rows: int | None
    events: tuple[EventSummary, ...]


@dataclass(frozen=True)
class ColumnSummary(CompactAnswer):
    """A property or column: rows with a value, distinct values, and what these are.

    Numbers and times have `min` and `max`; for others `top` has the most common values as text,
    with their rows. `column` is that of the flat table, where it is called otherwise.
    """

    name: str
    type: str
    rows: int
    share: float
    distinct: int
    min: Number | Moment | None = None
    max: Number | Moment | None = None
    top: dict[str, int] | None = None
    column: str | None = None


@dataclass(frozen=True)
class TableSummary(CompactAnswer):
    """A table at a glance: its size, its span (UTC), and its most used properties or its columns.

    `events` counts event names, `users` those with a distinct_id, `days` the days that have rows.
    `properties` counts all properties; those not in `columns` are `others`, and `more` of them are
    not even named. The project's own come first, then Mixpanel's ($…, mp_…); both by use. `note`
    tells what is missing here.
    """

    table: str
    type: TableType | Literal["table", "view"]
    rows: int
    columns: tuple[ColumnSummary, ...]
    events: int | None = None
    users: int | None = None
    days: int | None = None
    first: Moment | None = None
    last: Moment | None = None
    source: str | None = None
    flat: str | None = None
    properties: int | None = None
    others: tuple[str, ...] = ()
    more: int | None = None
    note: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As for every brief answer, the columns last."""
        facts = super().to_dict()
        columns = facts.pop("columns", [])
        return {**facts, "columns": columns}
