"""What is known of the tables that a local report reads: where they came from, how far they go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from mixpanel_data._internal.reports.events import LeftOut, Table
from mixpanel_data._internal.services.windows import DAY, Window
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.types import TableMetadata, TableSchema

_NEEDED = {
    "events": ("event_name", "event_time", "distinct_id", "insert_id", "properties"),
    "profiles": ("distinct_id", "properties"),
}


@dataclass(frozen=True)
class KnownTable:
    """A table of events; `facts` is None for one that SQL made.

    `zone` is that of the days of exports: UTC, but for projects from before 2023. `left_out` is
    read from another table.
    """

    schema: TableSchema
    facts: TableMetadata | None
    zone: str = "UTC"
    left_out: tuple[LeftOut, ...] = ()

    @property
    def name(self) -> str:
        """As it is spelled in the database."""
        return self.schema.table

    @property
    def to_read(self) -> Table:
        """What the SQL of a report needs to know."""
        return replace(_to_read(self.schema), left_out=self.left_out)

    @property
    def days(self) -> Window | None:
        """The days that it has; None where nobody knows."""
        if self.facts is None or self.facts.from_date is None or self.facts.to_date is None:
            return None
        return Window(
            date.fromisoformat(self.facts.from_date), date.fromisoformat(self.facts.to_date)
        )

    @property
    def spans(self) -> list[tuple[datetime, datetime]]:
        """From when to when all of its events are read, without what is left out."""
        if self.start is None or self.end is None:
            return []
        out = [(it.start, it.end) for it in self.left_out if it.names is None]
        return between(out, self.start, self.end)

    @property
    def is_read(self) -> bool:
        """Whether anything of it is."""
        return self.days is None or bool(self.spans)

    @property
    def start(self) -> datetime | None:
        """From when on it has all events, in UTC; None where nobody knows."""
        return None if self.days is None else self.instants(self.days)[0]

    @property
    def end(self) -> datetime | None:
        """Until when it has all events: the end of its last day, or when it was fetched."""
        if self.facts is None or self.days is None:
            return None
        return min(self.instants(self.days)[1], self.facts.fetched_at)

    def instants(self, days: Window) -> tuple[datetime, datetime]:
        """When days of exports begin, and when they are over, in UTC."""
        return self._instant(days.first), self._instant(days.last + DAY)

    @property
    def is_cut_short(self) -> bool:
        """Whether Mixpanel had later events when it was fetched."""
        return self.facts is not None and self.end is not None and self.end < self.facts.fetched_at

    def day(self, at: datetime) -> date:
        """The day of exports that has an instant of UTC."""
        return at.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).date()

    def may_have(self, event: str) -> bool:
        """Whether the fetch asked for events of this name."""
        asked = self.facts.filter_events if self.facts else None
        return asked is None or event in asked

    def has_all(self, names: tuple[str, ...] | None) -> bool:
        """Whether the fetch asked for all of these names; None is every name there is."""
        return not self.listed if names is None else all(map(self.may_have, names))

    def has_any(self, names: tuple[str, ...] | None) -> bool:
        """Whether the fetch asked for one of these names; None is every name there is."""
        return names is None or any(map(self.may_have, names))

    @property
    def listed(self) -> list[str]:
        """The names of events that the fetch asked for; none where it asked for all."""
        return (self.facts and self.facts.filter_events) or []

    @property
    def sample(self) -> tuple[str | None, int | None]:
        """The filter and the limit of the fetch."""
        return (
            (None, None)
            if self.facts is None
            else (self.facts.filter_where, self.facts.filter_limit)
        )

    @property
    def is_limited(self) -> bool:
        """Whether the fetch had a limit."""
        return self.sample[1] is not None

    @property
    def is_filtered(self) -> bool:
        """Whether it lacks events of names that it has: by a filter or a limit."""
        return self.sample != (None, None)

    @property
    def filters(self) -> str:
        """How it was fetched, in words."""
        where, limit = self.sample
        words = [] if where is None else [f"where {where}"]
        words += [] if limit is None else [f"with a limit of {limit:,}"]
        return f"was fetched {' and '.join(words)}"

    def _instant(self, day: date) -> datetime:
        local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone))
        return local.astimezone(UTC).replace(tzinfo=None)


def events(storage: StorageEngine, names: tuple[str, ...], zone: str) -> list[KnownTable]:
    """The tables of these names; they must be of events."""
    return [_known(storage, name, zone) for name in names]


def profiles(storage: StorageEngine, name: str) -> Table | None:
    """The table of profiles, where there is one."""
    if not storage.table_exists(name):
        return None
    schema = storage.get_schema(name)
    _check_columns(schema, "profiles")
    return _to_read(schema)


def overlapping(tables: list[KnownTable]) -> bool:
    """Whether an event may be in two of them: their days meet, or nobody knows them."""
    ranges = [(table.start, table.end) for table in tables]
    known = sorted((start, end) for start, end in ranges if start and end)
    met = any(second < end for (_, end), (second, _) in pairwise(known))
    return len(tables) > 1 and (met or len(known) < len(ranges))


def event_names(storage: StorageEngine, table: KnownTable) -> set[str]:
    """The names of all events in it."""
    known = {name for found in table.schema.properties for name in found.events}
    if known:
        return known
    from mixpanel_data._internal.sql import quote

    rows = storage.execute_rows(f"SELECT DISTINCT event_name FROM main.{quote(table.name)}")
    return {name for (name,) in rows}


def _known(storage: StorageEngine, name: str, zone: str) -> KnownTable:
    schema = storage.get_schema(name)
    _check_columns(schema, "events")
    facts = storage.get_metadata(schema.table) if schema.type == "events" else None
    return KnownTable(schema, facts, zone)


def _check_columns(schema: TableSchema, kind: str) -> None:
    has = {column.name for column in schema.columns}
    lacks = [name for name in _NEEDED[kind] if name not in has]
    if lacks:
        raise InvalidArgumentError(
            f"table {schema.table!r} has no {kind}: it lacks {', '.join(lacks)}",
            hint="name a table that was fetched, not its flat table; mp tables lists them",
        )


def _to_read(schema: TableSchema) -> Table:
    return Table(
        name=schema.table,
        flat=schema.flat,
        properties={found.property: found for found in schema.properties},
        is_view=schema.type == "view",
    )


def dates(tables: list[KnownTable]) -> Iterator[str]:
    """What each table has, in words."""
    for table in tables:
        if table.facts and table.facts.from_date:
            yield f"{table.name} has {table.facts.from_date}..{table.facts.to_date}"


def between(
    spans: list[tuple[datetime, datetime]], start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """What of start..end is in no span."""
    found = []
    for first, last in sorted(spans):
        if first > start:
            found.append((start, min(first, end)))
        start = max(start, last)
        if start >= end:
            return found
    return [*found, (start, end)]
