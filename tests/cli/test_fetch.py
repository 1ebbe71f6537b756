"""`mp fetch`, from a server on loopback."""

from __future__ import annotations

import json
import re
import shlex
from datetime import date, timedelta

import pytest

from mixpanel_data import Workspace
from mixpanel_data.cli import progress
from mixpanel_data.cli.context import Session
from mixpanel_data.cli.progress import fetching
from mixpanel_data.types import FetchProgress
from tests.loopback import Reply, Server

DAYS = ("--from", "2026-01-01", "--to", "2026-01-10")

pytestmark = pytest.mark.usefixtures("online")


@pytest.fixture
def sandbox_account(monkeypatch):
    """The sandbox in this process, with its own clock."""
    for name in ("MP_BASE_URL", "MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MP_ACCOUNT", "sandbox")


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
        ((*DAYS, "--limit", "0"), "--limit"),
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
    workspace = Workspace.sandbox()
    with fetching(Session(), workspace) as show:
        assert show
        show(FetchProgress(5, windows=2))
        assert capsys.readouterr().err.startswith("5 rows, 0.0 MB, ")
        workspace.api.on_wait(61.2, "the quota")
        assert capsys.readouterr().err == "waiting 1:01 (the quota)\n"
    assert workspace.api.on_wait is None
    with fetching(Session(quiet=True), workspace) as show:
        assert show is None
    workspace.close()


def test_progress_is_said_in_one_line():
    halfway = FetchProgress(12_345, size=6_700_000, windows_done=2, windows=5)
    assert halfway.describe(10) == "12,345 rows, 6.7 MB, 1,234/s, 2 of 5 requests"
    assert (halfway.fraction, FetchProgress(5).fraction) == (0.4, None)
    stored = FetchProgress(3, phase="store")
    assert stored.describe(0) == "3 rows, 0.0 MB, storing"


def test_a_table_grows_by_append_and_is_swapped_by_replace(mp):
    mp("fetch", "events", *DAYS)
    more = mp("fetch", "events", "--append", "--to", "2026-01-12")
    assert more.data["date_range"] == ["2026-01-11", "2026-01-12"]
    again = mp("fetch", "events", "--append", "--to", "2026-01-12", "--lookback", "2")
    assert again.data["date_range"] == ["2026-01-11", "2026-01-12"]
    assert again.data["replaced"] == again.data["rows"] == more.data["rows"]
    (table,) = mp("tables").data
    assert (table["from_date"], table["to_date"]) == ("2026-01-01", "2026-01-12")
    swapped = mp("fetch", "events", "--from", "2026-01-03", "--to", "2026-01-03", "--replace")
    assert mp("tables").data[0]["rows"] == swapped.data["rows"]
    gap = mp("fetch", "events", "--append", "--from", "2026-02-01", "--to", "2026-02-02")
    assert gap.code == 3
    assert gap.err.splitlines()[-1] == "hint: start at 2026-01-04"


def test_a_plan_costs_nothing_and_stores_nothing(mp):
    plan = mp("fetch", "events", "year", "--from", "2025-03-02", "--to", "2026-03-01", "--plan")
    assert plan.data["table"] == "year"
    assert (plan.data["from_date"], plan.data["to_date"]) == ("2025-03-02", "2026-03-01")
    assert (plan.data["windows"], plan.data["spooled"], plan.data["requests"]) == (53, 0, 53)
    before = plan.data["quota_left"]
    days = ("--from", "2025-01-01", "--to", "2026-03-01", "--window", "1")
    long = mp("fetch", "events", *days, "--plan")
    assert (long.data["requests"], long.data["quota_left"]) == (425, before)
    assert 6 * 3600 < long.data["wait_seconds"] <= 7 * 3600
    assert mp("tables").data == []


def test_stdout_is_the_export_itself(mp):
    done = mp("fetch", "events", *DAYS, "--stdout", "--events", "Purchase")
    events = [json.loads(line) for line in done.out.splitlines()]
    assert {event["event"] for event in events} == {"Purchase"}
    assert mp("tables").data == []
    for extra in (["name"], ["--append"], ["--plan"]):
        assert mp("fetch", "events", *DAYS, "--stdout", *extra).code == 3


def test_nothing_is_unfinished_when_nothing_broke(mp):
    assert mp("fetch", "status").data == []
    assert mp("fetch", "clean").data == []


@pytest.mark.parametrize("text", ["{", "{}", "[1]"])
def test_behaviors_that_are_none_are_refused(mp, text):
    done = mp("fetch", "profiles", "--behaviors", text)
    assert done.code == 3
    assert done.err.startswith("error: behaviors is not")


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("table", [(), ("--no-flat",)])
def test_a_name_that_no_event_has_is_told_and_the_table_is_there(mp, table):
    days = ("--from", "2026-01-01", "--to", "2026-01-01")
    done = mp("fetch", "events", *days, "--events", "Purchse", *table)
    assert done.data["rows"] == 0  # exit code 0: a day without such events is no failure
    nothing, meant = done.data["warnings"]
    assert meant == "Mixpanel has no event 'Purchse'; did you mean 'Purchase'?"
    assert f"warning: {nothing}\nwarning: {meant}\n" in done.err
    some = mp("fetch", "events", *days, "--events", "Purchase,Sgn Up", "--replace", *table)
    assert some.data["warnings"] == ["Mixpanel has no event 'Sgn Up'; did you mean 'Sign Up'?"]
    right = mp("fetch", "events", *days, "--events", "Purchase", "--replace", *table)
    assert "warnings" not in right.data


@pytest.mark.usefixtures("online")
def test_a_fetch_that_nothing_passes_is_told(mp):
    days = ("--from", "2026-01-01", "--to", "2026-01-01")
    never = 'properties["platform"] == "ios"'
    done = mp("fetch", "events", *days, "--where", never)
    assert f"Mixpanel has no event that passes {never}" in done.err
    people = mp("fetch", "profiles", "--where", never)
    assert f"Mixpanel has no profile that passes {never}" in people.err


@pytest.mark.parametrize(
    "how", [(), ("--append",), ("--plan",), ("--stdout",), ("--limit", "5"), ("--replace",)]
)
def test_days_that_have_not_begun_are_refused_before_mixpanel_is_asked(mp, monkeypatch, how):
    with Server(Reply(500)) as mixpanel:
        monkeypatch.setenv("MP_BASE_URL", mixpanel.url)
        done = mp("fetch", "events", "--from", "2026-01-01", "--to", "2999-01-01", *how)
        assert mixpanel.requests == []
    assert (done.code, done.out) == (3, "")
    wrong, hint = done.err.splitlines()[-2:]
    today = re.fullmatch(r"error: to_date 2999-01-01 is in the future: in UTC it is (\S+)", wrong)
    assert today is not None
    assert hint.startswith(f"hint: end at {today[1]}")
    assert date.fromisoformat(today[1]) <= date.today() + timedelta(days=1)  # it is UTC's


@pytest.mark.usefixtures("online", "sandbox_account")
def test_the_sandbox_has_days_until_its_own_today(mp):
    done = mp("fetch", "events", "--from", "2026-02-26", "--to", "2026-03-02")
    assert done.code == 3
    assert "to_date 2026-03-02 is in the future: in UTC it is 2026-03-01" in done.err
    mp("fetch", "events", "--from", "2026-02-26", "--to", "2026-02-27")
    assert mp("fetch", "events", "--append").data["date_range"] == ["2026-02-28", "2026-02-28"]
    again = mp("fetch", "events", "--append")
    assert (again.data["rows"], again.data["complete_until"]) == (0, "2026-02-28")
    assert again.err.endswith(
        "table 'events' has every day until 2026-02-28; nothing was fetched\n"
    )
    plan = mp("fetch", "events", "--append", "--plan").data
    assert (plan["requests"], plan["complete_until"]) == (0, "2026-02-28")


def test_every_day_is_there_only_where_it_is(mp):
    mp("fetch", "events", *DAYS)
    within = mp("fetch", "events", "--append", "--to", "2026-01-05")
    assert within.data["complete_until"] == "2026-01-05"
    assert "has every day until 2026-01-05" in within.err
    before = mp("fetch", "events", "--append", "--to", "2025-12-31")
    assert before.code == 3
    assert "error: the table begins at 2026-01-01, after 2025-12-31" in before.err
    assert mp("fetch", "events", "--append", "--from", "2999-01-01").code == 3


@pytest.mark.parametrize(
    ("status", "reason", "continues"),
    [
        (400, b"bad where", False),
        (403, b"Date range exceeds 90 days into the past", False),
        (401, b"Unauthorized", True),
    ],
)
def test_only_what_may_succeed_is_said_to_continue(mp, monkeypatch, status, reason, continues):
    with Server(Reply(status, reason)) as mixpanel:
        monkeypatch.setenv("MP_BASE_URL", mixpanel.url)
        done = mp("fetch", "events", *DAYS)
    assert done.code != 0
    assert ("the same command continues" in done.err) is continues
