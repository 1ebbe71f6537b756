"""The fetch form, without a notebook."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from mixpanel_data import Workspace
from mixpanel_magics.state.fetching import Fetching, Wanted
from mixpanel_magics.state.status import StatusMessage
from tests.waiting import HANG

DAYS = Wanted("shop", date(2026, 1, 1), date(2026, 1, 3))


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.sandbox(tmp_path / "shop.duckdb") as workspace:
        yield workspace


@pytest.fixture
def form(workspace: Workspace) -> Iterator[Fetching]:
    form = Fetching(workspace)
    yield form
    form.close()


def planned(form: Fetching, wanted: Wanted) -> StatusMessage:
    form.change(wanted)
    assert form.work.wait(HANG)
    return form.status


def test_a_plan_comes_before_a_fetch(form, workspace):
    assert not form.can_start
    form.start()
    assert planned(form, Wanted("shop", date(2026, 1, 1))).text == (
        "choose the first and the last day"
    )
    assert planned(form, DAYS).text == (
        "2026-01-01 to 2026-01-03 in 1 request; the quota has 60 of 60 an hour left; no waiting"
    )
    assert form.can_start
    fetched = []
    form.fetched = fetched.append
    form.start()
    assert form.is_running
    assert form.work.wait(HANG)
    assert form.status.tone == "good"
    rows = workspace.sql_scalar("SELECT count(*) FROM shop")
    assert form.status.text.startswith(f"{rows:,} events (1 copy left out) are in 'shop', after ")
    assert (form.result.rows, fetched, form.can_start) == (rows, ["shop"], False)


def test_events_and_a_filter_and_days_to_add(form, workspace):
    wanted = Wanted(
        "shop", DAYS.from_date, DAYS.to_date, ("Purchase",), 'properties["platform"] == "iOS"'
    )
    planned(form, wanted)
    form.start()
    assert form.work.wait(HANG)
    names = workspace.sql_rows("SELECT DISTINCT event_name, properties->>'platform' FROM shop")
    assert names == [("Purchase", "iOS")]
    assert planned(form, DAYS).tone == "bad"
    assert "already exists" in form.status.text
    assert form.status.hint is not None
    assert "%mp drop shop" in form.status.hint
    added = Wanted("shop", None, date(2026, 1, 5), wanted.events, wanted.where, "append")
    assert planned(form, added).text.startswith("2026-01-04 to 2026-01-05 in 1 request")
    there = Wanted("shop", None, date(2026, 1, 2), wanted.events, wanted.where, "append")
    assert planned(form, there).text == (
        "'shop' has every day until 2026-01-02: there is nothing to fetch"
    )
    assert not form.can_start
    later = Wanted("later", date(2026, 3, 1), date(2026, 3, 2))
    assert planned(form, later).tone == "bad"
    assert form.status.text.startswith("to_date 2026-03-02 is in the future")


def test_a_mistake_is_said_by_the_plan(form):
    wanted = Wanted(
        "shop", DAYS.from_date, DAYS.to_date, where='properties["a"] ==', mode="replace"
    )
    assert planned(form, wanted).tone == "bad"
    assert not form.can_start


def test_a_fetch_stops_and_goes_on(form, workspace):
    long = Wanted("long", date(2025, 11, 1), date(2026, 1, 31))
    planned(form, long)
    arrived = threading.Event()

    def seen() -> None:
        if form.fraction:
            arrived.set()

    form.changed = seen
    form.start()
    assert arrived.wait(HANG)
    form.stop()
    assert form.work.wait(HANG)
    assert not form.is_running
    assert form.status.text.endswith("windows are kept")
    assert workspace.tables() == []
    form.change(DAYS)
    assert "are here from an earlier run" in planned(form, long).text
    form.start()
    assert form.work.wait(HANG)
    assert workspace.sql_scalar("SELECT count(DISTINCT event_time::DATE) FROM long") == 31


def test_mixpanel_is_asked_for_events_on_request(form):
    form.list_events()
    assert form.work.wait(HANG)
    assert "Purchase" in form.known
    assert form.status.text == f"{len(form.known)} events to choose from"
