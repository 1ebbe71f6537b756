"""Fetching over HTTP: against DuckDB's own load, in memory, overlapped, resumed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from bench import data
from bench.measure import Cost, measured, side_by_side

EVENTS = 200_000
MANY = 10
RUNS = 5
FIRST = date(2024, 1, 1)

LOAD = """
    INSERT INTO events
    SELECT event, make_timestamp(CAST(keys[1] AS BIGINT) * 1000), keys[2], keys[3], properties
    FROM (
        SELECT event, properties,
            json_extract_string(properties, ['$.time', '$.distinct_id', '$."$insert_id"']) AS keys
        FROM read_json(?, columns = {event: 'VARCHAR', properties: 'JSON'})
    )
"""


def load(file: str) -> None:
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
            connection.execute(LOAD, [file])
            connection.close()

        measured(work)


@contextmanager
def workspace(url: str) -> Iterator[Callable[[int], None]]:
    """A function that fetches the first so many weeks into a new table."""
    from mixpanel_data import Workspace

    os.environ.update(MP_USERNAME="u", MP_SECRET="s", MP_PROJECT_ID="1", MP_BASE_URL=url)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MP_DATA_DIR"] = folder
        os.environ["MP_CONFIG_PATH"] = str(Path(folder, "config.toml"))
        Path(folder, "config.toml").write_text(
            "[settings]\nexports_per_second = 100\nexports_per_hour = 1000\n"
        )

        # What is imported on first use is paid here: the floor, too, has its import behind it.
        with Workspace() as opened:
            opened.plan_events(from_date=FIRST, to_date=FIRST)

        def fetch(weeks: int, name: str = "events") -> None:
            with Workspace() as opened:
                last = FIRST + timedelta(weeks=weeks) - timedelta(days=1)
                result = opened.fetch_events(name, FIRST, last)
            assert result.rows == weeks * EVENTS // data.WEEKS, result

        yield fetch


def fetch(url: str) -> None:
    """The library, from a server on this machine."""
    with workspace(url) as weeks:
        measured(lambda: weeks(data.WEEKS))


def download(url: str) -> None:
    """The same bodies, received and checked, four at a time, and thrown away."""
    from concurrent.futures import ThreadPoolExecutor

    from mixpanel_data._internal.api_client import MixpanelAPIClient
    from mixpanel_data._internal.config import Credentials
    from mixpanel_data.queries import Export

    def receive(week: int) -> int:
        day = FIRST + timedelta(weeks=week)
        with client.open_export(Export(day, day)) as stream:
            return sum(map(len, stream))

    who = Credentials("u", "secret", "1", "us", base_url=url)
    with MixpanelAPIClient(who) as client, ThreadPoolExecutor(4) as pool:
        measured(lambda: list(pool.map(receive, range(data.WEEKS))))


def many(url: str) -> None:
    """Ten times as many events."""
    with workspace(url) as weeks:
        measured(lambda: weeks(MANY * data.WEEKS))


def resumed(folder: str) -> None:
    """A fetch that lost one window of four, continued; only the second run counts."""
    from mixpanel_data import ConnectionFailedError

    with serving(Path(folder), str(FIRST + timedelta(weeks=2))) as url, workspace(url) as weeks:
        try:
            weeks(data.WEEKS)
        except ConnectionFailedError:
            measured(lambda: weeks(data.WEEKS))


@contextmanager
def serving(folder: Path, broken: str = "") -> Iterator[str]:
    """The address of a server of the prepared bodies."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.server", str(folder), broken],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.communicate()


def run(show: Callable[[str, dict[str, Cost]], None]) -> None:
    """All of it; `show` prints one comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = data.write(folder, EVENTS)
        with serving(folder) as url:
            floor, ours, received, later, large = (
                ["-m", "bench.fetch", name, place]
                for name, place in {
                    "load": str(file),
                    "fetch": url,
                    "download": url,
                    "resumed": str(folder),
                    "many": url,
                }.items()
            )
            show(
                f"fetch of {EVENTS:,} events (goals: ratio 1.6 or less, under 700 MB)",
                side_by_side({"DuckDB loads the file": floor, "fetch": ours}, runs=RUNS),
            )
            show(
                "the download alone, against a fetch that loads meanwhile",
                side_by_side({"download": received, "fetch": ours}, runs=3),
            )
            show(
                "a fetch that lost one window of four, continued, against a fresh one",
                side_by_side({"fresh": ours, "continued": later}, runs=3),
            )
            show(
                f"{MANY * EVENTS:,} events (goal: 1.2 times the peak of {EVENTS:,})",
                side_by_side({f"{EVENTS:,}": ours, f"{MANY * EVENTS:,}": large}, runs=2),
            )


if __name__ == "__main__":
    {"load": load, "fetch": fetch, "many": many, "resumed": resumed, "download": download}[
        sys.argv[1]
    ](sys.argv[2])
