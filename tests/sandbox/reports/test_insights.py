"""/insights on saved reports of each kind, and the list of them."""

from __future__ import annotations

from datetime import date

import pytest

from mixpanel_data.queries import LocalFunnel, LocalRetention, LocalSegmentation, Step
from mixpanel_data.sandbox import Bookmark, Project, Sandbox
from tests.contract import documented
from tests.contract.documented import mismatch
from tests.sandbox.conftest import Asker
from tests.sandbox.reports.conftest import NOW

DAY = {"from_date": date(2026, 1, 1), "to_date": date(2026, 1, 1)}
BOOKMARKS = (
    Bookmark(
        1,
        "Both",
        (LocalSegmentation(event="A", **DAY), LocalSegmentation(event="B", **DAY)),
        days=3,
    ),
    Bookmark(2, "By x", (LocalSegmentation(event="A", on='properties["x"]', **DAY),), days=2),
    Bookmark(3, "A to B", (LocalFunnel(steps=(Step("A"), Step("B")), **DAY),), days=7),
    Bookmark(
        4,
        "Back",
        (LocalRetention(born_event="A", return_event="B", interval_count=1, **DAY),),
        days=3,
    ),
)


@pytest.fixture(scope="module")
def ask():
    saved = Project.empty(bookmarks=BOOKMARKS, timezone="America/Los_Angeles")
    with Sandbox.empty(limits=None, clock=lambda: NOW, project=saved) as sandbox:
        asker = Asker(sandbox)
        asker.happen(
            ("u", "A", "2026-02-18T20:00", {"x": "a"}),
            ("v", "A", "2026-02-19T20:00", {"x": "b"}),
            ("v", "A", "2026-02-20T07:00", {"x": "a"}),  # still the 19th in Los Angeles
            ("u", "B", "2026-02-18T20:01"),
        )
        yield asker


def insights(ask, bookmark_id):
    answer = ask("query/insights", bookmark_id=bookmark_id)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_events_by_day_with_the_offset_of_the_project(ask):
    answer = insights(ask, 1)
    assert mismatch({**documented.INSIGHTS, "series": {}}, answer) is None
    assert answer == {
        "computed_at": "2026-02-20T12:00:00.000000+00:00",
        "date_range": {
            "from_date": "2026-02-18T00:00:00-08:00",
            "to_date": "2026-02-20T23:59:59.999000-08:00",
        },
        "headers": ["$event"],
        "series": {
            name: {
                f"2026-02-{day}T00:00:00-08:00": n
                for day, n in zip((18, 19, 20), numbers, strict=True)
            }
            for name, numbers in {"A": (1, 2, 0), "B": (1, 0, 0)}.items()
        },
    }


def test_a_breakdown_is_one_more_level_with_the_total(ask):
    answer = insights(ask, 2)
    assert answer["headers"] == ["$event", "x"]
    day = "2026-02-19T00:00:00-08:00"
    segments = answer["series"]["A"]
    assert {name: found[day] for name, found in segments.items()} == {"$overall": 2, "a": 1, "b": 1}


def test_a_funnel_has_a_measure_and_a_step(ask):
    answer = insights(ask, 3)
    assert answer["headers"] == ["$funnel"]
    series = answer["series"]["A to B"]
    assert series.keys() == documented.INSIGHTS_FUNNEL["series"]["Signup"].keys()
    assert series["count"] == {"1. A": {"all": 2}, "2. B": {"all": 1}}
    assert series["step_conv_ratio"]["2. B"] == {"all": 0.5}
    assert series["avg_time"] == {"1. A": {"all": None}, "2. B": {"all": 60}}


def test_a_retention_has_cohorts_and_their_average(ask):
    answer = insights(ask, 4)
    assert answer["headers"] == ["$retention"]
    rows = answer["series"]["Back"]
    assert rows["2026-02-18T00:00:00-08:00"] == {"first": 1, "counts": [1, 0], "rates": [1, 0]}
    assert rows["2026-02-19T00:00:00-08:00"]["first"] == 1
    assert rows["$average"] == {"first": 1, "counts": [1], "rates": [1]}


def test_bookmarks_are_listed_by_kind(ask):
    path = f"app/projects/{ask.app.project.id}/bookmarks"
    answer = ask(path, project=False, v=2).json
    assert answer["status"] == "ok"
    kinds = {each["id"]: each["type"] for each in answer["results"]}
    assert kinds == {1: "insights", 2: "insights", 3: "funnels", 4: "retention"}
    some = ask(path, project=False, v=2, type="funnels").json["results"]
    assert some == [
        {"id": 3, "name": "A to B", "type": "funnels", "project_id": ask.app.project.id}
    ]
    assert ask("app/projects/1/bookmarks", project=False).status_code == 403


def test_an_unknown_report_is_not_found(ask):
    assert ask("query/insights", bookmark_id=9).status_code == 404
    assert ask("query/insights").status_code == 400


def test_the_shop_has_reports_of_every_kind(shop):
    for bookmark in shop.project.bookmarks:
        answer = Asker(shop)("query/insights", bookmark_id=bookmark.id)
        assert answer.status_code == 200
        assert answer.json["series"]
