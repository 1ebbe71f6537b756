"""Fetching over HTTP against DuckDB's own load of the same events."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import data
from bench.measure import Cost, measured, side_by_side

EVENTS = 200_000
RUNS = 5
GOAL = 1.6
GOAL_MB = 700

LOAD = """
    INSERT INTO events
    SELECT event, make_timestamp(CAST(keys[1] AS BIGINT) * 1000), keys[2], keys[3], properties
    FROM (
        SELECT event, properties,
            json_extract_string(properties, ['$.time', '$.distinct_id', '$."$insert_id"']) AS keys
        FROM read_json(?, columns = {event: 'VARCHAR', properties: 'JSON'})
    )
"""


def load(file: Path) -> None:
    """DuckDB alone: the floor."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder:

        def work() -> None:
            path = str(Path(folder, "floor.duckdb"))
            connection = duckdb.connect(path, config={"storage_compatibility_version": "v1.4.0"})
            connection.execute(
                "CREATE TABLE events (event_name VARCHAR, event_time TIMESTAMP, distinct_id VARCHAR,"
                " insert_id VARCHAR, properties JSON USING COMPRESSION zstd)"
            )
            connection.execute(LOAD, [str(file)])
            connection.close()

        measured(work)


def fetch(url: str) -> None:
    """The library, from a server on this machine."""
    import os

    from mixpanel_data import Workspace

    os.environ.update(MP_USERNAME="u", MP_SECRET="s", MP_PROJECT_ID="1", MP_BASE_URL=url)
    with tempfile.TemporaryDirectory() as folder:

        def work() -> None:
            with Workspace(path=Path(folder, "ws.duckdb")) as workspace:
                result = workspace.fetch_events(from_date="2024-01-01", to_date="2024-01-28")
            assert result.rows == EVENTS, result

        measured(work)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.server", str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.communicate()


def run() -> dict[str, Cost]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = data.write(folder, EVENTS)
        with serving(folder) as url:
            return side_by_side(
                {
                    "DuckDB loads the file": ["-m", "bench.fetch", "load", str(file)],
                    "mixpanel_data fetches": ["-m", "bench.fetch", "fetch", url],
                },
                runs=RUNS,
            )


if __name__ == "__main__":
    {"load": load, "fetch": fetch}[sys.argv[1]](
        Path(sys.argv[2]) if sys.argv[1] == "load" else sys.argv[2]  # type: ignore[arg-type]
    )
