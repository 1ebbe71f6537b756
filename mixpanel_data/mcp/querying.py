"""Tools that look around: what is here, what Mixpanel has, and SQL."""

from __future__ import annotations

from io import BytesIO
from typing import Annotated, Any, Literal

from pydantic import Field

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.mcp.answers import MAX_BYTES, Bytes, fields, names
from mixpanel_data.mcp.call import Call
from mixpanel_data.types import PropertyInfo, TableSchema

What = Literal["events", "properties", "values", "funnels", "cohorts"]
Few = Annotated[int, Field(ge=1, le=1_000)]

_MAX_VALUES = 255


def tables(call: Call, table: str | None = None, limit: Few = 60) -> str:
    """What is fetched already: account, tables, rows, days (UTC). Start here; needs no quota.

    With table: its columns and types, the share of rows that have each property, its events.
    """
    if table is not None:
        return _table(call, table, limit)
    info = call.workspace.info().to_dict()
    unfinished = [status.to_dict() for status in call.workspace.fetches()]
    if not info["tables"]:
        call.note("nothing is fetched yet: discover, then plan_fetch")
    return fields({**info, "unfinished": unfinished}, without=("owner", "borrowers", "size_bytes"))


def _table(call: Call, table: str, limit: int) -> str:
    schema = call.workspace.schema(table)
    shown = schema.properties[:limit]
    if len(shown) < len(schema.properties):
        call.note(f"cut: {limit} of {len(schema.properties)} properties; raise limit")
    facts: dict[str, Any] = {
        "table": schema.table,
        "rows": schema.rows,
        "columns": {column.name: column.type for column in schema.columns},
        "flat": schema.flat,
        "columns_of_flat": dict(_property(it, schema) for it in shown if it.column),
        "in_json_alone": [it.property for it in shown if not it.column],
    }
    if schema.type == "events":
        found = call.workspace.event_breakdown(table, top=20).events
        facts["events"] = {str(event.event): event.rows for event in found}
    return fields(facts)


def _property(info: PropertyInfo, schema: TableSchema) -> tuple[str, str]:
    share = info.rows / schema.rows if schema.rows else 0
    renamed = f" of {info.property}" if info.column != info.property else ""
    told = f"{info.type}{renamed}"
    return str(info.column), told if info.rows == schema.rows else f"{told} {share:.0%}"


def discover(
    call: Call,
    what: What = "events",
    event: str | None = None,
    property: str | None = None,  # noqa: A002 (Mixpanel's word)
    contains: str | None = None,
    limit: Few = 50,
) -> str:
    """Names that Mixpanel has: events, properties of an event, top values of its property.

    Also saved funnels and cohorts with ids. Takes 1-3 queries of the hourly quota, once per name.
    """
    with call.mixpanel() as workspace:
        if what == "events":
            found = workspace.events()
        elif what == "properties":
            found = workspace.properties(_needed(event, "event", what))
        elif what == "values":
            of = _needed(event, "event", what), _needed(property, "property", what)
            found = workspace.property_values(*of, limit=max(limit, _MAX_VALUES))
        elif what == "funnels":
            found = [f"{it.funnel_id} {it.name}" for it in workspace.funnels()]
        else:
            found = [f"{it.id} {it.name} ({it.count} users)" for it in workspace.cohorts()]
    if contains is not None:
        found = [name for name in found if contains.casefold() in name.casefold()]
    return names(call, found, limit=limit)


def _needed(value: str | None, name: str, what: str) -> str:
    if value is None:
        raise InvalidArgumentError(
            f"{what} needs {name}", hint=f'discover what="{what}", {name}="…"'
        )
    return value


def sql(
    call: Call,
    query: str,
    limit: Annotated[int, Field(ge=1, le=10_000)] = 100,
    offset: Annotated[int, Field(ge=0)] = 0,
    max_bytes: Bytes = MAX_BYTES,
    format: Literal["csv", "json"] = "csv",  # noqa: A002 (the name of the CLI's option)
) -> str:
    """Run one SELECT (DuckDB) on fetched tables; read-only, no files. Times are UTC.

    Prefer events_flat and profiles_flat (a typed column per property) to JSON. Quote names like
    "$city". Aggregate in SQL; page with offset and an ORDER BY.
    """
    file = BytesIO()
    done = call.workspace.write_sql(
        query,
        file,
        format,
        limit=limit,
        offset=offset,
        max_bytes=max_bytes,
        read_only=True,
    )
    if not done.complete and not done.rows:
        call.note("cut: one row is longer than max_bytes; select fewer columns")
    elif not done.complete:
        call.note(f"cut: {done.rows} rows fit in max_bytes; the rest: offset={offset + done.rows}")
    elif done.rows == limit:
        call.note(f"cut: {limit} rows are the limit; if there are more: offset={offset + limit}")
    elif not done.rows:
        call.note("no rows")
    return file.getvalue().decode()
