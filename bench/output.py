"""Rows on their way out: `mp sql` against DuckDB's own COPY, whole processes."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.data import FILL
from bench.measure import Cost, side_by_side, whole

ROWS = 1_000_000
RUNS = 5
MANY = "SELECT events.* FROM events, range(5)"
MP = str(Path(sys.executable).with_name("mp"))

COPY = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], config={"storage_compatibility_version": "v1.4.0"})
connection.execute(f"COPY (FROM events) TO '{sys.argv[2]}' ({sys.argv[3]})")
connection.close()
"""


def run(show: Callable[[str, dict[str, Cost]], None]) -> None:
    """All of it; `show` prints one comparison."""
    with tempfile.TemporaryDirectory() as name:
        db, out = str(Path(name, "events.duckdb")), str(Path(name, "out"))
        whole(["-c", FILL, db, str(ROWS)])
        for output, goal in {
            "csv": " (goals: ratio 1.3 or less, under 300 MB)",
            "jsonl": "",
            "json": "",
        }.items():
            options = "FORMAT csv" if output == "csv" else f"FORMAT json, ARRAY {output == 'json'}"
            copy = ["-c", COPY, db, out, f"{options}, PRESERVE_ORDER false"]
            sql = [MP, "--db", db, "sql", "FROM events", "--format", output]
            costs = side_by_side({"COPY": copy, "mp sql": sql}, runs=RUNS, measure=whole)
            show(f"mp sql --format {output} of {ROWS:,} rows{goal}", costs)
        parquet = ["-c", COPY, db, out, "FORMAT parquet, COMPRESSION zstd, PRESERVE_ORDER false"]
        once, more = (
            [MP, "--db", db, "export", what, str(Path(name, "x.parquet")), "--force"]
            for what in ("events", MANY)
        )
        costs = side_by_side({"COPY": parquet, "mp export": once}, runs=RUNS, measure=whole)
        show(f"mp export of {ROWS:,} rows to Parquet", costs)
        costs = side_by_side({"once": once, "five times": more}, runs=2, measure=whole)
        show("mp export to Parquet: the memory of five times the rows", costs)
