"""Loading and unloading, and whose workspace it is."""

from __future__ import annotations

import subprocess
import sys

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError

from mixpanel_data import (
    AccountNotFoundError,
    DatabaseNotFoundError,
    InvalidArgumentError,
    StorageError,
    Workspace,
)
from tests.waiting import HANG


def test_unloading_puts_back_what_was_there(shell, cell):
    shell.extension_manager.unload_extension("mixpanel_magics")
    assert isinstance(cell("%mpsql SELECT 1").error, UsageError)
    shell.register_magic_function(lambda line: f"mine: {line}", magic_name="mp")
    before = {kind: set(table) for kind, table in shell.magics_manager.magics.items()}
    for _ in range(2):
        shell.extension_manager.load_extension("mixpanel_magics")
        assert cell("%mpsql SELECT 1 AS one").value.one[0] == 1
        assert cell("%mp --version").value is None
        cell("%load_ext mixpanel_magics")
        cell("%reload_ext mixpanel_magics")
        shell.extension_manager.unload_extension("mixpanel_magics")
        assert {k: set(table) for k, table in shell.magics_manager.magics.items()} == before
        parts = [*shell.Completer.custom_matchers, *shell.configurables]
        assert not any(type(part).__module__.startswith("mixpanel_magics") for part in parts)
        assert shell.Completer.custom_matchers == []
        assert "ws" not in shell.user_ns
    assert cell("%mp tables").value == "mine: tables"


def test_loading_twice_changes_nothing(shell, cell):
    import mixpanel_magics

    made = cell("%mp_use").value
    mixpanel_magics.load_ipython_extension(shell)
    assert cell("%mp_use").value is made
    assert len([c for c in shell.configurables if type(c).__name__ == "MixpanelSession"]) == 1


def test_loading_is_lean():
    code = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
before = set(sys.modules)
shell.extension_manager.load_extension("mixpanel_magics")
print(*(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if not name.startswith("mixpanel_magics")}
    ours = {name for name in loaded if name.startswith("mixpanel_data")}
    assert ours == {"mixpanel_data", "mixpanel_data.exceptions", "mixpanel_data.text"}
    assert (
        loaded
        & {"pandas", "numpy", "duckdb", "httpx", "pydantic", "typer", "rich", "sql", "matplotlib"}
        == set()
    )


def test_the_workspace_is_made_when_it_is_needed_and_is_one(shell, cell):
    assert "ws" not in shell.user_ns
    cell("%mpsql CREATE TABLE t AS SELECT 7 AS x")
    ws = shell.user_ns["ws"]
    assert ws.source == "sandbox"
    assert ws.sql_scalar("SELECT x FROM t") == 7
    cell("del ws")
    assert cell("%mp_use").value is ws
    cell("%reset -f")
    cell("%mpsql SELECT 1")
    assert shell.user_ns["ws"] is ws


@pytest.mark.parametrize(
    "code", ["ws", "ws.source", "f'{ws.source}'", "%time ws.source", "def f():\n    return ws"]
)
def test_it_is_there_for_the_first_cell_that_names_it(shell, cell, code):
    assert cell("1 + 1").value == 2
    assert "ws" not in shell.user_ns
    assert cell(code).error is None
    assert shell.user_ns["ws"].source == "sandbox"
    assert cell("%mp_use").value is shell.user_ns["ws"]


def test_its_methods_complete_before_any_cell_has_named_it(shell, cell):
    with provisionalcompleter():
        found = [c.text for c in shell.Completer.completions("ws.fetch_e", len("ws.fetch_e"))]
    assert [name.removeprefix(".") for name in found] == ["fetch_events"]


def test_it_is_not_made_for_a_cell_that_sets_it(shell, cell, filled):
    shown = cell(f"from mixpanel_data import Workspace\nws = Workspace.open('{filled}')\nws.path")
    assert shown.value == filled
    assert cell("ws.close()").error is None
    assert shell.configurables[-1] is not None
    assert cell("%mp_use").value is shell.user_ns["ws"]


def test_a_cell_that_names_it_without_an_account_says_what_is_missing(shell, cell, monkeypatch):
    monkeypatch.delenv("MP_ACCOUNT")
    assert cell("news = 'ws'").err == ""
    shown = cell("ws.tables()")
    assert isinstance(shown.error, NameError)
    assert shown.err.startswith("there is no 'ws':\nAuthenticationError: ")
    assert "\nhint: " in shown.err
    monkeypatch.setenv("MP_ACCOUNT", "sandbox")
    assert cell("ws.tables()").value == []


def test_a_workspace_of_the_user_is_taken_as_it_is(shell, cell, filled):
    with Workspace.open(filled) as mine:
        shell.user_ns["ws"] = mine
        assert cell("%mpsql SELECT count(*) AS n FROM events").value.n[0] > 0
        assert '"name":"events"' in cell("%mp tables").out
        assert cell("%mp_use").value is mine
        shell.extension_manager.unload_extension("mixpanel_magics")
        assert shell.user_ns["ws"] is mine
        assert mine.sql_scalar("SELECT 1") == 1


def test_another_name(shell, cell):
    cell("%config MixpanelSession.name = 'data'")
    cell("%mpsql SELECT 1")
    assert isinstance(shell.user_ns["data"], Workspace)
    assert "ws" not in shell.user_ns


def test_a_variable_of_the_user_is_not_written_over(shell, cell):
    cell("ws = 5")
    for line in ["%mpsql SELECT 1", "%mp_use", "%mp_use sandbox", "%mp tables"]:
        shown = cell(line)
        assert "no Workspace in this notebook, but of type int" in shown.out + shown.err
    assert shell.user_ns["ws"] == 5


def test_switching_closes_what_the_magics_had_made(cell, filled, tmp_path):
    first = cell("%mp_use").value
    second = cell(f"%mp_use {filled}").value
    assert second.path == filled
    with pytest.raises(StorageError, match="closed"):
        first.sql("SELECT 1")
    third = cell(f"%mp_use sandbox --db '{tmp_path / 'a b.duckdb'}'").value
    assert (third.source, third.path) == ("sandbox", tmp_path / "a b.duckdb")
    for line, kind in {
        "%mp_use nobody": AccountNotFoundError,
        "%mp_use no/such/file": DatabaseNotFoundError,
        "%mp_use a.duckdb --db b.duckdb": InvalidArgumentError,
    }.items():
        assert isinstance(cell(line).error, kind)
    assert cell("%mp_use").value is third
    assert third.sql_scalar("SELECT 1") == 1


def test_a_workspace_that_was_closed_says_so(cell):
    cell("%mp_use")
    cell("ws.close()")
    shown = cell("%mpsql SELECT 1")
    assert isinstance(shown.error, StorageError)
    assert shown.out == (
        "StorageError: this workspace is closed\n"
        "hint: make a new Workspace; in a notebook: %mp_use ACCOUNT\n"
    )
    cell("%mp_use sandbox")
    assert cell("%mpsql SELECT 1 AS x").value.x[0] == 1


def test_a_shell_ends_that_closes_nothing(tmp_path):
    code = f"""
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("%load_ext mixpanel_magics\\n%mp_use sandbox --db {tmp_path}/a.duckdb\\nx = %mpsql SELECT 1")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
