"""What the sandbox answers is what the local reports count on the events that it exported."""

from __future__ import annotations

from datetime import datetime

import pytest

from mixpanel_data import Workspace, properties, user
from mixpanel_data.sandbox import Project, Sandbox

DAYS = ("2026-01-10", "2026-02-08")
ZONE = "America/Los_Angeles"


@pytest.fixture(scope="module")
def ws():
    project = Project(timezone=ZONE)
    with (
        Sandbox(events=12_000, profiles=800, limits=None, project=project) as app,
        Workspace.sandbox(app=app) as workspace,
    ):
        workspace.fetch_events(from_date="2026-01-01", to_date="2026-03-01")
        workspace.fetch_profiles()
        yield workspace


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"on": "platform", "type": "unique", "unit": "week"},
        {"on": 'user["plan"]', "type": "average"},
        {"where": 'properties["amount"] > 30 and user["newsletter"]', "unit": "month"},
        {"on": "coupon", "limit": 2},
        {"on": "properties.platform"},
        {"on": "user.plan", "where": "user.newsletter"},
        {"on": "$city"},
        {"on": "$distinct_id", "where": 'user["$distinct_id"] in ["user-00800", "nobody"]'},
        {"where": properties["$time"] >= datetime(2026, 2, 1), "type": "unique"},
        {"where": properties["amount"].number() > 30, "on": user["plan"]},
        {"unit": "hour", "type": "unique"},
        {"interval": 7, "type": "unique"},
    ],
)
def test_segmentation(ws, more):
    live, local = (who.segmentation("Purchase", *DAYS, **more) for who in (ws, ws.local))
    assert any(sum(values.values()) for values in live.series.values())
    assert live.series == local.series
    assert list(live.series) == list(local.series)


def test_numbers(ws):
    for name in ("segmentation_sum", "segmentation_average"):
        live, local = (getattr(who, name)("Purchase", *DAYS, on="amount") for who in (ws, ws.local))
        assert {day: value or 0 for day, value in local.values.items()} == pytest.approx(
            {day: live.values.get(day) or 0 for day in local.values}
        )
    live, local = (
        who.segmentation_numeric("Purchase", *DAYS, on="amount") for who in (ws, ws.local)
    )
    assert live.series == local.series


def figures(result):
    return {
        (bucket, segment): [(step.event, step.count, step.overall_conv_ratio) for step in steps]
        for bucket, segments in result.series.items()
        for segment, steps in segments.items()
    }


@pytest.mark.parametrize(
    "more", [{}, {"unit": "week"}, {"on": "platform"}, {"length": 1, "length_unit": "hour"}]
)
def test_funnels(ws, more):
    steps = ["View Item", "Add To Cart", "Start Checkout", "Purchase"]
    live = ws.funnel(7509, *DAYS, **more)
    local = ws.local.funnel(steps, *DAYS, **more)
    assert live.steps[-1].count > 0
    assert figures(live) == figures(local)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"unit": "week", "interval_count": 4},
        {"unbounded": True, "on": "platform"},
        {"retention_type": "compounded", "return_event": "Purchase"},
        {"interval": 3, "where": 'properties["platform"] == "iOS"'},
    ],
)
def test_retention(ws, more):
    question = {"born_event": "Sign Up", "from_date": DAYS[0], "to_date": DAYS[1], **more}
    live, local = (who.retention(**question) for who in (ws, ws.local))
    assert any(sum(cohort.counts) for cohort in live.cohorts)
    assert [(c.date, c.segment, c.size, c.counts) for c in live.cohorts] == [
        (c.date, c.segment, c.size, c.counts) for c in local.cohorts
    ]


@pytest.mark.parametrize("more", [{}, {"on": 'user["plan"]'}, {"unit": "month", "event": "Search"}])
def test_frequency(ws, more):
    question = {"addiction_unit": "day", "unit": "week", **more}
    live, local = (who.frequency(*DAYS, **question) for who in (ws, ws.local))
    assert [(p.date, p.segment, p.counts) for p in live.periods] == [
        (p.date, p.segment, p.counts) for p in local.periods
    ]
