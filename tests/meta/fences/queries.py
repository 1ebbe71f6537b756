"""SQL on what a page fetched, its answers, and JQL that it must agree with."""

from __future__ import annotations

import io
import json
import subprocess
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import playwright
import pytest
from sybil import Example

from mixpanel_data import MixpanelDataError, MixpanelDataWarning, Workspace
from tests.meta.fences.shell import matches

JQL = Path(__file__).parent / "jql.js"
NODE = Path(playwright.__file__).parent / "driver" / "node"  # its wheels bring Node
EVENTS, PROFILES = Path("jql-events.jsonl"), Path("jql-profiles.jsonl")
_EVENT_ROWS = """
SELECT event_name AS name, coalesce(distinct_id, '') AS distinct_id,
    epoch_ms(event_time) AS time, properties
FROM events
"""
_PROFILE_ROWS = "SELECT distinct_id, epoch_ms(last_seen) AS time, properties FROM profiles"


def run_sql(example: Example) -> str | None:
    """Keep the answer for the `csv` after it; compare it with the script before it."""
    written = io.BytesIO()
    with Workspace.sandbox() as ws:
        ws.write_sql(example.parsed, written, "csv")
        example.namespace["answer"] = written.getvalue().decode()
        scripted = example.namespace.pop("scripted", None)
        if scripted is not None:
            rows = sorted((_plain(row) for row in ws.sql_rows(example.parsed)), key=repr)
            if rows != scripted:
                return f"JQL: {scripted[:20]}\nSQL: {rows[:20]}"
    return None


def compare_answer(example: Example) -> str | None:
    """What the last query answered; `...` stands for anything."""
    shown = example.namespace.pop("answer")
    return None if matches(example.parsed, shown) else shown


def run_javascript(example: Example) -> str | None:
    """Keep the rows of a script for the `sql` after it; where the sandbox knows it, ask it too."""
    script = Path("script.js")
    script.write_text(example.parsed)
    if not EVENTS.exists():
        with Workspace.sandbox() as ws:
            ws.export(_EVENT_ROWS, EVENTS)
            ws.export(_PROFILE_ROWS, PROFILES)
    done = subprocess.run(
        [NODE, JQL, script, EVENTS, PROFILES], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return done.stderr
    example.namespace["scripted"] = _rows(json.loads(done.stdout))
    with Workspace.sandbox() as ws:
        try:
            with pytest.warns(MixpanelDataWarning, match="maintenance mode"):
                answer = ws.jql(example.parsed)
        except MixpanelDataError as error:
            return None if "not supported by the sandbox" in error.message else error.message
        asked = _rows(answer.raw)
        return None if asked == example.namespace["scripted"] else f"the sandbox: {asked}"


def _rows(items: list[Any]) -> list[tuple[Any, ...]]:
    return sorted((_plain(_flat(item)) for item in items), key=repr)


def _flat(item: Any) -> list[Any]:
    """A row of SQL: keys and values of groups, values of objects, one value."""
    match item:
        case {"key": list(key), "value": value}:
            return [*key, *([] if value is None else _flat(value))]
        case dict():
            return list(item.values())
        case list():
            return item
    return [item]


def _plain(row: Any) -> tuple[Any, ...]:
    """Times are milliseconds; numbers have no more digits than any order of adding gives."""
    return tuple(_value(value) for value in row)


def _value(value: Any) -> Any:
    match value:
        case datetime():
            return float((value - datetime(1970, 1, 1)).total_seconds() * 1000)
        case date():
            return float((value - date(1970, 1, 1)).days * 86_400_000)
        case bool() | str() | None:
            return value
        case int() | float() | Decimal():
            return round(float(value), 6)
    return json.dumps(value)
