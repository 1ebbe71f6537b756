"""A borrowed database against one's own: a small question, a sum, many rows, a start of `mp`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Cost, measured, side_by_side, whole

ROWS = 1_000_000
RUNS = 5

HOLDER = """
from mixpanel_data import Workspace
with Workspace.open({!r}) as ws:
    print(len(ws.tables()), flush=True)
    input()
"""

QUESTIONS = {
    "SELECT 1": ("SELECT 1", 300),
    "a small aggregate": ("SELECT kind, count(*), sum(i) FROM base GROUP BY 1", 50),
    f"{ROWS:,} rows to a DataFrame": ("SELECT i, amount, name, moment FROM base", 3),
}


def ask(path: str, sql: str, times: int) -> None:
    """A question to an open workspace, asked before."""
    from mixpanel_data import Workspace

    with Workspace.open(path) as opened:
        opened.sql(sql)
        measured(lambda: opened.sql(sql), times=times)


@contextmanager
def held(path: str) -> Iterator[None]:
    """Another process owns the database."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.stdin.write(b"\n")


def make(path: str) -> None:
    """A table of a million rows."""
    from mixpanel_data._internal.storage import StorageEngine

    engine = StorageEngine(Path(path))
    engine.execute_rows(
        f"CREATE TABLE base AS SELECT i, i / 7 AS amount, 'name ' || (i % 1000) AS name, "
        f"i % 10 AS kind, TIMESTAMP '2024-01-01' + INTERVAL (i) SECOND AS moment FROM range({ROWS}) t(i)"
    )
    engine.close()


def compare(title: str, own: Cost, borrowed: Cost) -> None:
    """Time from question to answer; the CPU time is that of the asking process alone."""
    print(
        f"  {title:<30} {own.wall * 1e3:8.1f} ms own {borrowed.wall * 1e3:8.1f} ms borrowed"
        f"  {(borrowed.wall - own.wall) * 1e3:+7.1f} ms  speed {own.wall / borrowed.wall:4.0%}"
        f"  ({own.cpu * 1e3:.1f} and {borrowed.cpu * 1e3:.1f} ms CPU)",
        flush=True,
    )


def run() -> None:
    """All of it."""
    print("a database of one's own, and one that another process owns (goals: 3 ms more, 70 %)")
    with tempfile.TemporaryDirectory() as folder:
        own, other = str(Path(folder, "own.duckdb")), str(Path(folder, "other.duckdb"))
        for path in (own, other):
            make(path)
        with held(other):
            for title, (sql, times) in QUESTIONS.items():
                question = [sql, str(times)]
                costs = side_by_side(
                    {path: ["-m", "bench.sharing", path, *question] for path in (own, other)},
                    runs=RUNS,
                )
                compare(title, costs[own], costs[other])
            code = "from mixpanel_data.cli.main import run; run()"
            costs = side_by_side(
                {path: ["-c", code, "--db", path, "sql", "SELECT 1"] for path in (own, other)},
                runs=RUNS,
                measure=whole,
            )
            compare("mp sql 'SELECT 1', all of it", costs[own], costs[other])
    print()


if __name__ == "__main__":
    ask(sys.argv[1], sys.argv[2], int(sys.argv[3]))
