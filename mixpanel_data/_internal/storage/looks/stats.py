"""One property: how many rows have it, and what its values are."""

from __future__ import annotations

from mixpanel_data._internal.storage.looks import measures
from mixpanel_data._internal.storage.looks.source import Source
from mixpanel_data._internal.storage.looks.values import Values, find
from mixpanel_data.types.looks import EventCoverage, PropertyStats


def property_stats(source: Source, name: str, event: str | None, top: int) -> PropertyStats:
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


def _covered(source: Source, values: Values) -> list[EventCoverage]:
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
