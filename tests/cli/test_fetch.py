"""`mp fetch`, from a server on loopback."""

from __future__ import annotations

import json
import shlex

import pytest

from mixpanel_data.cli import progress
from mixpanel_data.cli.context import Session
from mixpanel_data.cli.progress import describe, fetching
from mixpanel_data.types import FetchProgress

DAYS = ("--from", "2026-01-01", "--to", "2026-01-10")

pytestmark = pytest.mark.usefixtures("online")


def test_events_land_in_a_table_and_the_result_is_data(mp):
    done = mp("fetch", "events", *DAYS)
    assert done.data["table"] == "events"
    assert done.data["date_range"] == ["2026-01-01", "2026-01-10"]
    assert done.data["source"] == "sandbox"
    assert done.err.splitlines()[0] == "note: this is the sandbox, its data is invented"
    assert "next: mp sql 'SELECT * FROM events LIMIT 5'" in done.err
    rows = done.data["rows"]
    assert rows > 0
    assert mp("sql", "--scalar", "SELECT count(*) FROM events").out == f"{rows}\n"


def test_quiet_leaves_data_alone(mp):
    assert mp("fetch", "events", *DAYS, "--quiet").err == ""


def test_profiles_land_in_a_table(mp):
    assert mp("fetch", "profiles", "-f", "csv").out.splitlines()[1].startswith("profiles,50,")
    done = mp("fetch", "profiles", "few", "--where", 'properties["plan"] == "pro"')
    assert 0 < done.data["rows"] < 50


def test_a_table_that_exists_is_left_alone(mp):
    mp("fetch", "events", *DAYS)
    done = mp("fetch", "events", *DAYS)
    assert done.code == 1
    assert "error: table 'events' already exists" in done.err


def test_only_the_named_events_are_fetched(mp):
    done = mp(
        "fetch", "events", "some", *DAYS, "--events", "Purchase, Search", "--events", "Sign Up"
    )
    assert done.code == 0
    found = mp("sql", 'SELECT DISTINCT event_name FROM "some" ORDER BY 1', "-f", "csv").out
    assert found.split("\n") == ["event_name", "Purchase", "Search", "Sign Up", ""]


def test_a_name_with_a_comma_goes_in_double_quotes(mp):
    done = mp("fetch", "events", "none", *DAYS, "--events", '"Hello, world","a ""b"""')
    assert done.data["rows"] == 0
    seen = mp("sql", "--scalar", "SELECT count(*) FROM none")
    assert seen.out == "0\n"
    done = mp("fetch", "events", "bad", *DAYS, "--events", '"Hello')
    assert done.code == 3
    assert "double quotes" in done.err


def test_what_comes_next_can_be_pasted_for_any_name(mp, tmp_path):
    done = mp("--db", tmp_path / "x.duckdb", "fetch", "events", 'my "best"', *DAYS)
    said = done.err.splitlines()[-1].partition("next: ")[2]
    assert shlex.split(said) == [
        "mp", "--db", f"{tmp_path}/x.duckdb", "sql", 'SELECT * FROM "my ""best""" LIMIT 5',
    ]  # fmt: skip
    assert len(mp(*shlex.split(said)[1:]).data) == 5


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--from", "2026-02-30", "--to", "2026-03-01"), "2026-02-30"),
        (("--from", "2026-02-02", "--to", "2026-02-01"), "is after"),
        (("--from", "yesterday", "--to", "2026-02-01"), "'yesterday' is not a date"),
        ((*DAYS, "--limit", "0"), "limit 0"),
        ((*DAYS, "--events", ""), "events is empty"),
        ((*DAYS, "--where", " "), "where is empty"),
    ],
)
def test_what_cannot_be_meant_is_3_and_makes_no_table(mp, args, message):
    done = mp("fetch", "events", *args)
    assert done.code == 3
    assert message in done.err
    assert mp("tables").data == []


def test_a_sample_is_as_large_as_asked(mp):
    assert mp("fetch", "events", *DAYS, "--limit", "7").data["rows"] == 7


def test_a_fault_stores_nothing_and_is_one_error(mp, project):
    from mixpanel_data.sandbox import Fault

    project.faults.add(Fault(kind="status", status=400, message="no luck", times=None))
    try:
        done = mp("fetch", "events", *DAYS, "--format", "json")
    finally:
        project.faults.clear()
    assert done.code == 1
    last = done.err.splitlines()[-1]
    assert "no luck" in json.loads(last)["message"]
    assert mp("tables").data == []


def test_a_project_that_the_account_may_not_read_is_named(mp):
    done = mp("-p", "1", "fetch", "events", *DAYS)
    assert done.code == 1
    assert "project 1 " in done.err


def test_a_refused_secret_is_2(mp, monkeypatch):
    monkeypatch.setenv("MP_SECRET", "wrong-secret")
    done = mp("fetch", "events", *DAYS)
    assert done.code == 2
    assert "wrong-secret" not in done.err


def test_progress_is_plain_lines_where_no_terminal_is(capsys, monkeypatch):
    monkeypatch.setattr(progress, "PAUSE", 0)
    with fetching(Session()) as show:
        assert show
        show(FetchProgress(5, windows=2))
    assert capsys.readouterr().err.startswith("5 rows, 0.0 MB, ")
    with fetching(Session(quiet=True)) as show:
        assert show is None


def test_progress_is_said_in_one_line():
    halfway = FetchProgress(12_345, size=6_700_000, windows_done=2, windows=5)
    assert describe(halfway, 10) == "12,345 rows, 6.7 MB, 1,234/s, 2 of 5 requests"
    stored = FetchProgress(3, phase="store")
    assert describe(stored, 0) == "3 rows, 0.0 MB, storing"
