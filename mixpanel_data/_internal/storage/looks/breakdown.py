"""The events of a table."""

from __future__ import annotations

from mixpanel_data._internal.storage.looks.measures import share
from mixpanel_data._internal.storage.looks.source import Source
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.types.looks import EventBreakdown, EventSummary

USER = "nullif(distinct_id, '')"
"""SQL of the user of a row; an empty distinct_id is none."""


def event_breakdown(source: Source, top: int) -> EventBreakdown:
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
                properties=_properties(source, event),
            )
            for event, rows, its_users, first, last in found[:top]
        ),
    )


def _properties(source: Source, event: str | None) -> int | None:
    if source.flat is None:
        return None
    return sum(event in info.events for info in source.properties)
