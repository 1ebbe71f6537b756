"""Days that several tables have: each event of them is read from one table, so it counts once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from mixpanel_data._internal.reports.events import LeftOut
from mixpanel_data._internal.services.known_tables import KnownTable
from mixpanel_data._internal.services.windows import DAY, Window
from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.exceptions import InvalidArgumentError, shell, warn

_NEVER = datetime.fromisoformat("0001-01-01")

Readers = dict[str | None, KnownTable]
"""The table that events of a name are read from; under None, those of all other names."""

_COPIES = """
    SELECT min(event_time), max(event_time)
    FROM (SELECT event_name, distinct_id, event_time FROM main.{one} WHERE {blank}) AS one
    SEMI JOIN (
        SELECT event_name, distinct_id, event_time FROM main.{other} WHERE {blank}
    ) AS other
    ON one.event_name = other.event_name
    AND one.event_time = other.event_time
    AND one.distinct_id IS NOT DISTINCT FROM other.distinct_id
"""
_BLANK = """coalesce(insert_id, '') = ''
        AND event_time >= $start AND event_time < $end
        AND ($names IS NULL OR list_contains($names, event_name))"""


@dataclass(frozen=True)
class Wanted:
    """What a question reads: events of these names (None: all), from `start` to `end` in UTC."""

    names: tuple[str, ...] | None
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Shared:
    """Days that several tables have, and which of them is read."""

    days: Window
    tables: tuple[KnownTable, ...]
    readers: Readers

    def __str__(self) -> str:
        begin = f"tables {_names(self.tables)} share {_spelled(self.days)}"
        if len(self.readers) == 1:
            return f"{begin}: read from {self._reader(*self.readers.values())}"
        read = "; ".join(
            f"{'other events' if name is None else repr(name)} from {self._reader(table)}"
            for name, table in self.readers.items()
            if len(_having(self.tables, name)) > 1
        )
        return f"{begin}: {read}"

    def _reader(self, table: KnownTable) -> str:
        if table is not _last(self.tables):
            return f"{table.name!r}, which was fetched last of those that have all of them"
        if sum(_fetched(it) == _fetched(table) for it in self.tables) > 1:
            return (
                f"{table.name!r}, which is named last of those that were fetched at the same time"
            )
        return f"{table.name!r}, which was fetched last"


def read_once(
    tables: Sequence[KnownTable], wanted: Wanted
) -> tuple[list[KnownTable], list[Shared]]:
    """The tables, each without what is read from another, and the days that this is about.

    Raises where no rule tells which table has the events of a day.
    """
    found = []
    for days, tables_of in _shared(tables):
        having = [it for it in tables_of if it.has_any(wanted.names)]
        if len(having) < 2 or not _meets(days, having[0], wanted):
            continue
        readers = _readers(days, having, wanted.names)
        if len(readers) == 1 or any(len(_having(having, name)) > 1 for name in readers):
            found.append(Shared(days, tuple(having), readers))
    return [_without(table, found) for table in tables], found


def tell(shared: Sequence[Shared]) -> None:
    """Warn which table each shared day is read from."""
    for it in shared:
        warn(str(it))


def refuse_copies(tables: Sequence[KnownTable], wanted: Wanted, storage: StorageEngine) -> None:
    """Raise where a table whose days nobody knows has events without `$insert_id` of another."""
    for number, one in enumerate(tables):
        for other in tables[:number]:
            if one.days is not None and other.days is not None:
                continue
            first, last = _copies(other, one, wanted, storage)
            if first is None or last is None:
                continue
            unknown = one if one.days is None else other
            days = Window(one.day(first), one.day(last))
            raise InvalidArgumentError(
                f"tables {_names((other, one))} have the same events of {_spelled(days)}, which have"
                f" no $insert_id and would count twice: which days of them {unknown.name!r} has is"
                " not known",
                hint=_one_of((other, one)),
            )


def _copies(
    one: KnownTable, other: KnownTable, wanted: Wanted, storage: StorageEngine
) -> tuple[datetime | None, datetime | None]:
    """From when to when both have the same events; None where they have none."""
    text = _COPIES.format(one=quote(one.name), other=quote(other.name), blank=_BLANK)
    values = {
        "start": wanted.start,
        "end": wanted.end,
        "names": None if wanted.names is None else list(wanted.names),
    }
    ((first, last),) = storage.execute_rows(text, values)
    return first, last


def _shared(tables: Sequence[KnownTable]) -> Iterator[tuple[Window, list[KnownTable]]]:
    """Stretches of days, and the tables that have all of them, where these are several."""
    known = [(table.days, table) for table in tables if table.days is not None]
    edges = {edge for days, _ in known for edge in (days.first, days.last + DAY)}
    for first, following in pairwise(sorted(edges)):
        having = [table for days, table in known if days.first <= first <= days.last]
        if len(having) > 1:
            yield Window(first, following - DAY), having


def _meets(days: Window, table: KnownTable, wanted: Wanted) -> bool:
    start, end = table.instants(days)
    return start < wanted.end and wanted.start < end


def _readers(days: Window, tables: list[KnownTable], names: tuple[str, ...] | None) -> Readers:
    """One table for all events, if one has them all; else one for each name."""
    whole = [it for it in tables if not it.is_filtered and it.has_all(names)]
    if whole:
        return {None: _last(whole)}
    listed = names if names is not None else sorted({name for it in tables for name in it.listed})
    readers: Readers = {
        name: _best(days, having) for name in listed if (having := _having(tables, name))
    }
    if names is None and (having := _having(tables, None)):
        readers[None] = _best(days, having)
    first, *others = readers.values()
    return {None: first} if all(it is first for it in others) else readers


def _having(tables: Sequence[KnownTable], name: str | None) -> list[KnownTable]:
    """Tables that may have events of a name; of any name, if it is None."""
    return [it for it in tables if (it.may_have(name) if name is not None else not it.listed)]


def _best(days: Window, tables: list[KnownTable]) -> KnownTable:
    """The last fetched of the tables without a filter; or of all, where they have the same."""
    best = [it for it in tables if not it.is_filtered]
    alike = len({it.sample for it in tables}) == 1 and not tables[0].is_limited
    if not best and (alike or len(tables) == 1):
        best = tables
    if not best:
        filters = "; ".join(f"{it.name!r} {it.filters}" for it in tables)
        raise InvalidArgumentError(
            f"tables {_names(tables)} share {_spelled(days)}, and none of them has all events: which"
            f" of them are the same can't be told ({filters})",
            hint=_one_of(tables),
        )
    return _last(best)


def _last(tables: Sequence[KnownTable]) -> KnownTable:
    """The one that was fetched last; of those fetched in the same second, the one named last."""
    return max(reversed(tables), key=_fetched)


def _fetched(table: KnownTable) -> datetime:
    return _NEVER if table.facts is None else table.facts.fetched_at


def _without(table: KnownTable, shared: Sequence[Shared]) -> KnownTable:
    lost = ((it.days, _lost(table, it.readers)) for it in shared if table in it.tables)
    left_out = tuple(LeftOut(*table.instants(days), names) for days, names in lost if names != ())
    return replace(table, left_out=left_out)


def _lost(table: KnownTable, readers: Readers) -> tuple[str, ...] | None:
    """The names of events that are read from another table; None for all of them."""
    if not any(it is table for it in readers.values()):
        return None
    others = (name for name, it in readers.items() if name is not None and it is not table)
    return tuple(filter(table.may_have, others))


def _names(tables: Sequence[KnownTable]) -> str:
    first, *others = [repr(table.name) for table in tables]
    return f"{', '.join([first, *others[:-1]])} and {others[-1]}"


def _one_of(tables: Sequence[KnownTable]) -> str:
    name = _last(tables).name
    return f"name one of them: {shell('--table', name)} (table={name!r})"


def _spelled(days: Window) -> str:
    return str(days.first) if days.first == days.last else str(days)
