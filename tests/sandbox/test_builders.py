"""Builders go wherever expressions go, and mean what their text means: to Mixpanel and here."""

from __future__ import annotations

import datetime as dt

import pytest

from mixpanel_data import InvalidArgumentError, Workspace, properties, user
from mixpanel_data.expressions import event, now
from mixpanel_data.queries import Exclusion, Step
from mixpanel_data.sandbox import Project, Sandbox

DAYS = ("2026-01-10", "2026-02-08")
IOS = properties["platform"] == "iOS"
LARGE = 'properties["platform"] == "iOS" and properties["amount"] >= 30'


@pytest.fixture(scope="module")
def app():
    with Sandbox(events=12_000, profiles=800, limits=None, project=Project(timezone="UTC")) as it:
        yield it


@pytest.fixture(scope="module")
def ws(app):
    with Workspace.sandbox(app=app) as workspace:
        workspace.fetch_events(from_date="2026-01-01", to_date="2026-03-01")
        workspace.fetch_profiles()
        yield workspace


def test_a_fetch_takes_a_builder_and_an_append_knows_it_again(ws):
    large = IOS & (properties["amount"] >= 30)
    fetched = ws.fetch_events("large", *DAYS, ["Purchase"], where=large)
    assert fetched.rows == ws.sql_scalar(
        "SELECT count(*) FROM events WHERE event_name = 'Purchase'"
        " AND event_time >= DATE '2026-01-10' AND event_time < DATE '2026-02-09'"
        " AND properties->>'$.platform' = 'iOS' AND (properties->>'$.amount')::DOUBLE >= 30"
    )
    assert fetched.rows > 10
    assert str(large) == LARGE
    more = ws.fetch_events(
        "large", to_date="2026-02-12", events=["Purchase"], where=LARGE, append=True
    )
    assert ws.plan_events("large", *DAYS, ["Purchase"], large, append=True).requests > 0
    assert more.date_range[1] == "2026-02-12"
    streamed = list(ws.stream_events(*DAYS, ["Purchase"], large))
    assert len(streamed) == fetched.rows


def test_profiles_take_a_builder(ws):
    week = (properties["$last_seen"].datetime() >= (now - 7 * 86_400).datetime()) & user[
        "plan"
    ].is_in(["pro", "team"])
    fetched = ws.fetch_profiles("recent", where=week)
    found = list(ws.stream_profiles(where=week))
    assert 0 < fetched.rows == len(found) < 800
    assert {it["$properties"]["plan"] for it in found} <= {"pro", "team"}


def test_reports_take_builders_live_and_local(ws):
    since = event["$time"] >= dt.datetime(2026, 1, 20, 12)
    asked = {"where": IOS & since, "on": properties["amount"] > 30}
    live, local = (who.segmentation("Purchase", *DAYS, **asked) for who in (ws, ws.local))
    assert set(live.series) == {"true", "false"}
    assert live.series == local.series
    asked = {"where": IOS, "born_where": user["plan"] != "free", "on": properties["platform"]}
    live, local = (who.retention("Sign Up", None, *DAYS, **asked) for who in (ws, ws.local))
    cohorts = [(it.date, it.segment, it.size, it.counts) for it in local.cohorts]
    assert [(it.date, it.segment, it.size, it.counts) for it in live.cohorts] == cohorts
    live, local = (who.frequency(*DAYS, where=IOS) for who in (ws, ws.local))
    assert [it.counts for it in live.periods] == [it.counts for it in local.periods]
    for name in ("segmentation_sum", "segmentation_average", "segmentation_numeric"):
        text = getattr(ws.local, name)("Purchase", *DAYS, on='properties["amount"] * 2')
        built = getattr(ws.local, name)("Purchase", *DAYS, on=properties["amount"] * 2)
        assert text == built


def test_steps_and_exclusions_take_builders(ws):
    def asked(*steps, **more):
        return [it.count for it in ws.local.funnel(steps, *DAYS, **more).steps]

    ios = 'properties["platform"] == "iOS"'
    written = asked(("View Item", ios), "Purchase", exclusions=[("Search", ios)])
    assert (
        asked(Step("View Item", IOS), "Purchase", exclusions=[Exclusion("Search", IOS)]) == written
    )
    assert asked(("View Item", IOS), "Purchase", exclusions=[("Search", IOS)]) == written
    assert asked("View Item", "Purchase", exclusions=["Search"]) != written
    assert ws.local.flows("Sign Up", *DAYS, where=IOS).query.where == ios


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ('properties["x" == 1', 'expected "]", found'),
        ('user.plan == "pro"', "reads no property"),
        ('properties["x"] == "open', "expected a closing"),
    ],
)
def test_what_can_not_be_meant_is_refused_before_a_fetch_begins(app, tmp_path, where, message):
    with Workspace.sandbox(tmp_path / "ws.duckdb", app=app) as ws:
        for asking in (
            lambda: ws.fetch_events("t", *DAYS, where=where),
            lambda: ws.plan_events("t", *DAYS, where=where),
            lambda: ws.fetch_profiles("t", where=where),
            lambda: list(ws.stream_events(*DAYS, where=where)),
            lambda: ws.segmentation("Purchase", *DAYS, where=where),
        ):
            with pytest.raises(InvalidArgumentError, match=message):
                asking()
        assert ws.fetches() == []
        assert ws.tables() == []
