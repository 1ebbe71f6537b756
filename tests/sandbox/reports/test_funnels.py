"""/funnels on saved funnels, in the documented shapes."""

from __future__ import annotations

import pytest

DAYS = {"from_date": "2026-02-01", "to_date": "2026-02-02"}


def ask_funnel(project, funnel_id=1, **params):
    answer = project("query/funnels", funnel_id=funnel_id, **(DAYS | params))
    assert answer.status_code == 200, answer.text
    return answer.json


def counts(answer):
    return {
        day: [step["count"] for step in found["steps"]] for day, found in answer["data"].items()
    }


def test_case_84_the_documented_example_converts_two_steps(project):
    project.happen(
        ("u", "A", "2026-02-01T01:00"),
        ("u", "A", "2026-02-01T01:30"),
        ("u", "B", "2026-02-01T01:45"),
        ("u", "C", "2026-02-01T02:15"),
    )
    answer = ask_funnel(project)
    assert answer["meta"] == {"dates": ["2026-02-01", "2026-02-02"]}
    assert counts(answer) == {"2026-02-01": [1, 1, 0], "2026-02-02": [0, 0, 0]}
    first, second, third = answer["data"]["2026-02-01"]["steps"]
    assert first == {
        "count": 1,
        "avg_time": None,
        "avg_time_from_start": None,
        "step_conv_ratio": 1,
        "overall_conv_ratio": 1,
        "goal": "A",
        "event": "A",
    }
    assert (second["avg_time"], second["avg_time_from_start"]) == (2700, 2700)
    assert third["step_conv_ratio"] == third["overall_conv_ratio"] == 0
    assert counts(ask_funnel(project, length=2, length_unit="hour"))["2026-02-01"] == [1, 1, 1]


def test_case_66_a_day_without_anybody_divides_nothing(project):
    day = ask_funnel(project)["data"]["2026-02-02"]
    assert day["analysis"] == {"completion": 0, "starting_amount": 0, "steps": 3, "worst": 1}
    assert [step["step_conv_ratio"] for step in day["steps"]] == [1, 0, 0]
    assert [step["avg_time"] for step in day["steps"]] == [None] * 3


def test_the_worst_step_has_the_largest_drop(project):
    for n in range(10):
        project.happen((f"u{n}", "A", "2026-02-01T01:00"))
    for n in range(9):
        project.happen((f"u{n}", "B", "2026-02-01T01:10"))
    project.happen(("u0", "C", "2026-02-01T01:20"))
    assert ask_funnel(project)["data"]["2026-02-01"]["analysis"] == {
        "completion": 1,
        "starting_amount": 10,
        "steps": 3,
        "worst": 2,
    }
    assert ask_funnel(project, 3)["data"]["2026-02-01"]["analysis"]["worst"] == 0


def test_case_86_completions_after_the_last_day_count(project):
    project.happen(("u", "A", "2026-02-02T23:50"), ("u", "B", "2026-02-03T00:20"))
    assert counts(ask_funnel(project))["2026-02-02"] == [1, 1, 0]


def test_segments_are_lists_of_steps_with_the_total(project):
    for user, platform in (("u", "Web"), ("v", "iOS"), ("w", "Web")):
        project.happen((user, "A", "2026-02-01T01:00", {"platform": platform}))
    project.happen(("u", "B", "2026-02-01T01:10", {"platform": "Web"}))
    answer = ask_funnel(project, on='properties["platform"]')
    day = answer["data"]["2026-02-01"]
    assert {name: [step["count"] for step in steps] for name, steps in day.items()} == {
        "$overall": [3, 1, 0],
        "Web": [2, 1, 0],
        "iOS": [1, 0, 0],
    }
    only = ask_funnel(project, on='properties["platform"]', limit=1)
    assert only["data"]["2026-02-01"].keys() == {"$overall", "Web"}


def test_a_step_may_have_a_filter_and_a_label(project):
    project.happen(
        ("u", "A", "2026-02-01T01:00"),
        ("u", "B", "2026-02-01T01:10", {"n": 1}),
        ("v", "A", "2026-02-01T01:00"),
        ("v", "B", "2026-02-01T01:10", {"n": 2}),
    )
    first, second = ask_funnel(project, 2)["data"]["2026-02-01"]["steps"]
    assert "step_label" not in first
    assert (second["event"], second["step_label"], second["count"]) == ("B", "Large B", 1)


@pytest.mark.parametrize(
    ("params", "dates"),
    [
        ({}, ["2026-02-01", "2026-02-02"]),
        ({"interval": 2}, ["2026-02-01"]),
        ({"interval": 30}, ["2026-02-01"]),
        ({"unit": "day"}, ["2026-02-01", "2026-02-02"]),
        ({"unit": "week"}, ["2026-01-26", "2026-02-02"]),
        ({"unit": "month"}, ["2026-02-01"]),
    ],
)
def test_each_bucket_is_a_funnel_of_its_own(project, params, dates):
    project.happen(("u", "A", "2026-02-01T01:00"), ("u", "A", "2026-02-02T01:00"))
    answer = ask_funnel(project, **params)
    assert answer["meta"]["dates"] == dates
    assert {day: found[0] for day, found in counts(answer).items()} == dict.fromkeys(dates, 1)


def test_case_67_an_id_that_is_not_known_is_not_found(project):
    answer = project("query/funnels", funnel_id=99, **DAYS)
    assert answer.status_code == 404
    assert answer.json["error"] == "funnel 99 not found"


@pytest.mark.parametrize(
    "params",
    [
        {"funnel_id": ""},
        {"funnel_id": "x"},
        {"from_date": ""},
        {"length": 1},
        {"length_unit": "day"},
        {"length": 91, "length_unit": "day"},
        {"length": 1, "length_unit": "week"},
        {"interval": 1, "unit": "day"},
        {"interval": 0},
        {"unit": "range"},
        {"unit": "hour"},
        {"limit": 10_001},
        {"on": "x"},
        {"where": 'properties["x'},
    ],
)
def test_what_can_not_be_meant_is_a_400(project, params):
    assert project("query/funnels", **({"funnel_id": 1} | DAYS | params)).status_code == 400
