"""Flat tables: what they cost in a fetch and on disk, and what a question costs with them."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import data
from bench.fetch import FIRST, serving
from bench.measure import Cost, measured, side_by_side

EVENTS = 1_000_000
RUNS = 5

QUESTIONS = {
    "json": "SELECT properties->>'$.country' AS country, count(*) FROM events GROUP BY 1",
    "flat": "SELECT country, count(*) FROM events_flat GROUP BY 1",
}


def fetch(url: str, path: str, *, flat: bool) -> None:
    """The events of four weeks into a file, with or without a flat table."""
    from datetime import timedelta

    from mixpanel_data import Workspace

    Path(path).unlink(missing_ok=True)
    os.environ.update(MP_USERNAME="u", MP_SECRET="s", MP_PROJECT_ID="1", MP_BASE_URL=url)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(MP_DATA_DIR=folder, MP_CONFIG_PATH=str(Path(folder, "config.toml")))
        # What is imported on first use is paid here: the floor, too, has its import behind it.
        with Workspace(path=Path(folder, "first.duckdb")) as opened:
            opened.plan_events(from_date=FIRST, to_date=FIRST)

        def work() -> None:
            with Workspace(path=path) as opened:
                last = FIRST + timedelta(weeks=data.WEEKS) - timedelta(days=1)
                result = opened.fetch_events(from_date=FIRST, to_date=last, flat=flat)
            assert result.rows == EVENTS, result

        measured(work)


def ask(path: str, sql: str, *, times: int, accelerate: bool = False) -> None:
    """A question to an open workspace, the median of several; what is read first is warm."""
    from mixpanel_data import Workspace

    with Workspace.open(path) as opened:
        opened.sql_rows(sql, accelerate=accelerate)
        measured(lambda: opened.sql_rows(sql, accelerate=accelerate), times=times)


def run(show: Callable[[str, dict[str, Cost]], None]) -> None:
    """All of it; `show` prints one comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = data.write(folder, EVENTS)
        path = str(folder / "flat.duckdb")
        with serving(folder) as url:
            floor = ["-m", "bench.fetch", "load", str(file)]
            without = ["-m", "bench.flat", "without", url, str(folder / "json.duckdb")]
            flat = ["-m", "bench.flat", "with", url, path]
            show(
                f"fetch of {EVENTS:,} events without flat table (goal: 1.3 or less)",
                side_by_side(
                    {"DuckDB loads the file": floor, "fetch --no-flat": without}, runs=RUNS
                ),
            )
            show(
                "the same with flat table (goal: 2.0 or less)",
                side_by_side({"fetch --no-flat": without, "fetch": flat}, runs=RUNS),
            )
        share = Path(path).stat().st_size / file.stat().st_size
        print(f"database with flat table: {share:.3f} of its NDJSON (goal: 0.2 or less)\n")
        asked = {key: ["-m", "bench.flat", key, path] for key in ("flat", "json", "accelerated")}
        show(
            "group by one property of all (goal: 50 or more)",
            side_by_side({"flat": asked["flat"], "JSON": asked["json"]}, runs=RUNS),
        )
        show(
            "the same through JSON syntax, accelerated (goal: 20 or more)",
            side_by_side({"accelerated": asked["accelerated"], "not": asked["json"]}, runs=RUNS),
        )


if __name__ == "__main__":
    what, *where = sys.argv[1:]
    if what in {"with", "without"}:
        fetch(*where, flat=what == "with")
    elif what == "flat":
        ask(*where, QUESTIONS["flat"], times=100)
    else:
        ask(*where, QUESTIONS["json"], times=3, accelerate=what == "accelerated")
