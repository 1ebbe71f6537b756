"""The tables of a workspace, as DuckDB describes those of a sandbox that was fetched."""

from __future__ import annotations

from functools import cache

from mixpanel_data import Workspace
from mixpanel_data.sandbox import Sandbox

COLUMNS = {
    "events": {
        "event_name": "name of the event",
        "event_time": "when it occurred, UTC, to the millisecond",
        "distinct_id": "user, as text; NULL when the event has none, `''` when Mixpanel sent an empty one",
        "insert_id": "`$insert_id`, NULL when absent",
        "properties": "all properties, `time`, `distinct_id` and `$insert_id` included",
    },
    "profiles": {
        "distinct_id": "user (or group), once each: the copy on the latest page wins",
        "properties": "all profile properties",
        "last_seen": "`$last_seen`, UTC: the last update of the profile",
    },
    "_metadata": {
        "table_name": "name of the table",
        "type": "`events` or `profiles`",
        "fetched_at": "when the fetch began, UTC",
        "from_date": "the first day asked for; NULL for profiles",
        "to_date": "the last one, included; NULL for profiles",
        "row_count": "rows stored",
        "filter_events": "event names asked for, NULL for all",
        "filter_where": "expression asked for",
        "source": "`mixpanel`, or `sandbox` for invented data",
        "job": "the download that it last came from",
        "filter_limit": "the most events asked for, NULL without a limit: with one, the table is a sample, and local reports say so",
        "changed_at": "when SQL changed the table after it was fetched, UTC; NULL where it did not",
        "left_out": "what fetches were told to leave out: lines that could not be read, by day; `null` is the whole day",
    },
    "_flat": {
        "table_name": "name of the table",
        "flat_name": "name of its flat table",
        "in_step": "whether the flat table has the rows of its table",
    },
    "_properties": {
        "table_name": "name of the table",
        "property": "name of the property",
        "column_name": "its column in the flat table; NULL when it stays in the JSON alone",
        "type": "that column's type; NULL likewise",
        "row_count": "rows that carry it, null included",
        "kinds": "JSON kind (string, integer, number, boolean, null, array, object) → rows",
        "events": "event name → rows",
        "spelling": "how the column gives the text of `->>`: `cast`, `integral` (whole numbers without a fraction), NULL (it can't)",
        "position": "order: columns first, then by use",
    },
}
"""What each column holds."""


def columns(table: str) -> str:
    """The columns that a fetch makes, in their order."""
    described, holds = _described()[table], COLUMNS[table]
    if list(described) != list(holds):
        raise ValueError(f"{table} has other columns: {list(described)}")
    rows = [f"| `{name}` | {kind} | {holds[name]} |" for name, kind in described.items()]
    return "\n".join(["| column | type | holds |", "|---|---|---|", *rows])


def flat(table: str) -> str:
    """The columns of a flat table: those of its table, and then its properties."""
    rows = [f"| `{name}` | {kind} |" for name, kind in _described()[f"{table}_flat"].items()]
    return "\n".join(["| column | type |", "|---|---|", *rows])


@cache
def _described() -> dict[str, dict[str, str]]:
    """The columns and types of all tables, after a month of the sandbox was fetched."""
    with Sandbox() as app, Workspace.sandbox(app=app) as workspace:
        workspace.fetch_events(from_date="2026-01-01", to_date="2026-01-31")
        workspace.fetch_profiles()
        return {
            table: {name: kind for name, kind, *_ in workspace.sql_rows(f"DESCRIBE {table}")}
            for table in [*COLUMNS, "events_flat"]
        }
