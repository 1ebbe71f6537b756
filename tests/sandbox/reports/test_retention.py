"""/retention and /retention/addiction."""

from __future__ import annotations

import pytest

DAYS = {"from_date": "2026-02-01", "to_date": "2026-02-03"}
BIRTH = {"born_event": "A", "event": "B"}


def ask_retention(project, **params):
    answer = project("query/retention", **(DAYS | params))
    assert answer.status_code == 200, answer.text
    return answer.json


def test_case_87_a_day_of_retention_is_24_hours_from_birth(project):
    project.happen(
        ("u", "A", "2026-02-02T15:00"),
        ("u", "B", "2026-02-03T14:59:59"),
        ("v", "A", "2026-02-02T15:00"),
        ("v", "B", "2026-02-03T15:00"),
    )
    answer = ask_retention(project, **BIRTH)
    assert answer == {
        "2026-02-02": {"counts": [1, 1], "first": 2},
        "2026-02-03": {"counts": [0, 0], "first": 0},
        "2026-02-01": {"counts": [0, 0], "first": 0},
    }
    assert list(answer) != sorted(answer), "the order is none"


def test_case_88_birth_has_one_row_per_user_and_compounded_every_one(project):
    project.happen(
        ("u", "A", "2026-02-01T10:00"),
        ("u", "A", "2026-02-03T10:00"),
        ("u", "B", "2026-02-03T11:00"),
    )
    born = ask_retention(project, **BIRTH)
    assert {day: row["first"] for day, row in born.items() if row["first"]} == {"2026-02-01": 1}
    again = ask_retention(project, retention_type="compounded", event="A", interval_count=2)
    assert again["2026-02-01"] == {"counts": [0, 0, 1], "first": 1}
    assert again["2026-02-03"]["first"] == 1


def test_case_89_unbounded_counts_users_from_right_to_left(project):
    project.happen(
        ("u", "A", "2026-02-01T10:00"),
        ("u", "B", "2026-02-02T11:00"),
        ("u", "B", "2026-02-04T11:00"),
        ("v", "A", "2026-02-01T10:00"),
        ("v", "B", "2026-02-02T11:00"),
    )
    day = {"to_date": "2026-02-01", "interval_count": 3}
    assert ask_retention(project, **BIRTH, **day) == {
        "2026-02-01": {"counts": [0, 2, 0, 1], "first": 2}
    }
    assert ask_retention(project, **BIRTH, **day, unbounded_retention=True) == {
        "2026-02-01": {"counts": [2, 2, 1, 1], "first": 2}
    }


def test_case_69_rows_end_where_intervals_have_not_begun(project):
    for day in (17, 18, 19, 20):
        project.happen(("u" + str(day), "A", f"2026-02-{day}T10:00"))
    found = ask_retention(
        project, **BIRTH, from_date="2026-02-17", to_date="2026-02-20", interval_count=3
    )
    assert {day: len(row["counts"]) for day, row in found.items()} == {
        "2026-02-17": 4,
        "2026-02-18": 3,
        "2026-02-19": 2,
        "2026-02-20": 1,
    }


def test_filters_and_segments(project):
    for user, plan, platform in (("u", "pro", "Web"), ("v", "free", "iOS"), ("w", "pro", "iOS")):
        project.happen((user, "A", "2026-02-01T10:00", {"plan": plan}))
        project.happen((user, "B", "2026-02-01T11:00", {"platform": platform}))
    day = {"to_date": "2026-02-01", **BIRTH}
    row = {"born_where": 'properties["plan"] == "pro"', "where": 'properties["platform"] == "iOS"'}
    assert ask_retention(project, **day, **row) == {"2026-02-01": {"counts": [1, 0], "first": 2}}
    assert ask_retention(project, **day, on='properties["platform"]') == {
        "iOS": {"2026-02-01": {"counts": [2, 0], "first": 3}},
        "Web": {"2026-02-01": {"counts": [1, 0], "first": 3}},
    }


def test_any_event_is_a_return_where_none_is_named(project):
    project.happen(("u", "A", "2026-02-01T10:00"), ("u", "Z", "2026-02-02T11:00"))
    assert ask_retention(project, born_event="A")["2026-02-01"] == {"counts": [0, 1], "first": 1}


@pytest.mark.parametrize(
    "params",
    [
        {"born_event": ""},
        {"retention_type": "odd"},
        {"unit": "hour"},
        {"unit": "day", "interval": 2},
        {"interval": 91},
        {"interval_count": 0},
        {"unbounded_retention": "maybe"},
        {"born_where": "x"},
        {"on": "1 +"},
    ],
)
def test_what_can_not_be_meant_is_a_400(project, params):
    assert project("query/retention", **(BIRTH | DAYS | params)).status_code == 400


def ask_frequency(project, unit="day", slot="hour", **params):
    question = {"unit": unit, "addiction_unit": slot, **DAYS, **params}
    answer = project("query/retention/addiction", **question)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def test_case_91_three_events_in_two_hours_are_two_slots(project):
    project.happen(*[("u", "A", f"2026-02-01T10:{m}") for m in ("00", "59")])
    project.happen(("u", "A", "2026-02-01T11:00"), ("", "A", "2026-02-01T12:00"))
    found = ask_frequency(project, event="A")
    assert found["2026-02-01"] == [1, 1, *[0] * 22]
    assert found["2026-02-02"] == [0] * 24
    assert list(found) != sorted(found)


@pytest.mark.parametrize(
    ("unit", "slot", "length"),
    [
        ("day", "hour", 24),
        ("week", "day", 7),
        ("week", "hour", 168),
        ("month", "day", 28),
        ("day", "day", 1),
    ],
)
def test_case_70_a_row_has_as_many_numbers_as_its_period_has_slots(project, unit, slot, length):
    project.happen(("u", "A", "2026-02-02T10:00"))
    rows = ask_frequency(project, unit, slot, from_date="2026-02-02").values()
    assert {len(row) for row in rows} == {length}
    assert max(row[0] for row in rows) == 1


def test_frequency_by_segment(project):
    project.happen(
        ("u", "A", "2026-02-01T10:00", {"x": 1}), ("v", "A", "2026-02-01T10:00", {"x": 2})
    )
    found = ask_frequency(project, slot="day", to_date="2026-02-01", on='properties["x"]')
    assert found == {"1": {"2026-02-01": [1]}, "2": {"2026-02-01": [1]}}


@pytest.mark.parametrize(
    "params", [{"unit": ""}, {"addiction_unit": ""}, {"unit": "hour"}, {"where": "x"}]
)
def test_a_frequency_that_can_not_be_meant_is_a_400(project, params):
    question = {"unit": "day", "addiction_unit": "hour"} | DAYS | params
    assert project("query/retention/addiction", **question).status_code == 400
