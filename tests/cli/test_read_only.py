"""A session that changes nothing, however it is asked for and whatever is asked of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.workspace import Workspace

SELECT = "SELECT count(*) AS n FROM events"
CHANGES = [
    "DELETE FROM events",
    "CREATE TABLE mine AS SELECT 1",
    "COPY events TO '{folder}/events.csv'",
    "ATTACH '{folder}/other.duckdb'",
    "SET threads = 1",
    "SELECT 1; DROP TABLE events",
    "EXPLAIN ANALYZE DELETE FROM events",
    "FROM '{folder}/events.csv'",
]
COMMANDS = [
    ("drop", "events", "--force"),
    ("flatten", "events"),
    ("fetch", "events", "--from", "2026-01-01", "--to", "2026-01-02", "--replace"),
    ("fetch", "profiles", "--replace"),
    ("fetch", "clean", "--force"),
    ("export", "events", "{folder}/events.parquet"),
]


@pytest.fixture(params=["option", "environment", "setting"])
def read_only(request, mp, db, home, monkeypatch: pytest.MonkeyPatch):
    """`mp sql` on a database, read-only in each way."""
    if request.param == "environment":
        monkeypatch.setenv("MP_READ_ONLY", "1")
    if request.param == "setting":
        (home / ".mp").mkdir(exist_ok=True)
        (home / ".mp" / "config.toml").write_text("[settings]\nread_only = true\n")
    options = ["--read-only"] if request.param == "option" else []
    return lambda *args: mp("--db", db, "sql", *args, *options)


@pytest.mark.parametrize("how", [(), ("--scalar",), ("--format", "table"), ("--jq", ".")])
def test_sql_that_changes_something_is_refused_in_one_line(
    read_only, mp, db, tmp_path, monkeypatch, how
) -> None:
    for statement in CHANGES:
        refused = read_only(statement.format(folder=tmp_path), *how)
        assert (refused.code, refused.out) in {(3, ""), (4, "")}, statement
        assert len(refused.err.strip().splitlines()) <= 3
    assert read_only(SELECT, *how).code == 0
    monkeypatch.delenv("MP_READ_ONLY", raising=False)
    assert [it["changed"] for it in mp("--db", db, "tables").data] == [False, False]
    assert list(tmp_path.glob("*.csv")) == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda it: " ".join(it[:2]))
def test_a_command_that_changes_something_is_refused(
    mp, db, online, tmp_path, monkeypatch, command
) -> None:
    before = mp("--db", db, "tables").out
    monkeypatch.setenv("MP_READ_ONLY", "1")
    refused = mp("--db", db, *(word.format(folder=tmp_path) for word in command))
    assert (refused.code, refused.out) == (3, "")
    assert "error: this workspace is read-only" in refused.err
    assert "hint: " in refused.err
    monkeypatch.delenv("MP_READ_ONLY")
    assert mp("--db", db, "tables").out == before
    assert not (tmp_path / "events.parquet").exists()


def test_reports_and_looks_still_answer(mp, db, monkeypatch) -> None:
    monkeypatch.setenv("MP_READ_ONLY", "true")
    days = ("--from", "2026-01-01", "--to", "2026-01-31")
    counted = mp("--db", db, "segmentation", "--event", "Purchase", *days, "--local")
    assert counted.data["total"] > 0
    for look in (("summarize", "events"), ("sample", "events"), ("schema", "events"), ("info",)):
        assert mp("--db", db, *look).code == 0


def test_a_read_only_session_makes_no_database(mp, online, home, monkeypatch) -> None:
    monkeypatch.setenv("MP_READ_ONLY", "1")
    missing = mp("tables")
    assert missing.code == 4
    assert not (home / ".mp" / "data").exists()


@pytest.mark.parametrize("value", ["0", "false", "", "no"])
def test_a_variable_that_says_no_leaves_the_session_as_it_is(mp, db, monkeypatch, value) -> None:
    monkeypatch.setenv("MP_READ_ONLY", value)
    assert mp("--db", db, "sql", "DELETE FROM events").code == 0


def test_a_variable_that_says_neither_is_refused(mp, db, monkeypatch) -> None:
    monkeypatch.setenv("MP_READ_ONLY", "perhaps")
    refused = mp("--db", db, "sql", SELECT)
    assert refused.code == 1
    assert "MP_READ_ONLY" in refused.err


def test_python_has_the_same(db: Path) -> None:
    with Workspace.open(db, read_only=True) as workspace, workspace.sibling() as sibling:
        assert_changes_nothing(workspace)
        assert_changes_nothing(sibling)


def assert_changes_nothing(session: Workspace) -> None:
    assert session.read_only
    for way in (session.sql, session.sql_rows, session.sql_scalar, session.sql_result):
        with pytest.raises(InvalidArgumentError):
            way("DELETE FROM events")
    for way in (
        lambda: session.connection,
        session.drop_all,
        lambda: session.flatten("events"),
        lambda: session.export("events", "events.csv"),
    ):
        with pytest.raises(InvalidArgumentError, match="is read-only"):
            way()
    assert session.sql_rows(SELECT) == session.sql_rows(SELECT, read_only=True)


def test_frames_are_tables_in_a_read_only_session_too(db: Path) -> None:
    import pandas as pd

    with Workspace.open(db, read_only=True) as workspace:
        frame = pd.DataFrame({"n": [1, 2]})
        assert workspace.sql_scalar("SELECT sum(n) FROM mine", frames={"mine": frame}) == 3
