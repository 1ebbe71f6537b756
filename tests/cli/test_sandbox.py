"""`mp demo`, and what needs the sandbox in process."""

from __future__ import annotations

import json

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data.cli.context import Session
from mixpanel_data.cli.tour import tour
from mixpanel_data.workspace import Workspace


def test_the_demo_tells_a_story_with_real_figures(mp, home):
    done = mp("demo")
    assert done.code == 0
    assert "profiles in" in done.out
    assert "->>'$.mp_country_code'" in done.out
    assert "View Item" in done.out
    assert "mp --account sandbox fetch events --from 2026-01-01 --to 2026-03-01" in done.out
    assert not list(home.rglob("*.duckdb"))


def test_the_demo_is_data_where_json_is_asked_for(project, tmp_path, capsys):
    client = MixpanelAPIClient(project.credentials(), app=project)
    with Workspace(path=tmp_path / "x.duckdb", _api_client=client) as workspace:
        tour(Session(format="json", quiet=True), workspace)
    parts = json.loads(capsys.readouterr().out)
    assert [part.get("table") for part in parts[:2]] == ["events", "profiles"]
    assert all(part["rows"] for part in parts)
    assert "SELECT" in parts[2]["sql"]


def test_the_sandbox_account_keeps_what_it_fetched(mp, monkeypatch):
    monkeypatch.setenv("MP_ACCOUNT", "sandbox")
    rows = mp("fetch", "events", "--from", "2026-01-01", "--to", "2026-01-03").data["rows"]
    assert mp("-a", "sandbox", "sql", "--scalar", "SELECT count(*) FROM events").out == f"{rows}\n"
    assert mp("tables").data[0]["source"] == "sandbox"


def test_a_fault_that_is_none_is_named(mp):
    done = mp("sandbox", "--fault", "earthquake", "--format", "json")
    assert done.code == 3
    assert "cut" in json.loads(done.err)["hint"]


def test_the_sandbox_stays_on_this_machine(mp):
    assert mp("sandbox", "--host", "0.0.0.0").code == 3
