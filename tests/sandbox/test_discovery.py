from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta, timezone

import pytest

from mixpanel_data.sandbox import Project
from tests.sandbox.conftest import reported


def test_event_names_come_by_frequency_then_name(ask):
    counts = Counter(event["event"] for event in reported(ask.lines(from_date="2026-01-30")))
    expected = sorted(counts, key=lambda name: (-counts[name], name))
    assert ask("query/events/names").json == expected
    assert ask("query/events/names", limit=2, type="general").json == expected[:2]


def test_case_64_without_dates_only_the_last_31_days_are_searched(sandbox):
    ask = sandbox()
    ask.send(("On day 31", "2026-01-30"), ("On day 32", "2026-01-29"))
    assert "On day 31" in ask("query/events/names").json
    assert "On day 32" not in ask("query/events/names").json
    wide = ask("query/events/names", from_date="2000-01-01", to_date="2026-03-01", limit=9999)
    assert "On day 32" in wide.json


def test_case_64_a_wide_range_meets_the_history_of_the_plan(sandbox):
    ask = sandbox(project=Project(max_history_days=90))
    answer = ask("query/events/names", from_date="2000-01-01", to_date="2026-03-01")
    assert answer.status_code == 403
    assert answer.json["error"] == "Date range exceeds 90 days into the past"


@pytest.mark.parametrize("kind", ["general", "unique", "average"])
def test_case_65_top_is_today_in_the_zone_against_yesterday(sandbox, kind):
    tokyo = timezone(timedelta(hours=9))
    ask = sandbox(
        events=4000,
        project=Project(timezone="Asia/Tokyo"),
        clock=lambda: datetime(2026, 2, 20, 12, tzinfo=tokyo),
    )
    answer = ask("query/events/top", type=kind).json
    assert answer["type"] == kind
    days = {}
    for event in reported(ask.lines(to_date="2026-02-20")):
        day = datetime.fromtimestamp(event["properties"]["time"], tokyo).date()
        days.setdefault((event["event"], day), []).append(event["properties"]["distinct_id"])

    def amount(name, day):
        users = days.get((name, day), [])
        distinct = len(set(users) - {""})
        return {"general": len(users), "unique": distinct}.get(kind, len(users) / max(distinct, 1))

    today, yesterday = date(2026, 2, 20), date(2026, 2, 19)
    assert {row["event"] for row in answer["events"]} == {n for n, d in days if d == today}
    for row in answer["events"]:
        now, was = amount(row["event"], today), amount(row["event"], yesterday)
        assert row["amount"] == pytest.approx(now)
        assert row["percent_change"] == pytest.approx((now - was) / was if was else 1)


def test_case_62_properties_top_gives_ten_unless_told(ask):
    assert len(ask("query/events/properties/top", event="Purchase").json) == 10
    every = ask("query/events/properties/top", event="Purchase", limit=1000).json
    recent = reported(ask.lines(from_date="2026-01-30", event=["Purchase"]))
    counts = Counter(name for event in recent for name in event["properties"])
    assert every == {name: {"count": count} for name, count in counts.items()}
    assert len(ask("query/events/properties/top", limit=1000).json) > len(every)


def test_property_values_are_strings_and_lists_count_once_per_item(ask):
    def values(event, name, **more):
        return ask("query/events/properties/values", event=event, name=name, **more).json

    assert set(values("Sign Up", "newsletter")) == {"true", "false"}
    assert all(text.startswith("sku-") for text in values("Purchase", "item_ids"))
    assert len(values("Purchase", "item_ids", limit=3)) == 3
    assert any(text.endswith("-beta") for text in values("App Open", "app_build"))
    assert any(text.isdigit() for text in values("App Open", "app_build"))
    assert values("Purchase", "no/such~one") == []
    assert None not in values("Purchase", "coupon")


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("events/names", {"type": "odd"}),
        ("events/names", {"limit": 0}),
        ("events/properties/values", {"event": "Purchase"}),
        ("events/properties/values", {"name": "x"}),
    ],
)
def test_what_can_not_be_meant_is_a_400(ask, path, params):
    assert ask(f"query/{path}", **params).status_code == 400


def test_case_56_cohorts_are_counted_and_take_get_and_post(ask):
    cohorts = ask("query/cohorts/list").json
    assert cohorts == ask("query/cohorts/list", method="POST").json
    assert [c["is_visible"] for c in cohorts] == [1, 1, 0]
    for cohort in cohorts:
        members = ask("query/engage", filter_by_cohort={"id": cohort["id"]}).json["total"]
        assert members == cohort["count"] > 0


def test_a_schema_of_another_project_is_forbidden(ask):
    assert ask("app/projects/1/schemas", project=False).status_code == 403
