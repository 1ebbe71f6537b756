"""`mp` where stdin, stdout or stderr is closed, full, or has nobody who reads it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mixpanel_data import Workspace

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the redirections are a POSIX shell's")

MP = [sys.executable, "-c", "from mixpanel_data.cli.main import run; run()"]
COMMANDS = {
    "version": ["--version"],
    "help": ["sql", "--help"],
    "rows": ["--db", "DB", "sql", "SELECT 42 AS answer"],
    "table": ["--db", "DB", "tables", "-f", "table"],
    "filtered": ["--db", "DB", "tables", "--jq", ".[].name"],
    "failing": ["--db", "DB", "sql", "FROM nix"],
    "mistaken": ["--nix"],
    "invented": ["-a", "sandbox", "events"],
    "asking": ["auth", "add", "a", "--username", "u", "--project", "1", "--secret-stdin"],
}
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


def call(args: list[str], redirection: str, db: Path) -> tuple[int, str, str]:
    """Call `mp` in a shell; `LEFT` is a pipe whose reader has left."""
    reading, writing = os.pipe()
    os.close(reading)
    words = [str(db) if word == "DB" else word for word in args]
    script = f'exec "$@" {redirection.replace("LEFT", str(writing))}'
    try:
        done = subprocess.run(
            ["bash", "-c", script, "bash", *MP, *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, pass_fds=[writing], check=False,
        )  # fmt: skip
    finally:
        os.close(writing)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_a_closed_stream_is_one_that_nobody_reads(db, name):
    args = COMMANDS[name]
    code, out, err = call(args, "", db)
    assert call(args, "<&-", db) == (code, out, err)
    assert call(args, ">&-", db) == (code, "", err)
    assert call(args, "2>&-", db) == (code, out, "")
    assert call(args, "<&- >&- 2>&-", db) == (code, "", "")


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("where", [">&LEFT", pytest.param(">/dev/full", marks=FULL)])
def test_notes_that_can_not_be_written_change_nothing(db, name, where):
    code, out, _ = call(COMMANDS[name], "", db)
    assert call(COMMANDS[name], f"2{where}", db) == (code, out, "")


@FULL
@pytest.mark.parametrize("name", ["version", "help", "rows", "table", "filtered", "invented"])
def test_data_that_can_not_be_written_is_an_error_of_one_line(db, name):
    code, _, err = call(COMMANDS[name], ">/dev/full", db)
    assert (code, err.splitlines()[-1]) == (
        1, "error: can't write the output: No space left on device",
    )  # fmt: skip
    assert "Traceback" not in err


def test_nothing_that_is_printed_lands_in_the_database(db):
    insert = "CREATE TABLE mine AS SELECT 1 AS one"
    assert call(["--db", "DB", "sql", insert], "<&- >&- 2>&-", db) == (0, "", "")
    with Workspace.open(db) as workspace:
        assert workspace.sql_scalar("SELECT count(*) FROM events") > 0
        assert workspace.sql_scalar("FROM mine") == 1
