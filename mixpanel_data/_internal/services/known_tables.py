"""What is known of the tables that a local report reads: where they came from, how far they go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from mixpanel_data._internal.reports.events import Table
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

    `zone` is that of the days of exports: UTC, but for projects from before 2023.
    """

    schema: TableSchema
    facts: TableMetadata | None
    zone: str = "UTC"

    @property
    def name(self) -> str:
        """As it is spelled in the database."""
        return self.schema.table

    @property
    def to_read(self) -> Table:
        """What the SQL of a report needs to know."""
        return _to_read(self.schema)

    @property
    def start(self) -> datetime | None:
        """From when on it has all events, in UTC; None where nobody knows."""
        if self.facts is None or self.facts.from_date is None:
            return None
        return self._instant(date.fromisoformat(self.facts.from_date))

    @property
    def end(self) -> datetime | None:
        """Until when it has all events: the end of its last day, or when it was fetched."""
        if self.facts is None or self.facts.to_date is None:
            return None
        over = self._instant(date.fromisoformat(self.facts.to_date) + timedelta(days=1))
        return min(over, self.facts.fetched_at)

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
