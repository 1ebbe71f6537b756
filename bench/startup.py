"""Starting: the whole process, against the least that it could be."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.measure import Cost, side_by_side, whole

RUNS = 25
MP = str(Path(sys.executable).with_name("mp"))
NOTHING = ["-c", "pass"]
TYPER = ["-c", "import typer"]
PARTS = """
import sys, typer, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
connection.close()
"""


def run(show: Callable[[str, dict[str, Cost]], None]) -> None:
    """All of it; `show` prints one comparison."""
    with tempfile.TemporaryDirectory() as folder:
        db = str(Path(folder, "empty.duckdb"))
        parts = ["-c", PARTS, db]
        here = [MP, "--db", db]
        whole(parts)  # makes the file
        for title, floor, ours in [
            (
                "import mixpanel_data (goal: ratio 1.5 or less)",
                NOTHING,
                ["-c", "import mixpanel_data"],
            ),
            ("mp --version (goal: 1.3 or less)", TYPER, [MP, "--version"]),
            ("mp --help", TYPER, [MP, "--help"]),
            (
                "mp tables, against its parts: Typer, DuckDB, one query",
                parts,
                [*here, "tables", "-q"],
            ),
            ("mp sql, against the same", parts, [*here, "sql", "SELECT 1"]),
        ]:
            whole(ours)  # compiles what was never imported
            names = {"floor": floor, "ours": ours}
            show(title, side_by_side(names, runs=RUNS, measure=whole))
