"""`%mp` in a real shell: what the command prints, on the workspace of the session."""

from __future__ import annotations

import json

import pytest
from IPython.core.error import UsageError

from mixpanel_magics.errors import CommandFailedError


def test_a_command_acts_on_the_session_and_leaves_it_open(cell, filled, tmp_path):
    cell("%mp_use sandbox")
    cell("%mpsql CREATE TEMP TABLE mine AS SELECT 'für mich' AS x")  # no other connection has it
    assert json.loads(cell("%mp sql 'FROM mine'").out) == [{"x": "für mich"}]
    assert cell("%mp sql --format csv 'FROM mine'").out == "x\nfür mich\n"
    assert "für mich" in cell("%mp sql 'FROM mine' --format table").out
    assert json.loads(cell("%mp events").out)[:1] != []
    assert cell("%mpsql FROM mine").value.x[0] == "für mich"

    others = json.loads(cell(f"%mp tables --db {filled}").out)
    assert [table["name"] for table in others] == ["events", "profiles"]
    assert cell("%mpsql FROM mine").value.x[0] == "für mich"


def test_dollars_and_braces_are_not_python(cell, filled):
    cell(f"%mp_use {filled}")
    cell("browser = platform = 1")
    shown = cell("""%mp sql --scalar "SELECT '{browser} $platform' " """)
    assert json.loads(shown.out) == "{browser} $platform"


@pytest.mark.parametrize(
    ("line", "code", "status"),
    [
        ("%mp schema nope", 4, "error: no table named 'nope'"),
        ("%mp nonsense", 3, "error: No such command 'nonsense'."),
        ("%mp sql 'SELEC'", 1, "syntax error"),
        ("%mp drop events", 3, "There is no terminal to ask on"),
        ("%mp --account nobody tables", 4, "error: no account named 'nobody'"),
    ],
)
def test_a_failure_is_the_error_of_the_command(cell, filled, line, code, status):
    cell(f"%mp_use {filled}")
    shown = cell(line)
    assert isinstance(shown.error, CommandFailedError)
    assert shown.error.exit_code == code
    assert status in shown.err
    assert shown.out == f"exit code {code}\n"


def test_a_line_that_is_none_is_an_error(cell):
    assert isinstance(cell("%mp sql 'SELECT").error, UsageError)


def test_help_and_version(cell):
    assert "mp fetch events --from" in cell("%mp --help").out
    assert cell("%mp --version").out.startswith("mixpanel-data ")
