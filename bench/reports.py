"""Local reports: CPU time against pandas, and against a bare scan of the columns that they need."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import frames
from bench.frames import FIRST, LAST, STEPS

SIZES = {"quick": [1_000_000], "all": [1_000_000, 5_000_000]}
DAYS = {"from_date": FIRST, "to_date": LAST}
AT_LEAST = 0.5
"""Seconds: what is quick is repeated for so long, and the mean counts."""

# Ten kinds of events, of which the first are frequent; users of which the first are busy. No two
# events have the same time, so that no answer depends on how ties are broken.
_EVENTS = """
SELECT
    ['Page View', 'Sign Up', 'Purchase', 'Add To Cart', 'Checkout',
     'Search', 'Login', 'Logout', 'Share', 'Refund'][1 + CAST(floor(10 * a * b) AS INT)] AS event,
    {{
        'time': epoch_ms(TIMESTAMP '{first}') + CAST(floor(n * (60 * 86400e3 / {number})) AS BIGINT),
        'distinct_id': 'user-' || CAST(floor({number} / 10 * c * c) AS BIGINT),
        '$insert_id': md5(n::VARCHAR),
        'country': ['US', 'DE', 'FR', 'GB', 'IN', 'BR', 'JP'][1 + CAST(floor(7 * d) AS INT)],
        'amount': round(e * 100, 2)
    }} AS properties
FROM (
    SELECT n, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e
    FROM range({number}) AS numbers(n)
)"""


def write(path: Path, number: int) -> None:
    """A database with that many events, stored as a fetch stores them."""
    import duckdb

    from mixpanel_data._internal.storage import StorageEngine
    from mixpanel_data.types import TableMetadata

    body = path.with_suffix(".ndjson")
    with duckdb.connect(config={"threads": 1}) as made:
        made.execute("SELECT setseed(0.5)")
        made.execute(
            f"COPY ({_EVENTS.format(first=FIRST, number=number)}) TO '{body}' (FORMAT json)"
        )
    facts = TableMetadata("events", datetime.fromisoformat("2026-03-02"), FIRST, LAST)
    storage = StorageEngine(path)
    with storage.new_table("events", facts, mode="create", flat=True) as table:
        table.add(body)
    storage.close()
    body.unlink()


def _counts(result: Any) -> Any:
    """How many get to each step, by segment."""
    (segments,) = result.series.values()
    return {name: [step.count for step in steps] for name, steps in segments.items()}


def _retained(result: Any) -> Any:
    return {cohort.date: list(cohort.counts) for cohort in result.cohorts}


Report = tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any], str]
"""Ours, what of its answer is compared, the same in pandas, and the columns that are scanned."""

PAGES = {"event": "Page View", **DAYS}
_USERS = "event_name event_time distinct_id"

REPORTS: dict[str, Report] = {
    "segmentation": (
        lambda local: local.segmentation(**PAGES),
        lambda result: result.series,
        frames.segmentation,
        "event_name event_time",
    ),
    "segmentation unique, on": (
        lambda local: local.segmentation(**PAGES, on="country", type="unique"),
        lambda result: result.series,
        frames.unique_by_country,
        f"{_USERS} country",
    ),
    "segmentation_numeric": (
        lambda local: local.segmentation_numeric(**PAGES, on="amount"),
        lambda result: result.series,
        frames.ranges,
        "event_name event_time amount",
    ),
    "segmentation_sum": (
        lambda local: local.segmentation_sum(**PAGES, on="amount"),
        lambda result: {day: round(value, 4) for day, value in result.values.items()},
        frames.total,
        "event_name event_time amount",
    ),
    "segmentation_average": (
        lambda local: local.segmentation_average(**PAGES, on="amount"),
        lambda result: {day: round(value, 4) for day, value in result.values.items()},
        frames.average,
        "event_name event_time amount",
    ),
    "funnel, 5 steps": (
        lambda local: local.funnel(STEPS, **DAYS),
        _counts,
        frames.funnel,
        _USERS,
    ),
    "funnel, 5 steps (joins)": (
        lambda local: local.funnel(STEPS, **DAYS),
        _counts,
        frames.funnel_by_joins,
        _USERS,
    ),
    "funnel, total": (
        lambda local: local.funnel(STEPS, **DAYS, count="total"),
        _counts,
        frames.funnel_total,
        _USERS,
    ),
    "funnel, on": (
        lambda local: local.funnel(STEPS, **DAYS, on="country"),
        _counts,
        frames.funnel_by_country,
        f"{_USERS} country",
    ),
    "retention, birth": (
        lambda local: local.retention("Sign Up", "Page View", **DAYS, interval_count=30),
        _retained,
        frames.retention,
        _USERS,
    ),
    "retention, compounded": (
        lambda local: local.retention(
            return_event="Page View", retention_type="compounded", **DAYS, interval_count=30
        ),
        _retained,
        frames.compounded,
        _USERS,
    ),
    "frequency": (
        lambda local: local.frequency(**PAGES, unit="week", addiction_unit="day"),
        lambda result: {it.date: list(it.counts) for it in result.periods},
        frames.frequency,
        _USERS,
    ),
    "flows": (
        lambda local: local.flows("Sign Up", **DAYS),
        lambda result: {path.events: path.count for path in result.paths},
        frames.flows,
        _USERS,
    ),
}


def cpu(work: Callable[[], Any], *, at_least: float = AT_LEAST) -> tuple[float, Any]:
    """CPU seconds of all threads for one time, and the answer."""
    start, until, times = time.process_time(), time.monotonic() + at_least, 0
    while not times or time.monotonic() < until:
        answer = work()
        times += 1
    return (time.process_time() - start) / times, answer


def compare(path: str, name: str) -> None:
    """One report, both ways; for the child process."""
    from mixpanel_data import Workspace

    ask, seen, same, columns = REPORTS[name]
    scan = f"SELECT {', '.join(f'max({it})' for it in columns.split())} FROM events_flat"
    with Workspace.open(path) as opened:
        local = opened.local.on(timezone="UTC")
        ask(local)  # what is imported and read first is paid here
        ours, answer = cpu(lambda: ask(local))
        scanned, _ = cpu(lambda: opened.sql_rows(scan))
        opened.sql("SELECT 1")  # pandas is imported here
        load, frame = cpu(
            lambda: opened.sql(f"SELECT {', '.join(columns.split())} FROM events_flat"), at_least=0
        )
    pandas, expected = cpu(lambda: same(frame), at_least=0)
    assert seen(answer) == frames.shown(seen(answer), expected), name
    print(json.dumps([ours, scanned, pandas, load]))


def run(sizes: list[int]) -> None:
    """All reports on so many events."""
    for number in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "reports.duckdb")
            write(path, number)
            print(
                f"local reports on {number:,} events, CPU time (goals: 20 times less than pandas;"
                " funnel of 5 steps and retention at most 30 bare scans)\n"
                "  the same in pandas: with a DataFrame at hand / with its loading; all answers are"
                " equal\n"
                "  a bare scan: SELECT max(…) of the columns that the report reads"
            )
            for name in REPORTS:
                command = [sys.executable, "-m", "bench.reports", "compare", str(path), name]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                ours, scan, pandas, load = json.loads(done.stdout)
                print(
                    f"  {name:<24} {ours:7.3f} CPU s   pandas {pandas / ours:6.1f} x"
                    f" / {(pandas + load) / ours:6.1f} x   {ours / scan:5.1f} scans",
                    flush=True,
                )
            print()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["compare", path, name]:
            compare(path, name)
        case numbers:
            run([int(number) for number in numbers] or SIZES["all"])
