"""Small answers about a table: its summary, its events, one property, a sample."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

from mixpanel_data._internal import lines
from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage.profiling import measures
from mixpanel_data._internal.storage.profiling.measures import plain, share
from mixpanel_data._internal.storage.profiling.values import Values, find, is_number, read
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data._internal.storage.snapshot import TableSnapshot
from mixpanel_data.exceptions import InvalidArgumentError, command
from mixpanel_data.types import TableType
from mixpanel_data.types.answers import instant
from mixpanel_data.types.profiling import (
    ColumnSummary,
    EventBreakdown,
    EventCoverage,
    EventSummary,
    PropertyStats,
    TableSummary,
)

# -- A table at a glance: size, span, users, and what its properties or columns hold --------------

NAMED = 30
"""Properties past those that are described, by name alone."""

_COMMON = 3
"""Values of a property that are shown."""

_TOLD: dict[TableType, set[str]] = {
    "events": {"time", "distinct_id", "$insert_id", "mp_processing_time_ms"},
    "profiles": {"$last_seen"},
}
"""Properties that the head of a summary tells of already, and Mixpanel's bookkeeping."""


_TRACKERS = ("$", "mp_")


@dataclass(frozen=True)
class _Part:
    """A column to describe: its name, its column, and the type of that."""

    name: str
    column: str
    type: str


def summarize(source: TableSnapshot, top: int) -> TableSummary:
    """The table, and the `top` most used properties, or its first columns."""
    rows = source.count()
    parts, names, table = _columns(source, top) if source.flat is None else _properties(source)
    others = [name for name in names if name not in {part.name for part in parts[:top]}]
    return TableSummary(
        table=source.name,
        type=source.type,
        rows=rows,
        columns=tuple(_described(source, table, part, rows) for part in parts[:top]),
        source=source.facts.source if source.facts else None,
        flat=source.flat,
        properties=len(names) if source.flat else None,
        others=tuple(others[:NAMED]),
        more=len(others[NAMED:]) or None,
        note=_note(source),
        **_head(source),
    )


def _head(source: TableSnapshot) -> dict[str, Any]:
    if source.has_events:
        names, users, days, first, last = source.row(f"""
            SELECT
                count(DISTINCT event_name),
                count(DISTINCT {USER}),
                count(DISTINCT CAST(event_time AS DATE)),
                min(event_time),
                max(event_time)
            FROM {source.sql}
        """)
        return {"events": names, "users": users, "days": days, "first": first, "last": last}
    if source.type == "profiles":
        users, first, last = source.row(
            f"SELECT count(DISTINCT {USER}), min(last_seen), max(last_seen) FROM {source.sql}"
        )
        return {"users": users, "first": first, "last": last}
    return {}


def _properties(source: TableSnapshot) -> tuple[list[_Part], list[str], str]:
    """Those that have a column, all names, and where the columns are.

    The project's own come first, then those that Mixpanel's trackers add: these are known, and
    every event has them. Within both, the most used ones come first.
    """
    told = _TOLD[source.facts.type] if source.facts else set()
    known = sorted(
        (info for info in source.properties if info.property not in told),
        key=lambda info: (info.property.startswith(_TRACKERS), -info.rows, info.property),
    )
    parts = [_Part(i.property, i.column, str(i.type)) for i in known if i.column is not None]
    return parts, [info.property for info in known], f"main.{quote(str(source.flat))}"


def _columns(source: TableSnapshot, top: int) -> tuple[list[_Part], list[str], str]:
    """Columns as they come; of a view, rows are made once."""
    parts = [
        _Part(name, name, kind)
        for name, kind in source.columns.items()
        if not (name == "properties" and source.has_json)
    ]
    table = source.sql
    if source.kind == "VIEW" and parts:
        table = "temp.main._looked"
        wanted = ", ".join(quote(part.column) for part in parts[:top])
        source.connection.execute(f"CREATE TEMP TABLE _looked AS SELECT {wanted} FROM {source.sql}")
    return parts, [part.name for part in parts], table


def _described(source: TableSnapshot, table: str, part: _Part, rows: int) -> ColumnSummary:
    kind, value = read(part.type, quote(part.column))
    values = f"SELECT value FROM (SELECT {value} AS value FROM {table}) WHERE value IS NOT NULL"
    present, least, most = source.row(f"SELECT count(*), min(value), max(value) FROM ({values})")
    distinct, common = measures.counted(source, values, _COMMON)
    is_ordered = is_number(kind) or kind in {"DATE", "TIMESTAMP"}
    return ColumnSummary(
        name=part.name,
        type=part.type,
        rows=present,
        share=measures.share(present, rows),
        distinct=distinct,
        min=measures.plain(least) if is_ordered else None,
        max=measures.plain(most) if is_ordered else None,
        top=None if is_ordered else {_text(value): rows for value, rows in common},
        column=None if part.column == part.name else part.column,
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _note(source: TableSnapshot) -> str | None:
    if not source.has_json or source.flat is not None:
        return None
    if source.facts is None:
        remedy = f"{command('stats', source.name)} PROPERTY"
    else:
        remedy = command("flatten", source.name)
    return f"properties are described from a flat table only: {remedy}"


# -- The events of a table ------------------------------------------------------------------------

USER = "nullif(distinct_id, '')"
"""SQL of the user of a row; an empty distinct_id is none."""


def event_breakdown(source: TableSnapshot, top: int) -> EventBreakdown:
    """The most frequent events, counted in all rows."""
    if not source.has_events:
        raise InvalidArgumentError(
            f"table {source.name!r} has no events",
            hint="a breakdown takes a table with event_name, event_time and distinct_id",
        )
    found = source.rows(f"""
        SELECT
            event_name,
            count(*) AS rows,
            count(DISTINCT {USER}),
            min(event_time),
            max(event_time)
        FROM {source.sql}
        GROUP BY event_name
        ORDER BY rows DESC, event_name
    """)
    (users,) = source.row(f"SELECT count(DISTINCT {USER}) FROM {source.sql}")
    total = sum(rows for _, rows, *_ in found)
    return EventBreakdown(
        table=source.name,
        rows=total,
        users=users,
        names=len(found),
        other_rows=sum(rows for _, rows, *_ in found[top:]) or None,
        events=tuple(
            EventSummary(
                event=event,
                rows=rows,
                share=share(rows, total),
                users=its_users,
                first=first,
                last=last,
                properties=_number_of_properties(source, event),
            )
            for event, rows, its_users, first, last in found[:top]
        ),
    )


def _number_of_properties(source: TableSnapshot, event: str | None) -> int | None:
    if source.flat is None:
        return None
    return sum(event in info.events for info in source.properties)


# -- One property: how many rows have it, and what its values are ---------------------------------


def property_stats(source: TableSnapshot, name: str, event: str | None, top: int) -> PropertyStats:
    """All values of a property or column, in the rows of an event or in all."""
    values = find(source, name, event)
    rows = source.count(source.only(event))
    kinds = dict(
        source.rows(f"SELECT kind, count(*) AS n FROM ({values.sql}) GROUP BY 1 ORDER BY n DESC, 1")
    )
    present = sum(kinds.values())
    distinct, common = measures.counted(source, values.sql, top)
    covered = [] if event is not None else _covered(source, values)
    return PropertyStats(
        table=source.name,
        property=name,
        event=event,
        column=values.column,
        type=values.type,
        rows=rows,
        present=present,
        null=values.null,
        missing=rows - present - values.null,
        share=measures.share(present, rows),
        kinds=kinds,
        distinct=distinct,
        top=measures.shares(common, present, values.type),
        numbers=measures.numbers(source, *values.numbers) if "number" in kinds else None,
        texts=measures.texts(source, values.texts) if "string" in kinds else None,
        times=measures.times(source, values.times) if "time" in kinds else None,
        lists=measures.lists(source, values.nested("array"), top) if "array" in kinds else None,
        objects=measures.objects(source, values.nested("object"), top)
        if "object" in kinds
        else None,
        events=tuple(covered[:top]),
        more_events=len(covered[top:]) or None,
    )


def _covered(source: TableSnapshot, values: Values) -> list[EventCoverage]:
    """The events that have it, those with most rows first."""
    if not source.has_events:
        return []
    found = source.rows(
        f"SELECT event, count(*) AS n FROM ({values.sql}) GROUP BY event ORDER BY n DESC, event"
    )
    return [
        EventCoverage(
            event, source.events[event], present, measures.share(present, source.events[event])
        )
        for event, present in found
    ]


# -- Rows from all over a table, the same ones each time ------------------------------------------


def sample(source: TableSnapshot, n: int, event: str | None, seed: int) -> Connection:
    """Run a query for `n` rows, or for all when there are fewer.

    A table is cut in `n` equal parts and one row of each is taken, in the table's order. The rows
    of a view have no order, so a hash that depends on the seed chooses among them.
    """
    where = source.only(event)
    if source.kind == "VIEW" or "rowid" in (name.lower() for name in source.columns):
        return source.connection.execute(
            f"SELECT * FROM {source.sql} WHERE {where} "
            f"ORDER BY hash(*COLUMNS(*), {seed}::BIGINT) LIMIT {n}"
        )
    places = ", ".join(map(str, _places(source.count(where), n, seed)))
    chosen = source.rows(f"""
        SELECT id
        FROM (SELECT rowid AS id, row_number() OVER () - 1 AS place FROM {source.sql} WHERE {where})
        WHERE place IN ({places or "NULL"})
    """)
    ids = ", ".join(str(id_) for (id_,) in chosen)
    return source.connection.execute(
        f"SELECT * FROM {source.sql} WHERE rowid IN ({ids or 'NULL'}) ORDER BY rowid"
    )


def _places(rows: int, n: int, seed: int) -> list[int]:
    """One place in each of `n` equal parts of so many rows."""
    parts = min(n, rows)
    chance = Random(seed)  # noqa: S311 (no secret)
    bounds = [rows * part // parts for part in range(parts + 1)] if parts else []
    return [chance.randrange(low, high) for low, high in pairwise(bounds)]


def plain_rows(result: Connection) -> list[dict[str, Any]]:
    """Rows as plain JSON values; JSON columns are what they hold."""
    columns = [(name, str(kind)) for name, kind, *_ in result.description or ()]
    return [
        {name: _plain(value, kind) for (name, kind), value in zip(columns, row, strict=True)}
        for row in result.fetchall()
    ]


def _plain(value: Any, kind: str) -> Any:
    if kind == "JSON" and isinstance(value, str):
        return lines.value(value)
    if isinstance(value, dict):
        return {str(key): _plain(item, "") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, "") for item in value]
    if isinstance(value, datetime):
        return instant(value)
    value = plain(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
