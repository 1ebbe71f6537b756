"""A table at a glance: size, span, users, and what its properties or columns hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage.looks import measures
from mixpanel_data._internal.storage.looks.breakdown import USER
from mixpanel_data._internal.storage.looks.source import Source
from mixpanel_data._internal.storage.looks.values import is_number, read
from mixpanel_data.exceptions import command
from mixpanel_data.types import TableType
from mixpanel_data.types.looks import ColumnSummary, TableSummary

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


def summarize(source: Source, top: int) -> TableSummary:
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


def _head(source: Source) -> dict[str, Any]:
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


def _properties(source: Source) -> tuple[list[_Part], list[str], str]:
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


def _columns(source: Source, top: int) -> tuple[list[_Part], list[str], str]:
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


def _described(source: Source, table: str, part: _Part, rows: int) -> ColumnSummary:
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


def _note(source: Source) -> str | None:
    if not source.has_json or source.flat is not None:
        return None
    if source.facts is None:
        remedy = f"{command('stats', source.name)} PROPERTY"
    else:
        remedy = command("flatten", source.name)
    return f"properties are described from a flat table only: {remedy}"
