"""The library asks the sandbox everything that it can ask of Mixpanel."""

from __future__ import annotations

import pytest

from mixpanel_data import (
    EndpointRetiredError,
    MixpanelDataWarning,
    ResourceNotFoundError,
    Workspace,
)
from mixpanel_data.sandbox import Fault, Project, Sandbox

DAYS = ("2026-02-01", "2026-02-14")
USERS = [f"user-{n:05}" for n in range(1, 60)]
SCRIPT = 'function main(){ return Events(params).groupBy(["name"], mixpanel.reducer.count()) }'


@pytest.fixture(scope="module")
def app():
    with Sandbox(
        events=12_000, profiles=800, limits=None, project=Project(timezone="Europe/Berlin")
    ) as sandbox:
        yield sandbox


@pytest.fixture
def ws(app):
    app.faults.clear()
    with Workspace.sandbox(app=app) as workspace:
        yield workspace
    app.faults.clear()


def test_a_workspace_of_a_sandbox_of_ones_own_leaves_nothing_behind(app, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Workspace.sandbox(app=app) as workspace:
        assert workspace.source == "sandbox"
        workspace.fetch_profiles()
        path = workspace.path
        assert path.exists()
    assert not path.exists()
    kept = tmp_path / "kept.duckdb"
    with Workspace.sandbox(kept, app=app) as workspace:
        workspace.fetch_profiles()
    assert kept.exists()
    assert app.credentials().account == "sandbox"


def test_events_over_time(ws):
    whole = ws.segmentation("Purchase", *DAYS)
    assert whole.total > 50
    assert list(whole.series["Purchase"]) == sorted(whole.series["Purchase"])
    assert len(whole.df) == 14
    segments = ws.segmentation("Purchase", *DAYS, on="platform")
    assert set(segments.series) == {"Web", "iOS", "Android"}
    assert segments.total == whole.total
    assert ws.event_counts(["Purchase", "Sign Up"], *DAYS).df["event"].nunique() == 2
    assert set(ws.property_counts("Purchase", "platform", *DAYS).series) == set(segments.series)
    assert set(ws.top_events("unique").df.columns) == {"event", "count", "percent_change"}


def test_numbers_over_time(ws):
    amounts = ws.segmentation_sum("Purchase", *DAYS, on="amount")
    averages = ws.segmentation_average("Purchase", *DAYS, on="amount")
    counts = ws.segmentation("Purchase", *DAYS).series["Purchase"]
    for day, total in amounts.values.items():
        assert total == pytest.approx((averages.values[day] or 0) * counts[day])
    ranges = ws.segmentation_numeric("Purchase", *DAYS, on="amount")
    assert ranges.df["value"].sum() == sum(counts.values())
    assert ranges.df["low"].is_monotonic_increasing or len(ranges.df)


def test_funnels_and_cohorts_and_lexicon(ws):
    assert [funnel.name for funnel in ws.funnels()] == [
        "Checkout",
        "Large orders within a day",
        "Signup to purchase",
    ]
    funnel = ws.funnel(7509, *DAYS)
    counts = [step.count for step in funnel.steps]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] > 0
    assert funnel.funnel_name == "Checkout"
    assert {step.label for step in ws.funnel(7511, *DAYS).steps} >= {"Large Purchase"}
    assert set(ws.funnel(7509, *DAYS, on="platform", unit="week").df["segment"]) >= {"Web", "iOS"}
    assert len(ws.cohorts()) == 3
    assert "Refund" in {schema.name for schema in ws.lexicon_schemas()}
    assert ws.lexicon_schema("$user", "profile").properties
    assert "Refund" in ws.events()
    with pytest.raises(ResourceNotFoundError):
        ws.funnel(1, *DAYS)


def test_coming_back(ws):
    retention = ws.retention("Sign Up", None, *DAYS, unit="week", interval_count=3)
    assert [len(cohort.counts) for cohort in retention.cohorts] == [4, 4, 3], (
        "rows end where intervals have not begun"
    )
    assert retention.average[0] > 0.5
    segments = ws.retention("Sign Up", None, *DAYS, on="platform")
    assert {cohort.segment for cohort in segments.cohorts} >= {"Web", "iOS", "Android"}
    frequency = ws.frequency(*DAYS, unit="week", addiction_unit="day")
    assert all(len(period.counts) == 7 for period in frequency.periods)


def test_saved_reports_of_every_kind(ws, app):
    kinds = {bookmark.id: ws.insights(bookmark.id).kind for bookmark in app.project.bookmarks}
    assert kinds == {88001: "insights", 88002: "insights", 88003: "funnel", 88004: "retention"}
    assert {"platform", "value"} <= set(ws.insights(88002).df.columns)
    assert ws.insights(88003).df["count"].iloc[0] > 0
    assert len(ws.insights(88004).df) > 10


def test_what_single_users_did_is_answered_with_a_warning(ws):
    with pytest.warns(MixpanelDataWarning, match="will retire /api/query/stream/query"):
        feed = ws.activity_feed(USERS, *DAYS)
    assert len(feed.df) > 20
    assert set(feed.df["distinct_id"]) <= set(USERS)


def test_a_script_is_answered_with_a_warning(ws):
    dates = dict(zip(("from_date", "to_date"), DAYS, strict=True))
    with pytest.warns(MixpanelDataWarning, match="maintenance mode"):
        result = ws.jql(SCRIPT, dates)
    assert len(result.df) > 5


REPORTS = {
    "segmentation": lambda ws: ws.segmentation("Purchase", *DAYS),
    "segmentation/sum": lambda ws: ws.segmentation_sum("Purchase", *DAYS, on="amount"),
    "funnels": lambda ws: ws.funnel(7509, *DAYS),
    "retention": lambda ws: ws.retention("Sign Up", None, *DAYS),
    "stream/query": lambda ws: ws.activity_feed(USERS, *DAYS),
}


@pytest.mark.parametrize("path", REPORTS)
@pytest.mark.filterwarnings("ignore::mixpanel_data.MixpanelDataWarning")
def test_case_73_an_endpoint_that_is_retired_is_a_clear_error(ws, app, path):
    app.faults.add(Fault.parse(f"retired; path=/{path}; status=410"))
    with pytest.raises(EndpointRetiredError) as caught:
        REPORTS[path](ws)
    assert caught.value.hint


def test_case_73_an_endpoint_that_will_be_retired_is_a_warning(ws, app):
    app.faults.add(
        Fault.parse("deprecated; path=/retention; message=Tue, 01 Dec 2026 00:00:00 GMT")
    )
    with pytest.warns(MixpanelDataWarning, match="on Tue, 01 Dec 2026"):
        assert ws.retention("Sign Up", None, *DAYS).cohorts


def test_case_74_a_script_that_fails_shows_its_message(ws):
    with (
        pytest.warns(MixpanelDataWarning),
        pytest.raises(Exception, match="JQL is not supported by the sandbox") as caught,
    ):
        ws.jql("function main(){ return 7 }")
    assert "Stack trace" not in str(caught.value)
