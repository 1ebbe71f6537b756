"""The script that most people write, with json and pandas, against a fetch and a query.

Each does the same in processes of its own: download the events and say what each country paid,
then ask the same of what was kept. Both answers are compared.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bench import data
from bench.fetch import EVENTS, FIRST, serving
from bench.measure import Cost, side_by_side, whole

RUNS = 3
REVENUE = """
    SELECT country, round(sum(amount), 2) AS paid FROM events_flat
    WHERE event_name = 'Purchase' GROUP BY country ORDER BY country
"""


def script(url: str, folder: str) -> None:
    """Week by week into one list, which is kept as a file of JSON lines."""
    events = []
    for week in range(data.WEEKS):
        day = FIRST + timedelta(weeks=week)
        with urllib.request.urlopen(f"{url}/api/2.0/export?from_date={day}&to_date={day}") as body:
            events += [json.loads(line) for line in gzip.decompress(body.read()).splitlines()]
    with Path(folder, "events.ndjson").open("w") as file:
        file.writelines(json.dumps(event) + "\n" for event in events)
    _paid(events, folder)


def script_again(_: str, folder: str) -> None:
    """The file of JSON lines, read again."""
    with Path(folder, "events.ndjson").open() as file:
        _paid([json.loads(line) for line in file], folder)


def _paid(events: list[dict], folder: str) -> None:
    import pandas as pd

    frame = pd.json_normalize(events)
    bought = frame[frame["event"] == "Purchase"]
    paid = bought.groupby("properties.country")["properties.amount"].sum().round(2)
    _compare(dict(paid), folder)


def fetch(url: str, folder: str) -> None:
    """Ours: a fetch, then a query."""
    from mixpanel_data import Workspace

    os.environ.update(MP_USERNAME="u", MP_SECRET="s", MP_PROJECT_ID="1", MP_BASE_URL=url)
    os.environ["MP_CONFIG_PATH"] = str(Path(folder, "config.toml"))
    Path(folder, "config.toml").write_text("[settings]\nexports_per_second = 100\n")
    path = Path(folder, "events.duckdb")
    path.unlink(missing_ok=True)
    with Workspace(path=path) as workspace:
        last = FIRST + timedelta(weeks=data.WEEKS) - timedelta(days=1)
        workspace.fetch_events(from_date=FIRST, to_date=last)
        _compare(dict(workspace.sql_rows(REVENUE)), folder)


def fetch_again(_: str, folder: str) -> None:
    """Ours: the query."""
    from mixpanel_data import Workspace

    with Workspace.open(Path(folder, "events.duckdb")) as workspace:
        _compare(dict(workspace.sql_rows(REVENUE)), folder)


def _compare(paid: dict[str, float], folder: str) -> None:
    """Whoever answers first leaves the answer, and all others must have the same."""
    said = {country: f"{amount:.2f}" for country, amount in sorted(paid.items())}
    answer = Path(folder, "answer.json")
    if not answer.exists():
        answer.write_text(json.dumps(said))
    assert said == json.loads(answer.read_text()), said
    assert list(said) == sorted(data.COUNTRIES)


def run(show: Callable[[str, dict[str, Cost]], None]) -> None:
    """Both; the second is ours."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data.write(folder, EVENTS)
        with serving(folder) as url:
            for title, names in {
                f"download {EVENTS:,} events and ask one question": ("script", "fetch"),
                "each further question, in a new process": ("script_again", "fetch_again"),
            }.items():
                commands = {it: ["-m", "bench.alternatives", it, url, name] for it in names}
                show(title, side_by_side(commands, runs=RUNS, measure=whole))


if __name__ == "__main__":
    work = {it.__name__: it for it in (script, script_again, fetch, fetch_again)}[sys.argv[1]]
    work(*sys.argv[2:])
