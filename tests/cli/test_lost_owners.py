"""`mp` on a database that another process owns, when that one ends or is in its way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.library.storage.sharing.holder import Holder, holding
from tests.waiting import HANG

MP = (sys.executable, "-c", "from mixpanel_data.cli.main import run; run()")
ROWS = 300_000
"""More than a pipe holds: the owner still writes when the first of them is read."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ws.duckdb"


@pytest.fixture
def owner(path: Path) -> Iterator[Holder]:
    with holding(path) as holder:
        yield holder


def query(path: Path) -> subprocess.Popen[str]:
    """A query whose rows are on their way through a pipe."""
    sql = f"SELECT i FROM range({ROWS}) t(i)"
    command = [*MP, "--db", str(path), "sql", sql, "--format", "csv"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "i\n"
    return process


def test_rows_that_an_owner_writes_are_whole_when_it_leaves(path: Path, owner: Holder) -> None:
    with query(path) as process:
        owner.leave()
        out, err = process.stdout.read(), process.stderr.read()
    assert (process.returncode, err) == (0, "")
    assert [int(line) for line in out.split()] == list(range(ROWS))


def test_rows_that_are_lost_with_their_owner_are_an_error(path: Path, owner: Holder) -> None:
    with query(path) as process:
        owner.kill()
        out, err = process.stdout.read(), process.stderr.read()
    assert process.returncode == 1
    assert err == (
        "error: the process that had the database open ended before all rows of a query had come\n"
        "hint: run it again\n"
    )
    rows = out.split("\n")[:-1]  # the last line may be cut
    assert 0 < len(rows) < ROWS
    assert rows == [str(number) for number in range(len(rows))]


def test_a_conflict_that_does_not_end_is_an_error(path: Path, owner: Holder) -> None:
    owner.sql("BEGIN; CREATE TABLE events(i INT)")
    days = ("--from", "2026-01-01", "--to", "2026-01-01")
    done = subprocess.run(
        [*MP, "--db", str(path), "--account", "sandbox", "fetch", "events", *days],
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "write-write conflict" in done.stderr
    assert done.stderr.endswith("hint: run it again\n")
    owner.sql("ROLLBACK")
    assert owner.sql("SHOW TABLES") == []
