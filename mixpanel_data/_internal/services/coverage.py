"""What tables can't tell of a question: said before the numbers are, never counted as zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from mixpanel_data._internal.expressions import as_expression, nodes, parse
from mixpanel_data._internal.reports.calendar import Calendar
from mixpanel_data._internal.reports.events import Table
from mixpanel_data._internal.reports.registry import Needs, needs
from mixpanel_data._internal.services import known_tables
from mixpanel_data._internal.services.continuing import fetch_again, fetch_more, tell_left_out
from mixpanel_data._internal.services.known_tables import KnownTable
from mixpanel_data._internal.services.shared_days import Wanted
from mixpanel_data._internal.services.windows import Window
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.exceptions import InvalidArgumentError, near, warn
from mixpanel_data.queries import LocalQuestion
from mixpanel_data.types import TableSchema

_END_OF_TIME = datetime.fromisoformat("9999-01-01")


def wanted(query: LocalQuestion, calendar: Calendar) -> Wanted:
    """The events that a question reads."""
    asked = needs(query)
    start = calendar.start - asked.before - asked.reads_before
    further = asked.reads_after
    end = _END_OF_TIME if further is None else calendar.end + asked.after + further
    return Wanted(None if asked.sees_all else asked.events, start, end)


def check(
    query: LocalQuestion,
    tables: list[KnownTable],
    profiles: Table | None,
    calendar: Calendar,
    storage: StorageEngine,
    today: Callable[[], date],
) -> None:
    """Raise where nothing can be found, warn where something may be missing."""
    asked = needs(query)
    _check_days(tables, calendar, today)
    for name in asked.events or ():
        _check_event(name, tables, storage)
    _check_around(tables, calendar, asked)
    tables = [table for table in tables if table.is_read]
    if asked.sees_all:
        _check_any_event(tables)
    _check_filters(tables)
    _check_left_out(tables, wanted(query, calendar))
    schemas = [table.schema for table in tables]
    if profiles is not None and any(_reads_profiles(it.text) for it in asked.filters):
        schemas.append(storage.get_schema(profiles.name))
    _check_changes(schemas)


def _reads_profiles(text: str) -> bool:
    found = nodes.walk(parse(as_expression(text)))
    return any(isinstance(node, nodes.Property) and node.source == "user" for node in found)


def _check_changes(schemas: list[TableSchema]) -> None:
    for schema in schemas:
        if schema.changed:
            warn(
                f"table {schema.table!r} was changed by SQL or another program after it was fetched:"
                " what is counted is what it holds now"
            )


def _check_filters(tables: list[KnownTable]) -> None:
    for table in tables:
        if table.facts is None:
            continue
        if table.facts.filter_where is not None:
            warn(
                f"table {table.name!r} has no other events than those with"
                f" {table.facts.filter_where}, for which it was fetched"
            )
        if table.facts.filter_limit is not None:
            warn(
                f"table {table.name!r} is a sample: it was fetched with a limit of"
                f" {table.facts.filter_limit:,} events"
            )


def _check_left_out(tables: list[KnownTable], asked: Wanted) -> None:
    first, last = (str(at.date()) for at in (asked.start, asked.end))
    for table in tables:
        if table.facts is not None:
            known = table.facts.left_out.items()
            tell_left_out(table.name, {day: n for day, n in known if first <= day <= last})


def _check_days(tables: list[KnownTable], calendar: Calendar, today: Callable[[], date]) -> None:
    if any(table.days is None for table in tables):
        return
    known = [span for table in tables for span in table.spans]
    missing = known_tables.between(known, calendar.start, calendar.end)
    if not missing:
        return
    has = ", ".join(known_tables.dates(tables))
    asked = f"{calendar.first}..{calendar.last}"
    if missing == [(calendar.start, calendar.end)]:
        raise InvalidArgumentError(
            f"no local data for {asked}: {has}",
            hint=_fetch_nearest(tables, calendar, today())
            or "these days are to come: choose earlier ones",
        )
    first, last = missing[0]
    more = f" and {len(missing) - 1} more times" if len(missing) > 1 else ""
    warn(
        f"the tables lack events of {asked} in {calendar.zone}, from {_utc(first)} to"
        f" {_utc(last)}{more}: {has}"
    )


def _fetch_nearest(tables: list[KnownTable], calendar: Calendar, today: date) -> str | None:
    """How to add the days to the table that has the nearest ones; None where they are to come."""
    apart = [
        (max(table.start - calendar.end, calendar.start - table.end), number)
        for number, table in enumerate(tables)
        if table.start is not None and table.end is not None
    ]
    table = tables[min(apart)[1]]
    if table.facts is None:
        return None
    first, last = table.day(calendar.start), table.day(calendar.end - timedelta(microseconds=1))
    return fetch_more(table.name, table.facts, Window(first, last), today, table.zone)


def _check_around(tables: list[KnownTable], calendar: Calendar, asked: Needs) -> None:
    ends = [table.end for table in tables if table.end is not None]
    starts = [table.start for table in tables if table.start is not None]
    cut_short = all(table.is_cut_short for table in tables)
    if asked.after and cut_short and calendar.end <= max(ends) < calendar.end + asked.after:
        warn(
            f"what follows within {_days(asked.after)} of the last events is missing"
            f" from {_utc(max(ends))} on: fetch more days, or ask for fewer"
        )
    if asked.before and starts and calendar.start - asked.before < min(starts) <= calendar.start:
        warn(
            f"what came within {_days(asked.before)} before the first events is missing"
            f" until {_utc(min(starts))}: fetch more days, or ask for fewer"
        )


def _check_event(name: str, tables: list[KnownTable], storage: StorageEngine) -> None:
    excluded = [table for table in tables if not table.may_have(name)]
    if len(excluded) == len(tables):
        asked = sorted(
            {event for it in tables for event in (it.facts and it.facts.filter_events) or ()}
        )
        raise InvalidArgumentError(
            f"{_tables(tables)} was fetched for {', '.join(asked)} only, not for {name!r}",
            hint=near(name, asked) or _fetch_with(name, tables[-1]),
        )
    excluded = [table for table in excluded if table.is_read]
    if excluded:
        warn(f"{_tables(excluded)} was fetched without event {name!r}")
    if any(table.facts and table.facts.filter_events and table.may_have(name) for table in tables):
        return  # it was asked for, so there are none
    here = set[str]().union(*(known_tables.event_names(storage, table) for table in tables))
    if name not in here:
        shown = ", ".join(sorted(here)[:20])
        raise InvalidArgumentError(
            f"{_tables(tables)} has no event {name!r}",
            hint=near(name, here) or f"events here: {shown}{', …' if len(here) > 20 else ''}",
        )


def _fetch_with(event: str, table: KnownTable) -> str | None:
    """How to fetch a table anew, with one more event."""
    if table.facts is None:
        return None
    events = [*(table.facts.filter_events or ()), event]
    return fetch_again(table.name, replace(table.facts, filter_events=events))


def _check_any_event(tables: list[KnownTable]) -> None:
    for table in tables:
        if table.facts is not None and table.facts.filter_events is not None:
            warn(
                f"table {table.name!r} was fetched for {', '.join(table.facts.filter_events)}"
                " only: other events are not seen"
            )


def _tables(tables: list[KnownTable]) -> str:
    names = ", ".join(repr(table.name) for table in tables)
    return f"table {names}"


def _days(length: timedelta) -> str:
    return f"{length.days} days" if length >= timedelta(days=2) else str(length)


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
